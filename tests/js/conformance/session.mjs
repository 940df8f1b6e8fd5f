// The requests that are played: a chain with one transaction of each kind, and what each method says about it.

import { createPublicClient, createWalletClient, defineChain, encodeFunctionData, http } from 'viem';
import { devAccount } from '../lib/accounts.mjs';
import { rpc } from '../lib/processes.mjs';
import { compile } from '../lib/solidity.mjs';
import { until } from '../lib/wait.mjs';

const [alice, bob, carol, dave] = [0, 1, 2, 3].map(devAccount);
const nowhere = `0x${'ab'.repeat(32)}`;
const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 0n };

/** Makes the chain. @returns what the requests name */
async function prepare(node) {
  const { abi, bytecode } = compile('Coin');
  const chain = defineChain({
    id: node.chainId,
    name: 'Hanse',
    nativeCurrency: { name: 'Hanse', symbol: 'HNS', decimals: 18 },
    rpcUrls: { default: { http: [node.rpcUrl] } },
  });
  const client = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 });
  const wallet = createWalletClient({ chain, transport: http(), account: alice });
  const mined = async (hash) => client.waitForTransactionReceipt({ hash });

  const creation = await mined(await wallet.deployContract({ abi, bytecode, args: ['Coin', 'COIN', 1000n] }));
  const coin = creation.contractAddress;
  const filter = (method, ...params) => rpc(node.rpcUrl, method, params);
  const filters = {
    logs: await filter('eth_newFilter', { address: coin, fromBlock: 'earliest' }),
    blocks: await filter('eth_newBlockFilter'),
    transactions: await filter('eth_newPendingTransactionFilter'),
    spare: await filter('eth_newBlockFilter'),
  };
  const call = (to, value) => encodeFunctionData({ abi, functionName: 'transfer', args: [to, value] });
  const transfer = call(bob.address, 5n);
  const accessList = [{ address: coin, storageKeys: [`0x${'00'.repeat(32)}`] }];
  const authorization = await wallet.signAuthorization({ account: dave, contractAddress: coin });
  const send = async (request) => mined(await wallet.sendTransaction({ gas: 200_000n, ...request }));
  const receipts = {
    creation,
    legacy: await send({ to: bob.address, value: 1n, type: 'legacy', gasPrice: 10n ** 10n }),
    eip2930: await send({ to: coin, data: transfer, type: 'eip2930', gasPrice: 10n ** 10n, accessList }),
    eip1559: await send({ to: coin, data: transfer, ...fees }),
    eip7702: await send({ to: dave.address, authorizationList: [authorization], ...fees }),
    reverted: await send({ to: coin, data: call(bob.address, 10n ** 9n), ...fees }),
  };
  // A gap before its nonce keeps this one in the pool.
  const request = { to: bob.address, value: 1n, nonce: 7, gas: 21_000n, chainId: node.chainId, ...fees };
  const queued = await rpc(node.rpcUrl, 'eth_sendRawTransaction', [await carol.signTransaction(request)]);
  const raw = await carol.signTransaction({ ...request, nonce: 0 });
  await until('the blocks are final', async () => {
    const { number } = await rpc(node.rpcUrl, 'eth_getBlockByNumber', ['finalized', false]);
    return BigInt(number) >= receipts.reverted.blockNumber;
  });
  return { coin, filters, transfer, refused: call(bob.address, 10n ** 9n), receipts, queued, raw };
}

/**
 * Prepares the chain.
 * @returns {Promise<Array<{name: string, method: string, params: unknown[]}>>} the requests, in the order to send them
 */
