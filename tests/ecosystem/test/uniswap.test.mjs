// Uniswap v2 from its published artifacts: factory, WETH and router are deployed, a pair is funded, traded and emptied.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import {
  createPublicClient, createWalletClient, getAddress, getContract, http, maxUint256, parseEther, parseEventLogs, zeroAddress,
} from 'viem';
import { compile, devAccount, viemChain, withChain } from '../lib/chain.mjs';

const require = createRequire(import.meta.url);
const built = (contract) => {
  const { abi, bytecode } = require(contract);
  return { abi, bytecode: bytecode.startsWith('0x') ? bytecode : `0x${bytecode}` };
};
const factoryBuild = built('@uniswap/v2-core/build/UniswapV2Factory.json');
const pairAbi = built('@uniswap/v2-core/build/UniswapV2Pair.json').abi;
const routerBuild = built('@uniswap/v2-periphery/build/UniswapV2Router02.json');
const wethBuild = built('@uniswap/v2-periphery/build/WETH9.json');
const silverBuild = compile('Silver');
const deadline = 4_102_444_800n; // the year 2100
const alice = devAccount(0);
// The first trade of a second also writes the pair's price sums: an estimate of the second before is too low.
const gas = 5_000_000n;
let client, wallet, factory, router, weth, salt, silver;

const mined = async (hash) => {
  const receipt = await client.waitForTransactionReceipt({ hash: await hash });
  assert.equal(receipt.status, 'success');
  return receipt;
};
const at = (abi, address) => getContract({ abi, address, client: { public: client, wallet } });
const deploy = async ({ abi, bytecode }, ...args) =>
  at(abi, getAddress((await mined(wallet.deployContract({ abi, bytecode, args }))).contractAddress));
const pairOf = async (a, b) => at(pairAbi, await factory.read.getPair([a.address, b.address]));

/** What the pair pays out for `amountIn`: constant product less 0.3 %. */
const quote = (amountIn, reserveIn, reserveOut) =>
  (amountIn * 997n * reserveOut) / (reserveIn * 1000n + amountIn * 997n);

withChain(async (node) => {
  const chain = viemChain(node);
  client = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 });
  wallet = createWalletClient({ chain, transport: http(), account: alice });
  factory = await deploy(factoryBuild, alice.address);
  weth = await deploy(wethBuild);
  router = await deploy(routerBuild, factory.address, weth.address);
  salt = await deploy(silverBuild, parseEther('1000000'));
  silver = await deploy(silverBuild, parseEther('1000000'));
  for (const token of [salt, silver]) await mined(token.write.approve([router.address, maxUint256]));
});

test('the first liquidity makes the pair, at the address that the router computes', async () => {
  const amounts = [parseEther('1000'), parseEther('4000')];
  const receipt = await mined(router.write.addLiquidity([salt.address, silver.address, ...amounts, 0n, 0n, alice.address, deadline], { gas }));
  const [created] = parseEventLogs({ abi: factoryBuild.abi, logs: receipt.logs, eventName: 'PairCreated' });
  const pair = await pairOf(salt, silver);
  assert.equal(created.args[2], pair.address); // an unnamed argument follows: viem gives them by position
  const [mint] = parseEventLogs({ abi: pairAbi, logs: receipt.logs, eventName: 'Mint' });
  assert.deepEqual([mint.args.amount0, mint.args.amount1].sort(), [...amounts].sort());
  // sqrt(1000 · 4000) shares, of which the first thousand are locked for ever.
  assert.equal(await pair.read.balanceOf([alice.address]), parseEther('2000') - 1000n);
});

test('a trade moves the reserves along the curve', async () => {
  const pair = await pairOf(salt, silver);
  const saltIs0 = (await pair.read.token0()) === salt.address;
  const reserves = async () => {
    const [reserve0, reserve1] = await pair.read.getReserves();
    return saltIs0 ? [reserve0, reserve1] : [reserve1, reserve0];
  };
  const [saltBefore, silverBefore] = await reserves();
  const paid = parseEther('10');
  const expected = quote(paid, saltBefore, silverBefore);
  assert.equal((await router.read.getAmountsOut([paid, [salt.address, silver.address]])).at(-1), expected);

  const receipt = await mined(router.write.swapExactTokensForTokens(
    [paid, expected, [salt.address, silver.address], alice.address, deadline], { gas },
  ));
  const [swap] = parseEventLogs({ abi: pairAbi, logs: receipt.logs, eventName: 'Swap' });
  assert.equal(saltIs0 ? swap.args.amount1Out : swap.args.amount0Out, expected);
  const [sync] = parseEventLogs({ abi: pairAbi, logs: receipt.logs, eventName: 'Sync' });
  assert.equal(sync.args.reserve0 + sync.args.reserve1, saltBefore + silverBefore + paid - expected);
  assert.deepEqual(await reserves(), [saltBefore + paid, silverBefore - expected]);
});

test('a trade that would pay less than asked is refused', async () => {
  const trade = [parseEther('10'), parseEther('1000'), [salt.address, silver.address], alice.address, deadline];
  await assert.rejects(router.write.swapExactTokensForTokens(trade), /INSUFFICIENT_OUTPUT_AMOUNT/);
  await assert.rejects(router.write.swapExactTokensForTokens([1n, 0n, trade[2], alice.address, 1n]), /EXPIRED/);
});

test('the chain\'s own coin is traded through WETH, over two pairs', async () => {
  await mined(router.write.addLiquidityETH(
    [salt.address, parseEther('500'), 0n, 0n, alice.address, deadline], { gas, value: parseEther('50') },
  ));
  const path = [weth.address, salt.address, silver.address];
  const amounts = await router.read.getAmountsOut([parseEther('1'), path]);
  const before = await silver.read.balanceOf([alice.address]);
  const receipt = await mined(router.write.swapExactETHForTokens([amounts[2], path, alice.address, deadline], { gas, value: parseEther('1') }));
  assert.equal(await silver.read.balanceOf([alice.address]), before + amounts[2]);
  assert.equal(parseEventLogs({ abi: pairAbi, logs: receipt.logs, eventName: 'Swap' }).length, 2);
});

test('removing the liquidity gives the reserves back, by permit', async () => {
  const pair = await pairOf(salt, silver);
  const shares = await pair.read.balanceOf([alice.address]);
  const signature = await wallet.signTypedData({
    domain: { name: 'Uniswap V2', version: '1', chainId: wallet.chain.id, verifyingContract: pair.address },
    types: {
      Permit: [
        { name: 'owner', type: 'address' }, { name: 'spender', type: 'address' }, { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' }, { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: { owner: alice.address, spender: router.address, value: shares, nonce: 0n, deadline },
  });
  const [r, s, v] = [signature.slice(0, 66), `0x${signature.slice(66, 130)}`, parseInt(signature.slice(130), 16)];
  const receipt = await mined(router.write.removeLiquidityWithPermit(
    [salt.address, silver.address, shares, 0n, 0n, alice.address, deadline, false, v, r, s], { gas },
  ));
  const [burn] = parseEventLogs({ abi: pairAbi, logs: receipt.logs, eventName: 'Burn' });
  assert.equal(burn.args.to, alice.address);
  assert.equal(await pair.read.balanceOf([alice.address]), 0n);
  assert.equal(await pair.read.balanceOf([zeroAddress]), 1000n);
  const [reserve0, reserve1] = await pair.read.getReserves();
  assert.equal(await pair.read.totalSupply(), 1000n);
  assert.ok(reserve0 < 3000n && reserve1 < 3000n, 'only the locked shares are left');
});
