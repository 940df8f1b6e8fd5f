// What lives at the same address on every chain: the deterministic deployment proxy, Multicall3, and Safe with its
// proxy factory, all by CREATE2.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Transaction, Wallet } from 'ethers';
import {
  concat, createPublicClient, createWalletClient, encodeDeployData, encodeFunctionData, getContractAddress, http,
  multicall3Abi, parseEther, parseEventLogs, zeroAddress, zeroHash,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
// viem exports the address and ABI of Multicall3, but not its code.
import { multicall3Bytecode } from '../node_modules/viem/_esm/constants/contracts.js';
import { againstAnvil, compile, devAccount, devKey, viemChain, withChain } from '../lib/chain.mjs';

const require = createRequire(import.meta.url);
const safeBuild = (path) => require(`@safe-global/safe-smart-account/build/artifacts/contracts/${path}.json`);
const [alice, bob, carol] = [0, 1, 2].map((index) => privateKeyToAccount(devKey(index)));
const presigned = require('@safe-global/safe-singleton-factory/artifacts/1/deployment.json').transaction;
let client, wallet, chain, proxy;

withChain(async (node) => {
  chain = viemChain(node);
  client = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 });
  wallet = createWalletClient({ chain, transport: http(), account: alice });
  // The code that the presigned transaction carries, sent from an account of this chain.
  proxy = (await mined(wallet.sendTransaction({ data: Transaction.from(presigned).data }))).contractAddress;
});

const mined = async (hash) => {
  const receipt = await client.waitForTransactionReceipt({ hash: await hash });
  assert.equal(receipt.status, 'success');
  return receipt;
};

/** Deploys `initCode` by the proxy; returns the address that EIP-1014 gives it. */
async function create2(initCode, salt = zeroHash) {
  await mined(wallet.sendTransaction({ to: proxy, data: concat([salt, initCode]) }));
  const address = getContractAddress({ opcode: 'CREATE2', from: proxy, salt, bytecode: initCode });
  assert.ok(await client.getCode({ address }), `code at ${address}`);
  return address;
}

test('presigned deployments: refused where they are for another chain, or for any', async () => {
  const raw = (serializedTransaction) => client.sendRawTransaction({ serializedTransaction });
  // Funded, so that only the chain is wrong.
  await mined(wallet.sendTransaction({ to: Transaction.from(presigned).from, value: parseEther('1') }));
  await assert.rejects(raw(presigned), /chain.?id/i);

  const unprotected = Transaction.from({ type: 0, nonce: 0, gasLimit: 100_000n, gasPrice: 10n ** 11n, data: Transaction.from(presigned).data });
  const signed = await new Wallet(devKey(9)).signTransaction(unprotected);
  assert.equal(Transaction.from(signed).chainId, 0n);
  if (againstAnvil) {
    await mined(raw(signed));
  } else {
    await assert.rejects(raw(signed), /only replay-protected \(EIP-155\) transactions allowed over RPC/);
  }
});

test('the deterministic deployment proxy deploys once for a salt', async () => {
  const { abi, bytecode } = compile('Till');
  const initCode = encodeDeployData({ abi, bytecode, args: [1n] });
  const address = await create2(initCode);
  assert.equal(await client.readContract({ abi, address, functionName: 'price' }), 1n);
  await assert.rejects(wallet.sendTransaction({ to: proxy, data: concat([zeroHash, initCode]) }), /revert/i);
  assert.notEqual(await create2(initCode, `0x${'01'.repeat(32)}`), address);
});

