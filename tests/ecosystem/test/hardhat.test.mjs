// The Hardhat project of hardhat/: `hardhat test` runs as its users run it, and each of its tests is reported here.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { withChain } from '../lib/chain.mjs';
import { pathOf, program, run } from '../lib/run.mjs';

let node;
withChain(async (started) => {
  node = started;
});

const suites = ['tokens', 'upgrades', 'governor', 'helpers'];
test('hardhat', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hanse-hardhat-'));
  const report = join(folder, 'report.json');
  try {
    const files = suites.map((suite) => `test/${suite}.cjs`);
    const { stdout, stderr } = await run(program('hardhat'), ['test', ...files], {
      cwd: pathOf('hardhat'),
      env: { HANSE_RPC_URL: node.rpcUrl, HANSE_RESULTS: report, HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true', CI: 'true' },
    });
    const { tests } = JSON.parse(readJson(report, () => `${stdout}\n${stderr}`));
    assert.ok(tests.length > 0, `no tests ran:\n${stdout}\n${stderr}`);
    for (const { fullTitle, err } of tests) {
      await t.test(fullTitle, () => {
        if (err.message) throw Object.assign(new Error(err.message), { stack: err.stack ?? err.message });
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function readJson(path, output) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`hardhat wrote no report:\n${output()}`, { cause: error });
  }
}
