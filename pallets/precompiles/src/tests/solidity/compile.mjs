// Compiles Probe.sol with solc 0.8.37 of npm (optimizer on, 200 runs, EVM version osaka), and writes the creation code
// of the contracts that the tests deploy, in hexadecimal, beside it:
//
//   node compile.mjs <folder with node_modules/solc>
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../../../..');
const solc = createRequire(join(resolve(process.argv[2] ?? '.'), 'package.json'))('solc');

const input = {
  language: 'Solidity',
  sources: { 'Probe.sol': { content: readFileSync(join(here, 'Probe.sol'), 'utf8') } },
  settings: {
    evmVersion: 'osaka',
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: 'none' },
    outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
  },
};
const output = JSON.parse(
  solc.compile(JSON.stringify(input), { import: (path) => ({ contents: readFileSync(join(root, path), 'utf8') }) }),
);
const errors = (output.errors ?? []).filter((error) => error.severity === 'error');
if (errors.length > 0) {
  throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
}
for (const name of ['Probe', 'Constructed']) {
  writeFileSync(join(here, `${name}.hex`), `${output.contracts['Probe.sol'][name].evm.bytecode.object}\n`);
}
