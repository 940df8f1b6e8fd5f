// Compiles contracts with the npm package of solc, against OpenZeppelin's sources.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const contractsFolder = new URL('../contracts/', import.meta.url);
const cache = new Map();

/**
 * Compiles `<name>.sol`.
 * @param {string} name file and contract name
 * @param {URL} folder where the file is, and from where the packages that it imports are looked for
 * @returns {{abi: object[], bytecode: `0x${string}`}}
 */
export function compile(name, folder = contractsFolder) {
  const source = new URL(`${name}.sol`, folder).href;
  if (!cache.has(source)) cache.set(source, compileNow(name, folder));
  return cache.get(source);
}

function compileNow(name, folder) {
  const solc = require('solc');
  const input = {
    language: 'Solidity',
    sources: { [`${name}.sol`]: { content: readFileSync(new URL(`${name}.sol`, folder), 'utf8') } },
    settings: {
      // The newest EVM version that every peer of these tests executes.
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  };
  const packages = createRequire(new URL('imports.cjs', folder));
  const findImport = (path) => ({ contents: readFileSync(packages.resolve(path), 'utf8') });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const errors = (output.errors ?? []).filter((message) => message.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((message) => message.formattedMessage).join('\n'));
  const contract = output.contracts[`${name}.sol`][name];
  return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
}
