// An unmodified ethers client: the same main job as with viem, by the other library that everybody uses.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Contract, ContractFactory, HDNodeWallet, JsonRpcProvider, NonceManager, Wallet, WebSocketProvider, parseEther } from 'ethers';
import { devKey, mnemonic } from '../lib/accounts.mjs';
import { startChain } from '../lib/processes.mjs';
import { compile } from '../lib/solidity.mjs';
import { until } from '../lib/wait.mjs';

const supply = 10n ** 24n;
const { abi, bytecode } = compile('Coin');
const bob = HDNodeWallet.fromPhrase(mnemonic, undefined, "m/44'/60'/0'/0/1").address;
let node, provider, alice;

before(async () => {
  node = await startChain();
  // Blocks come as soon as a transaction does: a cache of 250 ms would show old nonces.
  provider = new JsonRpcProvider(node.rpcUrl, undefined, { cacheTimeout: -1, pollingInterval: 50 });
  alice = new NonceManager(new Wallet(devKey(0), provider));
});
after(async () => {
  provider?.destroy();
  await node?.stop();
});

async function deploy() {
  const contract = await new ContractFactory(abi, bytecode, alice).deploy('Coin', 'COIN', supply);
  return contract.waitForDeployment();
}

test('the network introduces itself', async () => {
  assert.equal((await provider.getNetwork()).chainId, BigInt(node.chainId));
  assert.equal(await provider.getBalance(new Wallet(devKey(8)).address), parseEther('10000'));
  const fees = await provider.getFeeData();
  assert.ok(fees.gasPrice >= 0n);
});

test('deploy an ERC-20, move it, approve and pull, query its events', async () => {
  const coin = await deploy();
  assert.equal(await coin.symbol(), 'COIN');
  const receipt = await (await coin.transfer(bob, 5n)).wait();
  assert.equal(receipt.status, 1);
  assert.equal(await coin.balanceOf(bob), 5n);

  const puller = new Wallet(devKey(3), provider);
  await (await coin.approve(puller.address, 10n)).wait();
  await (await coin.connect(puller).transferFrom(await alice.getAddress(), puller.address, 4n)).wait();
  assert.equal(await coin.allowance(await alice.getAddress(), puller.address), 6n);

  const events = await coin.queryFilter(coin.filters.Transfer(await alice.getAddress()));
  assert.deepEqual(events.map((event) => event.args.value), [5n, 4n]);
  assert.equal(events[0].transactionHash, receipt.hash);
  assert.equal(receipt.logs[0].fragment.name, 'Transfer');
});

test('legacy, access-list and dynamic-fee transactions are all included', async () => {
  for (const type of [0, 1, 2]) {
    const response = await alice.sendTransaction({ to: bob, value: 1n, type });
    const receipt = await response.wait();
    assert.equal(receipt.status, 1);
    assert.equal((await provider.getTransaction(response.hash)).type, type);
    assert.equal(receipt.type, type);
  }
});

test('a revert is decoded, and errors carry the codes that ethers knows', async () => {
  const coin = await deploy();
  const poor = Wallet.createRandom().connect(provider);
  await assert.rejects(coin.connect(poor).transfer.staticCall(bob, 1n), (error) => {
    assert.equal(error.code, 'CALL_EXCEPTION');
    assert.equal(error.revert?.name, 'ERC20InsufficientBalance');
    return true;
  });
  await assert.rejects(poor.sendTransaction({ to: bob, value: 1n, gasLimit: 21_000n }), { code: 'INSUFFICIENT_FUNDS' });
  const used = new Wallet(devKey(0), provider);
  await assert.rejects(used.sendTransaction({ to: bob, value: 1n, nonce: 0, gasLimit: 21_000n }), { code: 'NONCE_EXPIRED' });
});

test('over WebSocket: blocks and events arrive', async () => {
  const coin = await deploy();
  const socket = new WebSocketProvider(node.wsUrl);
  const blocks = [];
  const values = [];
  await socket.on('block', (number) => blocks.push(number));
  await coin.connect(socket).on('Transfer', (from, to, value) => values.push(value));
  const receipt = await (await coin.transfer(bob, 9n)).wait();
  await until('the event', () => values.includes(9n));
  await until('the block', () => blocks.includes(receipt.blockNumber));
  await socket.destroy();
});

test('a contract calls a contract', async () => {
  const coin = await deploy();
  const artifact = compile('Vault');
  const vault = await (await new ContractFactory(artifact.abi, artifact.bytecode, alice).deploy()).waitForDeployment();
  await (await coin.approve(vault.target, 100n)).wait();
  await (await vault.deposit(coin.target, 60n)).wait();
  assert.equal(await coin.balanceOf(vault.target), 60n);
  await (await vault.withdraw(coin.target, 20n)).wait();
  assert.equal(await vault.deposits(coin.target, await alice.getAddress()), 40n);
  const reader = new Contract(coin.target, abi, provider);
  assert.equal(await reader.balanceOf(vault.target), 40n);
});
