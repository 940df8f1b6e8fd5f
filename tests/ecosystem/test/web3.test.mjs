// web3.js 4.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Web3 } from 'web3';
import { compile, devKey, withChain } from '../lib/chain.mjs';

const price = 10n ** 18n;
const { abi, bytecode } = compile('Till');
let node, web3, alice, bob;

withChain(async (started) => {
  node = started;
  web3 = new Web3(node.rpcUrl);
  web3.eth.transactionPollingInterval = 50;
  web3.eth.wallet.add(devKey(0)).add(devKey(1));
  [alice, bob] = [web3.eth.wallet[0].address, web3.eth.wallet[1].address];
});

const deploy = () => new web3.eth.Contract(abi).deploy({ data: bytecode, arguments: [price] }).send({ from: alice });

test('deploys, pays and reads', async () => {
  const till = await deploy();
  const receipt = await till.methods.pay('salt').send({ from: bob, value: price });
  assert.equal(receipt.status, 1n);
  assert.equal(receipt.events.Paid.returnValues.memo, 'salt');
  assert.equal(await till.methods.paid(bob).call(), price);
  assert.equal(await web3.eth.getBalance(till.options.address), price);
  assert.equal(await web3.eth.getChainId(), BigInt(node.chainId));
  assert.equal(await web3.eth.net.getId(), BigInt(node.chainId));
});

test('decodes custom errors and reasons', async () => {
  const till = await deploy();
  await assert.rejects(till.methods.pay('too cheap').call({ from: bob, value: 1n }), (error) => {
    assert.equal(error.cause.errorName, 'TooLittle');
    assert.equal(error.cause.errorArgs.wanted, price);
    return true;
  });
  await assert.rejects(till.methods.refuse().call(), (error) => /closed on Sundays/.test(error.cause.message));
});

test('finds past events', async () => {
  const till = await deploy();
  for (const memo of ['tar', 'hemp']) await till.methods.pay(memo).send({ from: bob, value: price });
  await till.methods.pay('wool').send({ from: alice, value: price });
  const events = await till.getPastEvents('Paid', { filter: { payer: bob }, fromBlock: 0 });
  assert.deepEqual(events.map((event) => event.returnValues.memo), ['tar', 'hemp']);
});

test('signs and sends transactions of types 0, 1 and 2', async () => {
  const account = web3.eth.accounts.privateKeyToAccount(devKey(3));
  const fees = await web3.eth.calculateFeeData();
  const common = { from: account.address, to: bob, value: 1n, gas: 40_000n, chainId: BigInt(node.chainId) };
  const accessList = [{ address: bob, storageKeys: [`0x${'11'.repeat(32)}`] }];
  const variants = [
    { type: 0n, gasPrice: fees.gasPrice },
    { type: 1n, gasPrice: fees.gasPrice, accessList },
    // web3.js takes a base fee of zero, that of a gasless chain, for none and leaves the fee cap out.
    { type: 2n, maxFeePerGas: fees.maxFeePerGas ?? 0n, maxPriorityFeePerGas: fees.maxPriorityFeePerGas ?? 0n, accessList },
  ];
  for (const variant of variants) {
    const nonce = await web3.eth.getTransactionCount(account.address, 'pending');
    const signed = await account.signTransaction({ ...common, ...variant, nonce });
    const receipt = await web3.eth.sendSignedTransaction(signed.rawTransaction);
    assert.equal(receipt.transactionHash, signed.transactionHash);
    assert.equal(receipt.type, variant.type);
  }
});

test('batches requests', async () => {
  const batch = new web3.BatchRequest();
  const chainId = batch.add({ method: 'eth_chainId', params: [] });
  const balance = batch.add({ method: 'eth_getBalance', params: [alice, 'latest'] });
  await batch.execute();
  assert.equal(Number((await chainId)), node.chainId);
  assert.ok(BigInt(await balance) > 0n);
});
