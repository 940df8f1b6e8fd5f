// An unmodified viem client: deploy OpenZeppelin's ERC-20, move it, read its logs, watch the chain.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, defineChain, getContract, http,
  parseEther, parseEventLogs, webSocket, zeroAddress,
} from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { devAccount } from '../lib/accounts.mjs';
import { startChain } from '../lib/processes.mjs';
import { compile } from '../lib/solidity.mjs';
import { until } from '../lib/wait.mjs';

const supply = 1_000_000n * 10n ** 18n;
const { abi, bytecode } = compile('Coin');
const [alice, bob] = [devAccount(0), devAccount(1)];
let node, chain, client, wallet;

before(async () => {
  node = await startChain();
  chain = defineChain({
    id: node.chainId,
    name: 'Hanse',
    nativeCurrency: { name: 'Hanse', symbol: 'HNS', decimals: 18 },
    rpcUrls: { default: { http: [node.rpcUrl], webSocket: [node.wsUrl] } },
  });
  client = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 });
  wallet = createWalletClient({ chain, transport: http(), account: alice });
});
after(() => node?.stop());

/** Deploys `Coin` from the first development account. */
async function deploy() {
  const hash = await wallet.deployContract({ abi, bytecode, args: ['Coin', 'COIN', supply] });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, 'success');
  return { coin: getContract({ abi, address: receipt.contractAddress, client: { public: client, wallet } }), receipt };
}

test('the network introduces itself', async () => {
  assert.equal(await client.getChainId(), node.chainId);
  assert.equal(await client.request({ method: 'net_version' }), String(node.chainId));
  assert.match(await client.request({ method: 'web3_clientVersion' }), /\S+/);
  assert.equal(await client.request({ method: 'web3_sha3', params: ['0x68656c6c6f20776f726c64'] }),
    '0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad');
  assert.equal(await client.getBalance({ address: devAccount(9).address }), parseEther('10000'));
  assert.equal(await client.request({ method: 'eth_syncing' }), false);
});

test('deploy an ERC-20, move it, read its state and logs', async () => {
  const { coin, receipt: deployment } = await deploy();
  assert.ok((await client.getCode({ address: coin.address })).length > 2);
  assert.equal(await coin.read.name(), 'Coin');
  assert.equal(await coin.read.totalSupply(), supply);

  const hash = await coin.write.transfer([bob.address, 25n]);
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, 'success');
  assert.equal(await coin.read.balanceOf([bob.address]), 25n);
  assert.equal(await coin.read.balanceOf([alice.address]), supply - 25n);

  const [transfer] = parseEventLogs({ abi, logs: receipt.logs, eventName: 'Transfer' });
  assert.deepEqual(transfer.args, { from: alice.address, to: bob.address, value: 25n });
  assert.equal(transfer.transactionHash, hash);

  const logs = await coin.getEvents.Transfer({ from: alice.address }, { fromBlock: deployment.blockNumber });
  assert.equal(logs.length, 1);
  assert.equal(logs[0].blockHash, receipt.blockHash);
  assert.equal((await coin.getEvents.Transfer({ from: zeroAddress }, { fromBlock: 0n })).length, 1);

  const transaction = await client.getTransaction({ hash });
  assert.equal(transaction.from.toLowerCase(), alice.address.toLowerCase());
  assert.equal(transaction.blockNumber, receipt.blockNumber);
  const block = await client.getBlock({ blockHash: receipt.blockHash });
  assert.ok(block.transactions.includes(hash));
  assert.equal(block.gasUsed >= receipt.gasUsed, true);
});

test('a revert carries its custom error, in a call and in an estimate', async () => {
  const { coin } = await deploy();
  const poor = privateKeyToAccount(generatePrivateKey());
  for (const attempt of [
    () => coin.simulate.transfer([bob.address, 1n], { account: poor }),
    () => coin.estimateGas.transfer([bob.address, 1n], { account: poor }),
  ]) {
    const error = await attempt().then(() => assert.fail('it should have reverted'), (reason) => reason);
    const reverted = error.walk((inner) => inner instanceof ContractFunctionRevertedError);
    assert.ok(error instanceof BaseError && reverted, String(error));
    assert.equal(reverted.data?.errorName, 'ERC20InsufficientBalance');
  }
});

