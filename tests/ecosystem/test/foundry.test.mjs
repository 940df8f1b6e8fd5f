// Foundry: cast, `forge create`, `forge script --broadcast` and `forge test --fork-url`, on the project of foundry/.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createPublicClient, http } from 'viem';
import { devAccount, devKey, viemChain, withChain } from '../lib/chain.mjs';
import { pathOf, program, run, succeed } from '../lib/run.mjs';

const folder = mkdtempSync(join(tmpdir(), 'hanse-foundry-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const [alice, bob] = [devAccount(0).address, devAccount(1).address];
const project = {
  cwd: pathOf('foundry'),
  env: {
    DEPLOYER_KEY: devKey(0),
    FOUNDRY_OUT: join(folder, 'out'),
    FOUNDRY_CACHE_PATH: join(folder, 'cache'),
    FOUNDRY_BROADCAST: join(folder, 'broadcast'),
    FOUNDRY_DISABLE_NIGHTLY_WARNING: '1',
    // The fork's data is of a chain that ends with this test.
    FOUNDRY_NO_STORAGE_CACHING: 'true',
    NO_COLOR: '1',
  },
};
let node, client, locker;

withChain(async (started) => {
  node = started;
  client = createPublicClient({ chain: viemChain(node), transport: http(), cacheTime: 0 });
});

const cast = (...args) => succeed(program('cast'), args, project);
const castRpc = (command, ...args) => cast(command, '--rpc-url', node.rpcUrl, ...args);
const forge = (...args) => succeed(program('forge'), args, project);
const send = async (...args) => JSON.parse(await castRpc('send', '--json', '--private-key', devKey(0), ...args));

test('cast reads the chain', async () => {
  assert.equal(await castRpc('chain-id'), String(node.chainId));
  assert.equal(await castRpc('balance', devAccount(9).address, '--ether'), '10000.000000000000000000');
  assert.equal(await castRpc('nonce', devAccount(9).address), '0');
  assert.match(await castRpc('block', 'latest', '--field', 'hash'), /^0x[0-9a-f]{64}$/);
  assert.match(await castRpc('gas-price'), /^\d+$/);
});

test('cast signs, and verifies what it has signed', async () => {
  const signature = await cast('wallet', 'sign', '--private-key', devKey(0), 'Ahoy');
  await cast('wallet', 'verify', '--address', alice, 'Ahoy', signature);
  assert.equal(await cast('wallet', 'address', '--private-key', devKey(1)), bob);
});

test('cast sends coins, of each transaction type, and shows receipts', async () => {
  const before = await client.getBalance({ address: bob });
  for (const flags of [['--legacy'], []]) {
    const receipt = await send(bob, '--value', '2', ...flags);
    assert.equal(receipt.status, '0x1');
    assert.equal(receipt.type, flags.length > 0 ? '0x0' : '0x2');
    assert.equal(JSON.parse(await castRpc('receipt', '--json', receipt.transactionHash)).blockHash, receipt.blockHash);
    assert.equal(JSON.parse(await castRpc('tx', '--json', receipt.transactionHash)).hash, receipt.transactionHash);
  }
  assert.equal(await client.getBalance({ address: bob }), before + 4n);
});

test('forge create deploys', async () => {
  const output = await forge(
    'create', 'src/Locker.sol:Locker', '--rpc-url', node.rpcUrl, '--private-key', devKey(0), '--broadcast', '--json',
    '--constructor-args', alice, '5',
  );
  const { deployedTo } = JSON.parse(output.slice(output.indexOf('{')));
  locker = deployedTo;
  assert.equal(await castRpc('call', locker, 'value()(uint256)'), '5');
  assert.match(await castRpc('code', locker), /^0x[0-9a-f]{100,}$/);
});

test('cast calls, estimates, sends to a contract, and finds its logs', async () => {
  assert.match(await castRpc('estimate', '--from', alice, locker, 'store(uint256)', '7'), /^\d+$/);
  const { blockNumber, logs } = await send(locker, 'store(uint256)', '7');
  assert.equal(logs.length, 1);
  const found = JSON.parse(await castRpc('logs', '--json', '--from-block', '0', '--address', locker, 'Stored(address indexed,uint256)', alice));
  assert.deepEqual(found.map((log) => log.blockNumber), [blockNumber]);
  const refused = await run(program('cast'), ['call', '--rpc-url', node.rpcUrl, '--from', alice, locker, 'store(uint256)', '0'], project);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /revert/i);
});

test('forge script broadcasts its transactions', async () => {
  await forge(
    'script', 'script/Deploy.s.sol:Deploy', '--sig', 'run(address)', alice, '--rpc-url', node.rpcUrl, '--broadcast', '--slow',
  );
  const { transactions, receipts } = JSON.parse(
    readFileSync(join(folder, `broadcast/Deploy.s.sol/${node.chainId}/run-latest.json`), 'utf8'),
  );
  assert.deepEqual(transactions.map(({ transactionType }) => transactionType), ['CREATE', 'CALL', 'CREATE', 'CALL']);
  assert.deepEqual(receipts.map(({ status }) => status), ['0x1', '0x1', '0x1', '0x1']);
  const second = transactions[2].contractAddress;
  assert.equal(await castRpc('call', second, 'value()(uint256)'), '8');
  assert.equal(await castRpc('balance', second, '--ether'), '1.000000000000000000');
});

test('forge tests run on a fork of the chain', async () => {
  const environment = { LOCKER: locker, CHAIN_ID: String(node.chainId), BLOCK_NUMBER: String(await client.getBlockNumber()) };
  const output = await succeed(program('forge'), ['test', '--json', '--fork-url', node.rpcUrl], {
    ...project, env: { ...project.env, ...environment },
  });
  const [suite] = Object.values(JSON.parse(output.slice(output.indexOf('{'))));
  const results = Object.entries(suite.test_results);
  assert.equal(results.length, 3);
  for (const [name, { status, reason }] of results) assert.equal(status, 'Success', `${name}: ${reason}`);
  assert.equal(await castRpc('call', locker, 'value()(uint256)'), '7', 'the chain itself is untouched');
});