export async function session(node) {
  const { coin, filters, transfer, refused, receipts, queued, raw } = await prepare(node);
  const block = receipts.eip1559;
  const height = `0x${block.blockNumber.toString(16)}`;
  const tx = { from: alice.address, to: coin, input: transfer };
  const request = { from: alice.address, to: bob.address, value: '0x1', gas: '0x5208', gasPrice: '0x2540be400' };
  const cases = [];
  const add = (method, what, ...params) => cases.push({ name: `${method}: ${what}`, method, params });
  const kinds = Object.entries(receipts);

  for (const method of ['eth_chainId', 'eth_syncing', 'eth_coinbase', 'eth_accounts', 'eth_blockNumber', 'eth_config',
    'eth_capabilities', 'net_version', 'eth_gasPrice', 'eth_baseFee', 'eth_blobBaseFee', 'eth_maxPriorityFeePerGas',
    'txpool_status', 'txpool_content', 'debug_getBadBlocks']) {
    add(method, 'as it is');
  }
  add('txpool_contentFrom', 'a sender with a gap', carol.address);
  add('txpool_contentFrom', 'a sender without transactions', bob.address);
  add('eth_feeHistory', 'with rewards', '0x4', 'latest', [10, 50, 90]);
  add('eth_feeHistory', 'without rewards', '0x4', 'latest', []);

  for (const [what, number] of Object.entries({ genesis: '0x0', latest: 'latest', pending: 'pending', a_height: height })) {
    for (const full of [false, true]) add('eth_getBlockByNumber', `${what}, full ${full}`, number, full);
    add('eth_getBlockTransactionCountByNumber', what, number);
    add('eth_getBlockReceipts', what, number);
  }
  for (const [kind, { blockHash, blockNumber, transactionHash }] of kinds) {
    const number = `0x${blockNumber.toString(16)}`;
    add('eth_getBlockByHash', kind, blockHash, true);
    add('eth_getTransactionByHash', kind, transactionHash);
    add('eth_getTransactionByBlockHashAndIndex', kind, blockHash, '0x0');
    add('eth_getTransactionByBlockNumberAndIndex', kind, number, '0x0');
    add('eth_getTransactionReceipt', kind, transactionHash);
    add('debug_getRawTransaction', kind, transactionHash);
    add('debug_traceTransaction', kind, transactionHash);
    add('debug_traceTransaction', `${kind}, everything`, transactionHash, { enableMemory: true, enableReturnData: true });
  }
  add('eth_getBlockByHash', 'hashes', block.blockHash, false);
  add('eth_getBlockByHash', 'not there', nowhere, false);
  add('eth_getBlockByNumber', 'not there', '0xffffff', false);
  add('eth_getBlockTransactionCountByHash', 'there', block.blockHash);
  add('eth_getBlockTransactionCountByHash', 'not there', nowhere);
  add('eth_getBlockReceipts', 'by hash', block.blockHash);
  add('eth_getBlockReceipts', 'not there', nowhere);
  add('eth_getBlockAccessList', 'a height', height);
  add('eth_getTransactionByHash', 'in the pool', queued);
  add('eth_getTransactionByHash', 'not there', nowhere);
  add('eth_getTransactionByBlockHashAndIndex', 'not there', nowhere, '0x0');
  add('eth_getTransactionByBlockNumberAndIndex', 'not there', height, '0xff');
  add('eth_getTransactionReceipt', 'not there', nowhere);

  add('eth_call', 'a contract', tx, 'latest');
  add('eth_call', 'no contract', { to: bob.address }, height);
  add('eth_estimateGas', 'a contract', tx);
  add('eth_createAccessList', 'a contract', tx, 'latest');
  add('eth_createAccessList', 'a revert', { ...tx, input: refused }, 'latest');
  const calls = [tx, { ...tx, input: refused }, { from: alice.address, to: bob.address, value: '0x1' }];
  const simulation = { blockStateCalls: [{ calls }, { blockOverrides: { gasLimit: '0x1c9c380' }, calls: [tx] }] };
  add('eth_simulateV1', 'hashes', simulation, 'latest');
  add('eth_simulateV1', 'full', { ...simulation, returnFullTransactions: true }, 'latest');
  add('eth_simulateV1', 'transfers', { ...simulation, traceTransfers: true }, 'latest');

  add('eth_getBalance', 'an account', alice.address, 'latest');
  add('eth_getBalance', 'by block hash', alice.address, block.blockHash);
  add('eth_getStorageAt', 'a contract', coin, '0x2', 'latest');
  add('eth_getStorageValues', 'two contracts', { [coin]: [`0x${'00'.repeat(31)}02`], [bob.address]: ['0x0'] }, 'latest');
  add('eth_getTransactionCount', 'latest', alice.address, 'latest');
  add('eth_getTransactionCount', 'pending', carol.address, 'pending');
  add('eth_getCode', 'a contract', coin, 'latest');
  add('eth_getCode', 'a delegation', dave.address, 'latest');
  add('eth_getCode', 'no code', bob.address, 'latest');
  add('eth_getProof', 'a contract', coin, ['0x2'], 'latest');

  // The schema of filter results takes an empty list for both of its alternatives, so each of these has an entry.
  add('eth_getLogs', 'a range', { address: coin, fromBlock: 'earliest', toBlock: 'latest' });
  add('eth_getLogs', 'a block', { blockHash: block.blockHash });
  for (const [kind, id] of Object.entries(filters)) add('eth_getFilterChanges', kind, id);
  add('eth_getFilterLogs', 'logs', filters.logs);
  add('eth_uninstallFilter', 'there', filters.spare);
  add('eth_uninstallFilter', 'not there', filters.spare);
  add('eth_newFilter', 'logs', { address: coin, topics: [null, [nowhere]] });
  add('eth_newBlockFilter', 'as it is');
  add('eth_newPendingTransactionFilter', 'as it is');

  add('debug_getRawHeader', 'a height', height);
  add('debug_getRawBlock', 'a height', height);
  add('debug_getRawReceipts', 'a height', height);
  add('debug_getRawBlockAccessList', 'a height', height);
  for (const [what, ...options] of [['opcodes'], ['callTracer', { tracer: 'callTracer' }]]) {
    add('debug_traceBlockByNumber', what, height, ...options);
    add('debug_traceBlockByHash', what, block.blockHash, ...options);
  }

  // These change the chain, so they come last.
  add('eth_sign', 'a message', alice.address, '0x68616e7365');
  add('eth_signTransaction', 'a transfer', { ...request, nonce: '0x40' });
  add('eth_fillTransaction', 'a transfer', request);
  add('eth_sendTransaction', 'a transfer', request);
  add('eth_sendRawTransaction', 'a transfer', raw);
  return cases;
}