test('Multicall3 answers many calls in one, and carries failures', async () => {
  const multicallAddress = await create2(multicall3Bytecode);
  const { abi, bytecode } = compile('Silver');
  const address = (await mined(wallet.deployContract({ abi, bytecode, args: [77n] }))).contractAddress;
  const silver = { abi, address };
  const answers = await client.multicall({
    multicallAddress,
    contracts: [
      { ...silver, functionName: 'symbol' },
      { ...silver, functionName: 'balanceOf', args: [alice.address] },
      { ...silver, functionName: 'transfer', args: [zeroAddress, 1n] },
      { abi: multicall3Abi, address: multicallAddress, functionName: 'getEthBalance', args: [devAccount(8).address] },
    ],
  });
  assert.deepEqual(answers.map(({ status }) => status), ['success', 'success', 'failure', 'success']);
  assert.deepEqual(answers.slice(0, 2).map(({ result }) => result), ['AG', 77n]);
  assert.equal(answers[3].result, parseEther('10000'));
  const number = await client.readContract({
    abi: [{ type: 'function', name: 'getBlockNumber', stateMutability: 'view', inputs: [], outputs: [{ type: 'uint256' }] }],
    address: multicallAddress, functionName: 'getBlockNumber',
  });
  assert.ok(number >= await client.getBlockNumber());
});

test('Safe: a proxy of two owners of three pays when two have signed', async () => {
  const [singleton, factory, handler] = [
    safeBuild('Safe.sol/Safe'),
    safeBuild('proxies/SafeProxyFactory.sol/SafeProxyFactory'),
    safeBuild('handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler'),
  ];
  const singletonAddress = await create2(singleton.bytecode);
  const factoryAddress = await create2(factory.bytecode);
  const handlerAddress = await create2(handler.bytecode);

  const owners = [alice, bob, carol];
  const setup = encodeFunctionData({
    abi: singleton.abi,
    functionName: 'setup',
    args: [owners.map(({ address }) => address), 2n, zeroAddress, '0x', handlerAddress, zeroAddress, 0n, zeroAddress],
  });
  const receipt = await mined(wallet.writeContract({
    abi: factory.abi, address: factoryAddress, functionName: 'createProxyWithNonce', args: [singletonAddress, setup, 1n],
  }));
  const [created] = parseEventLogs({ abi: factory.abi, logs: receipt.logs, eventName: 'ProxyCreation' });
  const safe = created.args.proxy;
  const call = { abi: singleton.abi, address: safe };
  assert.equal(await client.readContract({ ...call, functionName: 'getThreshold' }), 2n);
  assert.equal(await client.readContract({ ...call, functionName: 'VERSION' }), '1.5.0');

  await mined(wallet.sendTransaction({ to: safe, value: parseEther('2') }));
  const message = {
    to: devAccount(7).address, value: parseEther('1'), data: '0x', operation: 0, safeTxGas: 0n, baseGas: 0n, gasPrice: 0n,
    gasToken: zeroAddress, refundReceiver: zeroAddress, nonce: 0n,
  };
  const types = {
    SafeTx: [
      { name: 'to', type: 'address' }, { name: 'value', type: 'uint256' }, { name: 'data', type: 'bytes' },
      { name: 'operation', type: 'uint8' }, { name: 'safeTxGas', type: 'uint256' }, { name: 'baseGas', type: 'uint256' },
      { name: 'gasPrice', type: 'uint256' }, { name: 'gasToken', type: 'address' },
      { name: 'refundReceiver', type: 'address' }, { name: 'nonce', type: 'uint256' },
    ],
  };
  const sign = (owner) => owner.signTypedData({
    domain: { chainId: chain.id, verifyingContract: safe }, types, primaryType: 'SafeTx', message,
  });
  // Safe wants the signatures in the order of their owners' addresses.
  const signers = [bob, carol].sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
  const signatures = await Promise.all(signers.map(sign));
  const execute = (some) => ({
    ...call, functionName: 'execTransaction', args: [...Object.values(message).slice(0, 9), concat(some)],
  });
  await assert.rejects(wallet.writeContract(execute(signatures.slice(0, 1))), /GS020/, 'one signature is too few');

  const before = await client.getBalance({ address: message.to });
  const done = await mined(wallet.writeContract(execute(signatures)));
  assert.equal(parseEventLogs({ abi: singleton.abi, logs: done.logs, eventName: 'ExecutionSuccess' }).length, 1);
  assert.equal(await client.getBalance({ address: message.to }), before + parseEther('1'));
});