test('a reverted transaction has a receipt that says so, and moves nothing', async () => {
  const { coin } = await deploy();
  const hash = await coin.write.transfer([bob.address, supply + 1n], { gas: 100_000n });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, 'reverted');
  assert.deepEqual(receipt.logs, []);
  assert.equal(await coin.read.balanceOf([bob.address]), 0n);
});

test('coins move; a transaction is found in its block and by every method', async () => {
  const receiver = privateKeyToAccount(generatePrivateKey()).address;
  const hash = await wallet.sendTransaction({ to: receiver, value: parseEther('1.5') });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.gasUsed, 21_000n);
  assert.equal(await client.getBalance({ address: receiver }), parseEther('1.5'));
  const { blockHash, blockNumber, transactionIndex } = receipt;
  const byHash = await client.getTransaction({ hash });
  assert.deepEqual(await client.getTransaction({ blockHash, index: transactionIndex }), byHash);
  assert.deepEqual(await client.getTransaction({ blockNumber, index: transactionIndex }), byHash);
  const receipts = await client.request({ method: 'eth_getBlockReceipts', params: [`0x${blockNumber.toString(16)}`] });
  assert.equal(receipts[transactionIndex].transactionHash, hash);
  assert.equal(await client.getBlockTransactionCount({ blockHash }), receipts.length);
});

test('many transactions of one sender, sent at once, are all included in order', async () => {
  const sender = devAccount(2);
  const many = createWalletClient({ chain, transport: http(), account: sender });
  const first = await client.getTransactionCount({ address: sender.address, blockTag: 'pending' });
  const hashes = await Promise.all(Array.from({ length: 50 }, (_, index) => many.sendTransaction({
    to: bob.address, value: 1n, gas: 21_000n, nonce: first + index, maxFeePerGas: parseEther('0.00000001'), maxPriorityFeePerGas: 0n,
  })));
  const receipts = await Promise.all(hashes.map((hash) => client.waitForTransactionReceipt({ hash })));
  assert.ok(receipts.every((receipt) => receipt.status === 'success'));
  assert.equal(await client.getTransactionCount({ address: sender.address }), first + 50);
});

test('over WebSocket: new heads, logs, and every method knows the block at once', async () => {
  const { coin } = await deploy();
  const live = createPublicClient({ chain, transport: webSocket(node.wsUrl) });
  const heads = [];
  const logs = [];
  const lagging = [];
  const stopHeads = live.watchBlocks({
    async onBlock(block) {
      const known = await client.getBlock({ blockHash: block.hash }).catch(() => undefined);
      if (!known) lagging.push(block.number);
      heads.push(block);
    },
  });
  const stopLogs = live.watchContractEvent({
    address: coin.address, abi, eventName: 'Transfer', onLogs: (seen) => logs.push(...seen),
  });
  // A subscription is there when the server has answered it; the first head proves it.
  await until('the first head', async () => {
    await client.waitForTransactionReceipt({ hash: await wallet.sendTransaction({ to: bob.address, value: 1n }) });
    return heads.length > 0;
  });
  const hash = await coin.write.transfer([bob.address, 7n]);
  const receipt = await client.waitForTransactionReceipt({ hash });
  await until('the log', () => logs.some((log) => log.transactionHash === hash));
  await until('the head', () => heads.some((head) => head.hash === receipt.blockHash));
  assert.deepEqual(logs.find((log) => log.transactionHash === hash).args, { from: alice.address, to: bob.address, value: 7n });
  assert.deepEqual(lagging, []);
  stopHeads();
  stopLogs();
  (await live.transport.getRpcClient()).close();
});
