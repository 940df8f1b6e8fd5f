// viem 2.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, decodeEventLog, encodeFunctionData,
  getContract, http, nonceManager, parseAbiItem, parseEther, webSocket,
} from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { compile, devAccount, until, viemChain, withChain } from '../lib/chain.mjs';

const price = parseEther('1');
const { abi, bytecode } = compile('Till');
const [alice, bob] = [devAccount(0), devAccount(1)];
let client, wallet, bobs, chain;

withChain(async (node) => {
  chain = viemChain(node);
  client = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 });
  wallet = createWalletClient({ chain, transport: http(), account: alice });
  bobs = createWalletClient({ chain, transport: http(), account: bob });
});

const mined = async (hash) => client.waitForTransactionReceipt({ hash: await hash });

async function deploy(contract = { abi, bytecode, args: [price] }) {
  const { contractAddress: address } = await mined(wallet.deployContract(contract));
  return getContract({ abi: contract.abi, address, client: { public: client, wallet } });
}

/** What a call was reverted with, as viem decodes it. */
async function revertOf(call) {
  const error = await assert.rejects(call).then(() => call.catch((caught) => caught));
  assert.ok(error instanceof BaseError, String(error));
  return error.walk((cause) => cause instanceof ContractFunctionRevertedError);
}

test('deploys, simulates, pays and reads', async () => {
  const till = await deploy();
  const { request } = await client.simulateContract({
    address: till.address, abi, functionName: 'pay', args: ['salt'], value: price, account: bob,
  });
  const receipt = await mined(bobs.writeContract(request));
  assert.equal(receipt.status, 'success');
  assert.equal(decodeEventLog({ abi, ...receipt.logs[0] }).args.memo, 'salt');
  assert.equal(await till.read.paid([bob.address]), price);
  assert.equal(await client.getBalance({ address: till.address, blockNumber: receipt.blockNumber - 1n }), 0n);
  const block = await client.getBlock({ blockHash: receipt.blockHash, includeTransactions: true });
  assert.equal(block.transactions[receipt.transactionIndex].hash, receipt.transactionHash);
});

test('decodes custom errors, reasons and panics', async () => {
  const till = await deploy();
  const custom = await revertOf(till.simulate.pay(['too cheap'], { value: 1n, account: alice }));
  assert.equal(custom.data.errorName, 'TooLittle');
  assert.deepEqual(custom.data.args, [1n, price]);
  assert.equal((await revertOf(till.read.refuse())).reason, 'closed on Sundays');
  assert.deepEqual((await revertOf(till.read.share([0n]))).data.args, [0x12n]);
  assert.deepEqual((await revertOf(till.read.item([0n]))).data.args, [0x32n]);
  await assert.rejects(till.estimateGas.pay(['too cheap'], { value: 1n }), /TooLittle/);
});

test('waits for confirmations', async () => {
  const hash = await wallet.sendTransaction({ to: bob.address, value: 1n });
  const waiting = client.waitForTransactionReceipt({ hash, confirmations: 3, timeout: 20_000 });
  for (let i = 0; i < 2; i++) await mined(bobs.sendTransaction({ to: alice.address, value: 1n }));
  assert.equal((await waiting).transactionHash, hash);
  assert.ok(await client.getTransactionConfirmations({ hash }) >= 3n);
});

test('finds events, and follows them by filter and by polling', async () => {
  const till = await deploy();
  const [filter, blockFilter] = [
    await client.createContractEventFilter({ abi, address: till.address, fromBlock: 0n }), await client.createBlockFilter(),
  ];
  const watched = [];
  const stop = client.watchContractEvent({
    abi, address: till.address, eventName: 'Paid', onLogs: (logs) => watched.push(...logs.map((log) => log.args.memo)),
    poll: true,
  });
  try {
    for (const memo of ['tar', 'hemp']) await mined(till.write.pay([memo], { value: price }));
    const changes = await client.getFilterChanges({ filter });
    assert.deepEqual(changes.map((log) => log.args.memo), ['tar', 'hemp']);
    assert.deepEqual(await client.getFilterChanges({ filter }), []);
    assert.equal((await client.getFilterLogs({ filter })).length, 2);
    assert.ok((await client.getFilterChanges({ filter: blockFilter })).length >= 2);
    const event = parseAbiItem('event Paid(address indexed payer, uint256 amount, string memo)');
    const logs = await client.getLogs({ address: till.address, event, args: { payer: alice.address }, fromBlock: 0n });
    assert.deepEqual(logs.map((log) => log.args.memo), ['tar', 'hemp']);
    await until('the watcher sees both', () => watched.length >= 2);
    assert.deepEqual(watched, ['tar', 'hemp']);
  } finally {
    stop();
  }
  assert.equal(await client.uninstallFilter({ filter }), true);
  assert.equal(await client.uninstallFilter({ filter }), false);
});

