// ethers 6.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet, WebSocketProvider, id, parseEther, verifyTypedData,
} from 'ethers';
import { compile, devKey, until, withChain } from '../lib/chain.mjs';

const price = parseEther('1');
const { abi, bytecode } = compile('Till');
let node, provider, alice, bob;

withChain(async (started) => {
  node = started;
  provider = new JsonRpcProvider(node.rpcUrl, undefined, { cacheTimeout: -1, pollingInterval: 50 });
  [alice, bob] = [new Wallet(devKey(0), provider), new Wallet(devKey(1), provider)];
  return () => provider.destroy();
});

const deploy = async () => (await new ContractFactory(abi, bytecode, alice).deploy(price)).waitForDeployment();

test('deploys, pays and reads', async () => {
  const till = await deploy();
  const receipt = await (await till.connect(bob).pay('salt', { value: price })).wait();
  assert.equal(receipt.status, 1);
  assert.equal(receipt.logs[0].args.memo, 'salt');
  assert.equal(await till.paid(bob.address), price);
  assert.equal(await provider.getBalance(till.target), price);
  assert.notEqual(await provider.getCode(till.target), '0x');
  assert.equal(BigInt(await provider.getStorage(till.target, 5)), 0n);
});

test('decodes custom errors, reasons and panics', async () => {
  const till = await deploy();
  await assert.rejects(till.pay.staticCall('too cheap', { value: 1n }), (error) => {
    assert.equal(error.code, 'CALL_EXCEPTION');
    assert.equal(error.revert.name, 'TooLittle');
    assert.deepEqual([...error.revert.args], [1n, price]);
    return true;
  });
  // Before sending, ethers estimates: the node's error carries the same data.
  await assert.rejects(till.pay('too cheap', { value: 1n }), (error) => till.interface.parseError(error.data).name === 'TooLittle');
  await assert.rejects(till.refuse(), { code: 'CALL_EXCEPTION', reason: 'closed on Sundays' });
  await assert.rejects(till.share(0n), { code: 'CALL_EXCEPTION', reason: /DIVIDE_BY_ZERO/ });
  await assert.rejects(till.item(0n), { code: 'CALL_EXCEPTION', reason: /OUT_OF_BOUNDS|ARRAY_RANGE/ });

  // Sent all the same, it is included and fails.
  const sent = await till.pay('too cheap', { value: 1n, gasLimit: 100_000n });
  await assert.rejects(sent.wait(), (error) => error.code === 'CALL_EXCEPTION' && error.receipt.status === 0);
});

test('waits for confirmations', async () => {
  const transaction = await alice.sendTransaction({ to: bob.address, value: 1n });
  const waiting = provider.waitForTransaction(transaction.hash, 3, 20_000);
  for (let i = 0; i < 2; i++) await (await bob.sendTransaction({ to: alice.address, value: 1n })).wait();
  const receipt = await waiting;
  assert.equal(receipt.hash, transaction.hash);
  assert.ok(await receipt.confirmations() >= 3);
});

test('finds events by block range and topics', async () => {
  const till = await deploy();
  for (const memo of ['tar', 'hemp']) await (await till.connect(bob).pay(memo, { value: price })).wait();
  await (await till.pay('wool', { value: price })).wait();
  const events = await till.queryFilter(till.filters.Paid(bob.address), 0, 'latest');
  assert.deepEqual(events.map((event) => event.args.memo), ['tar', 'hemp']);
  const logs = await provider.getLogs({ address: till.target, topics: [id('Paid(address,uint256,string)')], fromBlock: 0 });
  assert.equal(logs.length, 3);
});

test('hears of events by filter over HTTP', async () => {
  const till = await deploy();
  const heard = [];
  await till.on('Paid', (payer, amount, memo) => heard.push(memo));
  await (await till.pay('amber', { value: price })).wait();
  await until('the event arrives', () => heard.length > 0);
  assert.deepEqual(heard, ['amber']);
  await till.removeAllListeners();
});

