// Writes tests/coin.hex, the creation code that the Rust tests deploy:  node tests/js/lib/write-bytecode.mjs

import { writeFileSync } from 'node:fs';
import { compile } from './solidity.mjs';

writeFileSync(new URL('../../coin.hex', import.meta.url), `${compile('Coin').bytecode.slice(2)}\n`);
