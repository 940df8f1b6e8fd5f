// Starts a chain, runs the tests of test/ against it, one file after the other, and ends with a table.
//
//   node run.mjs [--against anvil] [NAME…]     NAME: files of test/ without `.test.mjs`; all of them by default
//
// A test that known-failures.json lists may fail; when it passes, the run fails until the entry is gone.

import { readFileSync, readdirSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { pathOf } from './lib/run.mjs';

const suffix = '.test.mjs';
const { values, positionals } = parseArgs({ options: { against: { type: 'string', default: 'hanse' } }, allowPositionals: true });
const peer = values.against;
const suites = readdirSync(pathOf('test')).filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
const unknown = positionals.find((name) => !suites.includes(name));
if (!['hanse', 'anvil'].includes(peer)) throw new Error(`--against ${peer}: must be hanse or anvil`);
if (unknown) throw new Error(`${unknown}: no such suite; there are ${suites.join(', ')}`);
if (peer === 'anvil') process.env.HANSE_TEST_PEER = 'anvil';

const known = JSON.parse(readFileSync(pathOf('known-failures.json'), 'utf8'))[peer];
const unmet = new Set();
const rows = [];
const { startChain } = await import('./lib/chain.mjs'); // it reads HANSE_TEST_PEER
const node = await startChain();
process.env.HANSE_RPC_URL = node.rpcUrl;
try {
  for (const name of positionals.length > 0 ? positionals : suites) rows.push(await runSuite(name));
} finally {
  await node.stop();
}

console.log(`\nAgainst ${peer}:`);
console.table(Object.fromEntries(rows.map(({ name, ...row }) => [name, row])));
for (const test of unmet) console.log(`${test} passes: take it out of known-failures.json`);
process.exitCode = unmet.size > 0 || rows.some(({ failed, passed }) => failed > 0 || passed === 0) ? 1 : 0;

/** Counts the tests of a file; those that hold others stand for none themselves. */
async function runSuite(name) {
  const row = { name, passed: 0, failed: 0, known: 0, seconds: 0 };
  const began = Date.now();
  const events = run({ files: [pathOf(`test/${name}${suffix}`)], concurrency: false, timeout: 20 * 60_000 });
  events.on('test:pass', (event) => count(event, true));
  events.on('test:fail', (event) => count(event, false));

  function count({ name: test, details }, passed) {
    const full = `${name}: ${test}`;
    // The failure of what holds a failed test says nothing new.
    if (details.type === 'suite' || details.error?.failureType === 'subtestsFailed') return;
    if (known[full]) {
      if (passed) unmet.add(full);
      else row.known += 1;
    } else if (passed) {
      row.passed += 1;
    } else {
      row.failed += 1;
    }
  }

  const printed = events.compose(new spec());
  for await (const text of printed) process.stdout.write(text);
  row.seconds = Math.round((Date.now() - began) / 1000);
  return row;
}