test('hears of blocks, events and pending transactions over WebSocket', async () => {
  const till = await deploy();
  const socket = new WebSocketProvider(node.wsUrl);
  try {
    const [blocks, memos, pending] = [[], [], []];
    await socket.on('block', (number) => blocks.push(number));
    await socket.on('pending', (hash) => pending.push(hash));
    await new Contract(till.target, abi, socket).on('Paid', (payer, amount, memo) => memos.push(memo));
    // The subscriptions go out first on this connection; its own call comes back after them.
    await socket.send('eth_chainId', []);
    const { hash, blockNumber } = await (await till.pay('furs', { value: price })).wait();
    await until('block, event and hash arrive', () => blocks.includes(blockNumber) && memos.length > 0 && pending.includes(hash));
    assert.deepEqual(memos, ['furs']);
  } finally {
    await socket.destroy();
  }
});

test('sends transactions of types 0, 1, 2 and 4', async () => {
  for (const type of [0, 1, 2]) {
    const accessList = type === 0 ? undefined : [{ address: bob.address, storageKeys: [id('a slot')] }];
    const receipt = await (await alice.sendTransaction({ to: bob.address, value: 1n, type, accessList })).wait();
    assert.equal(receipt.type, type);
    const transaction = await provider.getTransaction(receipt.hash);
    assert.equal(transaction.type, type);
    if (type > 0) assert.equal(transaction.accessList[0].address, bob.address);
  }

  const till = await deploy();
  const built = compile('Batch');
  const batch = await (await new ContractFactory(built.abi, built.bytecode, alice).deploy()).waitForDeployment();
  const authority = new Wallet(devKey(5), provider);
  const authorization = await authority.authorize({
    address: batch.target,
    nonce: await authority.getNonce() + 1, // the authority itself sends: its nonce has risen when the list is read
  });
  const calls = ['rye', 'malt'].map((memo) => [till.target, price, till.interface.encodeFunctionData('pay', [memo])]);
  const transaction = await authority.sendTransaction({
    type: 4,
    to: authority.address,
    data: batch.interface.encodeFunctionData('execute', [calls]),
    authorizationList: [authorization],
    gasLimit: 500_000n,
  });
  const receipt = await transaction.wait();
  assert.equal(receipt.type, 4);
  assert.equal(await till.paid(authority.address), 2n * price);
  assert.equal(await provider.getCode(authority.address), `0xef0100${batch.target.slice(2).toLowerCase()}`);
});

test('keeps nonces in order when many transactions leave at once', async () => {
  const account = Wallet.createRandom().connect(provider);
  await (await alice.sendTransaction({ to: account.address, value: price })).wait();
  const sender = new NonceManager(account);
  const sent = await Promise.all(Array.from({ length: 20 }, () => sender.sendTransaction({ to: bob.address, value: 1n })));
  await Promise.all(sent.map((transaction) => transaction.wait()));
  assert.deepEqual(sent.map(({ nonce }) => nonce).sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
  assert.equal(await provider.getTransactionCount(account.address, 'latest'), 20);
  assert.equal(await provider.getTransactionCount(account.address, 'pending'), 20);
  const late = account.sendTransaction({ to: bob.address, nonce: 3, gasLimit: 21_000n });
  await assert.rejects(late, { code: 'NONCE_EXPIRED' });
});

test('suggests fees that are good for a transaction', async () => {
  const fees = await provider.getFeeData();
  const { maxFeePerGas, maxPriorityFeePerGas } = fees;
  const receipt = await (await alice.sendTransaction({ to: bob.address, maxFeePerGas, maxPriorityFeePerGas })).wait();
  assert.equal(receipt.status, 1);
  assert.ok(receipt.gasPrice <= maxFeePerGas);
  assert.equal(receipt.gasUsed, 21_000n);
});

test('signs typed data', async () => {
  const domain = { name: 'Till', version: '1', chainId: node.chainId };
  const types = { Note: [{ name: 'text', type: 'string' }, { name: 'amount', type: 'uint256' }] };
  const note = { text: 'for salt', amount: 7n };
  assert.equal(verifyTypedData(domain, types, note, await alice.signTypedData(domain, types, note)), alice.address);
});
