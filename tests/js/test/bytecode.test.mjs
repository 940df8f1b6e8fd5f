// The Rust tests deploy a committed compilation of Coin.sol: it must be what the compiler gives today.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compile } from '../lib/solidity.mjs';

test('tests/coin.hex is Coin.sol, compiled', () => {
  const committed = readFileSync(new URL('../../coin.hex', import.meta.url), 'utf8').trim();
  assert.equal(committed, compile('Coin').bytecode.slice(2), 'run: node tests/js/lib/write-bytecode.mjs');
});
