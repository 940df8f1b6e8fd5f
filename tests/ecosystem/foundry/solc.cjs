#!/usr/bin/env node
// What forge needs of a native solc's command line, over the npm package of solc.

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const solc = require('solc');

const args = process.argv.slice(2);
if (args.includes('--version')) {
  // The npm build names Emscripten; forge wants the platform of a native build.
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace('Emscripten.clang', 'Linux.g++')}`);
} else if (args.includes('--standard-json')) {
  const basePath = args.includes('--base-path') ? args[args.indexOf('--base-path') + 1] : '.';
  const find = (path) => {
    try {
      return { contents: readFileSync(join(basePath, path), 'utf8') };
    } catch {
      return { error: `${path} not found` };
    }
  };
  process.stdout.write(solc.compile(readFileSync(0, 'utf8'), { import: find }));
} else {
  console.error(`not supported: ${args.join(' ')}`);
  process.exitCode = 1;
}
