// Compiles the contracts of this folder with solc 0.8.37 and OpenZeppelin's contracts 5.7, both of npm (optimizer on,
// 200 runs, EVM version osaka), and writes the creation code of those that the tests deploy beside them, in hexadecimal:
//
//   node compile.mjs <folder with node_modules>
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../../../..');
const modules = join(resolve(process.argv[2] ?? '.'), 'node_modules');
const solc = createRequire(join(modules, 'solc', 'index.js'))('./index.js');

const input = {
  language: 'Solidity',
  sources: Object.fromEntries(
    ['Probe.sol', 'Reference.sol', 'Reference721.sol', 'Reference1155.sol', 'Receiver.sol'].map((name) => [name, { content: readFileSync(join(here, name), 'utf8') }]),
  ),
  settings: {
    evmVersion: 'osaka',
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: 'none' },
    outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
  },
};
const locate = (path) => join(path.startsWith('@') ? modules : root, path);
const find = (path) => ({ contents: readFileSync(locate(path), 'utf8') });
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
const errors = (output.errors ?? []).filter((error) => error.severity === 'error');
if (errors.length > 0) {
  throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
}
const deployed = [
  ['Probe.sol', 'Probe'],
  ['Probe.sol', 'Constructed'],
  ...['Reference', 'Reference721', 'Reference1155', 'Receiver'].map((name) => [`${name}.sol`, name]),
];
for (const [file, name] of deployed) {
  writeFileSync(join(here, `${name}.hex`), `${output.contracts[file][name].evm.bytecode.object}\n`);
}