test('subscribes over WebSocket', async () => {
  const till = await deploy();
  const socket = createPublicClient({ chain, transport: webSocket(chain.rpcUrls.default.webSocket[0]) });
  const [numbers, memos, hashes] = [[], [], []];
  const stops = [
    socket.watchBlocks({ onBlock: (block) => numbers.push(block.number) }),
    socket.watchContractEvent({
      abi, address: till.address, onLogs: (logs) => memos.push(...logs.map((log) => log.args.memo)),
    }),
    socket.watchPendingTransactions({ onTransactions: (batch) => hashes.push(...batch) }),
  ];
  try {
    // The first transactions may come before the subscriptions are made: pay until one is heard.
    const sent = [];
    await until('block, event and hash arrive', async () => {
      const receipt = await mined(till.write.pay(['furs'], { value: price }));
      sent.push(receipt);
      return numbers.includes(receipt.blockNumber) && memos.length > 0 && hashes.includes(receipt.transactionHash);
    }, { everyMs: 300 });
    assert.ok(memos.length <= sent.length, 'no event comes twice');
  } finally {
    stops.forEach((stop) => stop());
    (await socket.transport.getRpcClient()).close();
  }
});

test('sends transactions of types 0, 1, 2 and 4', async () => {
  const accessList = [{ address: bob.address, storageKeys: [`0x${'11'.repeat(32)}`] }];
  for (const fields of [{ type: 'legacy' }, { type: 'eip2930', accessList }, { type: 'eip1559', accessList }]) {
    const receipt = await mined(wallet.sendTransaction({ to: bob.address, value: 1n, ...fields }));
    assert.equal(receipt.type, fields.type);
    assert.equal((await client.getTransaction({ hash: receipt.transactionHash })).type, fields.type);
  }

  const till = await deploy();
  const { abi: batchAbi, bytecode: code } = compile('Batch');
  const batch = await deploy({ abi: batchAbi, bytecode: code, args: [] });
  const authority = devAccount(6);
  const authorization = await createWalletClient({ chain, transport: http(), account: authority })
    .signAuthorization({ contractAddress: batch.address, executor: 'self' });
  const pay = (memo) => ({ to: till.address, value: price, data: encodeFunctionData({ abi, functionName: 'pay', args: [memo] }) });
  const receipt = await mined(createWalletClient({ chain, transport: http(), account: authority }).writeContract({
    abi: batchAbi, address: authority.address, functionName: 'execute', args: [[pay('rye'), pay('malt')]],
    authorizationList: [authorization],
  }));
  assert.equal(receipt.type, 'eip7702');
  assert.equal(receipt.status, 'success');
  assert.equal(await till.read.paid([authority.address]), 2n * price);
  assert.equal(await client.getCode({ address: authority.address }), `0xef0100${batch.address.slice(2)}`.toLowerCase());
  const { authorizationList } = await client.getTransaction({ hash: receipt.transactionHash });
  assert.equal(authorizationList[0].address.toLowerCase(), batch.address.toLowerCase());
});

test('manages nonces when many transactions leave at once', async () => {
  const account = privateKeyToAccount(generatePrivateKey(), { nonceManager });
  await mined(wallet.sendTransaction({ to: account.address, value: price }));
  const hasty = createWalletClient({ chain, transport: http(), account });
  const hashes = await Promise.all(Array.from({ length: 10 }, () => hasty.sendTransaction({ to: bob.address, value: 1n })));
  const receipts = await Promise.all(hashes.map((hash) => mined(hash)));
  assert.ok(receipts.every(({ status }) => status === 'success'));
  assert.equal(await client.getTransactionCount({ address: account.address }), 10);
});

test('suggests fees, estimates gas, and makes access lists', async () => {
  const fees = await client.estimateFeesPerGas();
  assert.ok(fees.maxFeePerGas >= fees.maxPriorityFeePerGas);
  const history = await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [25, 75] });
  assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1);
  assert.equal(await client.estimateGas({ account: alice, to: bob.address, value: 1n }), 21_000n);

  const till = await deploy();
  const data = encodeFunctionData({ abi, functionName: 'pay', args: ['salt'] });
  const { accessList } = await client.createAccessList({ account: bob, to: till.address, data, value: price });
  assert.equal(accessList[0].address.toLowerCase(), till.address.toLowerCase());
});

test('overrides state in a call', async () => {
  const till = await deploy();
  const { data } = await client.call({
    to: till.address,
    data: encodeFunctionData({ abi, functionName: 'share', args: [2n] }),
    stateOverride: [{ address: till.address, balance: 84n }],
  });
  assert.equal(BigInt(data), 42n);
});
