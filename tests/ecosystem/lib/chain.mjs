// The chain that a test file talks to: the one of HANSE_RPC_URL, or else one of its own, started as tests/js does.

import { after, before } from 'node:test';
import { defineChain } from 'viem';
import { rpc, startChain } from '../../js/lib/processes.mjs';
import { compile as compileIn } from '../../js/lib/solidity.mjs';

export { devAccount, devKey, mnemonic } from '../../js/lib/accounts.mjs';
export { againstAnvil, rpc, startChain } from '../../js/lib/processes.mjs';
export { until } from '../../js/lib/wait.mjs';

const contractsFolder = new URL('../contracts/', import.meta.url);

/** Compiles `contracts/<name>.sol`. */
export const compile = (name) => compileIn(name, contractsFolder);

/** A chain that runs already, in the form of `startChain`. */
async function runningChain(rpcUrl) {
  const chainId = Number(await rpc(rpcUrl, 'eth_chainId'));
  return { rpcUrl, wsUrl: rpcUrl.replace(/^http/, 'ws'), chainId, async stop() {} };
}

/**
 * Has a chain ready before the tests of a file, calls `prepare` with it, and ends both afterwards.
 * @param {(node: object) => Promise<(() => any) | void>} prepare returns what is to be called at the end
 */
export function withChain(prepare) {
  let node, cleanUp;
  before(async () => {
    const rpcUrl = process.env.HANSE_RPC_URL;
    node = rpcUrl ? await runningChain(rpcUrl) : await startChain();
    cleanUp = await prepare(node);
  });
  after(async () => {
    await cleanUp?.();
    await node?.stop();
  });
}

/** viem's description of the chain that `node` runs. */
export const viemChain = (node) => defineChain({
  id: node.chainId,
  name: 'Hanse',
  nativeCurrency: { name: 'Hanse', symbol: 'HNS', decimals: 18 },
  rpcUrls: { default: { http: [node.rpcUrl], webSocket: [node.wsUrl] } },
});
