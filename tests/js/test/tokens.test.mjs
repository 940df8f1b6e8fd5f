// One token, two doors: issued and moved over REST, read and moved by Ethereum clients.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createPublicClient, createWalletClient, defineChain, getAddress, getContract, http, parseEventLogs } from 'viem';
import { devAccount } from '../lib/accounts.mjs';
import { againstAnvil, startChain, startGateway } from '../lib/processes.mjs';
import { Rest, registerApp } from '../lib/rest.mjs';
import { compile } from '../lib/solidity.mjs';
import { until } from '../lib/wait.mjs';

const options = { skip: againstAnvil && 'needs the gateway and its node' };
const { abi } = compile('Coin');
const supply = 1_000_000n;
let node, gateway, server, client, wallet, ana, ben, token;

before(async () => {
  if (againstAnvil) return;
  node = await startChain();
  gateway = await startGateway(node);
  const chain = defineChain({
    id: node.chainId,
    name: 'Hanse',
    nativeCurrency: { name: 'Hanse', symbol: 'HNS', decimals: 18 },
    rpcUrls: { default: { http: [node.rpcUrl] } },
  });
  client = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 });
  wallet = createWalletClient({ chain, transport: http(), account: devAccount(0) });

  ({ server } = await registerApp(new Rest(gateway.url)));
  ana = await server.post('/users', { externalId: 'ana' });
  ben = await server.post('/users', { externalId: 'ben' });
  token = await server.post('/tokens', {
    name: 'Harbour Credit', symbol: 'HARB', decimals: 2, initialSupply: String(supply), policy: 'open',
  });
  for (const { operation } of [ana, ben, token]) await server.finalized(operation);
});
after(async () => {
  await gateway?.stop();
  await node?.stop();
});

const contract = () => getContract({ abi, address: token.address, client: { public: client, wallet } });
const transferPath = () => `/tokens/${token.id}/transfers`;

/** What REST says this user holds of the token. */
async function restBalance(user) {
  const { items } = await server.get(`/users/${user.id}/balances`);
  return items.find((item) => item.token === token.id);
}

test('a token issued over REST is an ERC-20 with its metadata', options, async () => {
  assert.equal(await contract().read.name(), 'Harbour Credit');
  assert.equal(await contract().read.symbol(), 'HARB');
  assert.equal(await contract().read.decimals(), 2);
  assert.equal(await contract().read.totalSupply(), supply);
  assert.equal(await client.getCode({ address: token.address }), '0xfe');
});

test("a REST transfer is a Transfer log with the operation's transaction hash", options, async () => {
  const { operation } = await server.post(transferPath(), { to: ana.id, amount: '1200' });
  assert.equal(operation.status, 'accepted');
  const done = await server.finalized(operation);
  assert.equal(done.transactionHash, operation.transactionHash);

  const receipt = await client.getTransactionReceipt({ hash: operation.transactionHash });
  assert.equal(receipt.status, 'success');
  const [log] = parseEventLogs({ abi, logs: receipt.logs, eventName: 'Transfer' });
  assert.equal(getAddress(log.address), getAddress(token.address));
  assert.equal(getAddress(log.args.to), getAddress(ana.wallet.address));
  assert.equal(log.args.value, 1200n);

  const found = await client.getContractEvents({
    abi, address: token.address, eventName: 'Transfer', args: { to: ana.wallet.address }, fromBlock: 0n,
  });
  assert.deepEqual(found.map((each) => each.transactionHash), [operation.transactionHash]);
  assert.equal(await contract().read.balanceOf([ana.wallet.address]), 1200n);
});

test('an external wallet moves the token; REST shows the balance and the transaction', options, async () => {
  const holder = devAccount(0).address;
  await server.settle(transferPath(), { to: holder, amount: '500' });
  const hash = await contract().write.transfer([ben.wallet.address, 125n]);
  assert.equal((await client.waitForTransactionReceipt({ hash })).status, 'success');

  await until('the balance over REST', async () => (await restBalance(ben))?.confirmed.finalized === '125');
  const transactions = await until('the transaction over REST', async () => {
    const { items } = await server.get(`/users/${ben.id}/transactions`);
    return items.some((item) => item.transactionHash === hash) && items;
  });
  const [seen] = transactions.filter((item) => item.transactionHash === hash);
  assert.equal(getAddress(seen.from), getAddress(holder));
  assert.equal(seen.amount, '125');
  assert.equal(await contract().read.balanceOf([holder]), 375n);
});

test('a contract holds the token, as it would any ERC-20', options, async () => {
  const artifact = compile('Vault');
  const deployed = await client.waitForTransactionReceipt({ hash: await wallet.deployContract(artifact) });
  const vault = getContract({ abi: artifact.abi, address: deployed.contractAddress, client: { public: client, wallet } });
  const holder = devAccount(0).address;
  await server.settle(transferPath(), { to: holder, amount: '40' });
  const before = await contract().read.balanceOf([holder]);

  const settle = async (hash) => assert.equal((await client.waitForTransactionReceipt({ hash })).status, 'success');
  await settle(await contract().write.approve([vault.address, 40n]));
  await settle(await vault.write.deposit([token.address, 40n]));
  assert.equal(await contract().read.balanceOf([vault.address]), 40n);
  await settle(await vault.write.withdraw([token.address, 15n]));
  assert.equal(await contract().read.balanceOf([holder]), before - 25n);

  // More than was deposited: the whole transaction is undone, and the token with it.
  const hash = await vault.write.withdraw([token.address, 26n], { gas: 300_000n });
  assert.equal((await client.waitForTransactionReceipt({ hash })).status, 'reverted');
  assert.equal(await contract().read.balanceOf([vault.address]), 25n);
});
