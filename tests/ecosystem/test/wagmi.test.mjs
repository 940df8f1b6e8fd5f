// wagmi's core, connected to a wallet that the page finds at window.ethereum.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  connect, createConfig, deployContract, getAccount, getBalance, injected, readContract, sendTransaction, signMessage,
  signTypedData, simulateContract, switchChain, verifyMessage, verifyTypedData, waitForTransactionReceipt,
  watchBlockNumber, writeContract,
} from '@wagmi/core';
import { http } from 'viem';
import { compile, devAccount, until, viemChain, withChain } from '../lib/chain.mjs';
import { Wallet } from '../lib/wallet.mjs';

const [owner, bob] = [devAccount(0).address, devAccount(1).address];
const { abi, bytecode } = compile('Silver');
let node, chain;

withChain(async (started) => {
  node = started;
  chain = viemChain(node);
  globalThis.window = { ethereum: new Wallet(node.rpcUrl, [devAccount(0)]) };
});

async function deploy(config) {
  const hash = await deployContract(config, { abi, bytecode, args: [1000n] });
  return (await waitForTransactionReceipt(config, { hash })).contractAddress;
}

test('connects to the wallet, follows the chain, and drives a contract', async () => {
  const config = createConfig({
    chains: [chain],
    connectors: [injected()],
    multiInjectedProviderDiscovery: false,
    transports: { [chain.id]: http() },
    pollingInterval: 50,
    cacheTime: 0,
  });
  const { accounts } = await connect(config, { connector: config.connectors[0] });
  assert.deepEqual(accounts, [owner]);
  assert.equal(getAccount(config).chainId, node.chainId);
  await switchChain(config, { chainId: chain.id });

  const heard = [];
  const stop = watchBlockNumber(config, { onBlockNumber: (number) => heard.push(number) });
  const token = await deploy(config);
  const call = { abi, address: token };
  const { request } = await simulateContract(config, { ...call, functionName: 'transfer', args: [bob, 7n] });
  const receipt = await waitForTransactionReceipt(config, { hash: await writeContract(config, request) });
  assert.equal(receipt.status, 'success');
  assert.equal(await readContract(config, { ...call, functionName: 'balanceOf', args: [bob] }), 7n);

  const before = (await getBalance(config, { address: bob })).value;
  const hash = await sendTransaction(config, { to: bob, value: 3n });
  await waitForTransactionReceipt(config, { hash });
  assert.equal((await getBalance(config, { address: bob })).value, before + 3n);
  await until('wagmi hears of the block', () => heard.some((number) => number >= receipt.blockNumber));
  stop();

  const signature = await signMessage(config, { message: 'hello' });
  assert.ok(await verifyMessage(config, { address: owner, message: 'hello', signature }));
  const typed = {
    domain: { name: 'Till', chainId: node.chainId }, types: { Note: [{ name: 'text', type: 'string' }] },
    primaryType: 'Note', message: { text: 'for salt' },
  };
  assert.ok(await verifyTypedData(config, { ...typed, address: owner, signature: await signTypedData(config, typed) }));
});
