// Compiles Counter.sol with solc 0.8.37 of npm (optimizer on, 200 runs, EVM version osaka) and writes Counter.json, its
// interface and creation code:
//
//   node compile.mjs <folder with node_modules>
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const solc = createRequire(join(resolve(process.argv[2] ?? '.'), 'node_modules', 'solc', 'index.js'))('./index.js');
const input = {
  language: 'Solidity',
  sources: { 'Counter.sol': { content: readFileSync(join(here, 'Counter.sol'), 'utf8') } },
  settings: {
    evmVersion: 'osaka',
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: 'none' },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const errors = (output.errors ?? []).filter((error) => error.severity === 'error');
if (errors.length > 0) {
  throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
}
const { abi, evm } = output.contracts['Counter.sol'].Counter;
writeFileSync(join(here, 'Counter.json'), `${JSON.stringify({ abi, bytecode: `0x${evm.bytecode.object}` }, null, 1)}\n`);
