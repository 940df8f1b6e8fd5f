// Compiles the contracts of this folder with the npm package of solc, against OpenZeppelin's sources.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const contractsFolder = new URL('../contracts/', import.meta.url);
const cache = new Map();

/**
 * Compiles `contracts/<name>.sol`.
 * @param {string} name file and contract name
 * @returns {{abi: object[], bytecode: `0x${string}`}}
 */
export function compile(name) {
  if (!cache.has(name)) cache.set(name, compileNow(name));
  return cache.get(name);
}

function compileNow(name) {
  const solc = require('solc');
  const input = {
    language: 'Solidity',
    sources: { [`${name}.sol`]: { content: readFileSync(new URL(`${name}.sol`, contractsFolder), 'utf8') } },
    settings: {
      // The newest EVM version that every peer of these tests executes.
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  };
  const findImport = (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const errors = (output.errors ?? []).filter((message) => message.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((message) => message.formattedMessage).join('\n'));
  const contract = output.contracts[`${name}.sol`][name];
  return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
}
