// Results against the official schemas of github.com/ethereum/execution-apis: a session of requests over every method
// that they describe is played to a real node. `EXECUTION_APIS_DIR` names the folder; without it `execution-apis` beside
// the repository is taken, and without the data the test says so and is skipped.
//
// It fails when a case fails that `conformance/known-failures.yaml` doesn't list, and when a listed one passes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { findSpecification, loadMethods } from '../conformance/openrpc.mjs';
import { session } from '../conformance/session.mjs';
import { againstAnvil, rpc, startChain } from '../lib/processes.mjs';

const folder = findSpecification();
let node;
after(() => node?.stop());

function reasonToSkip() {
  if (againstAnvil) return 'the known failures are those of a Hanse node';
  if (!folder) return 'SKIPPED: no execution-apis found. Set EXECUTION_APIS_DIR to run this.';
  return false;
}

/** @returns {Map<string, string>} each listed case and what its failure must say */
function knownFailures() {
  const entries = parse(readFileSync(new URL('../conformance/known-failures.yaml', import.meta.url), 'utf8')) ?? [];
  const known = new Map();
  for (const { reason, failure, cases } of entries) {
    assert.ok(reason && failure && cases?.length > 0, 'a known failure has a reason, a failure and cases');
    for (const name of cases) {
      assert.ok(!known.has(name), `${name} is listed twice`);
      known.set(name, failure);
    }
  }
  return known;
}

/** @returns {Promise<string | undefined>} how a case failed */
async function play({ method, params }, methods) {
  try {
    return methods.get(method).problem(await rpc(node.rpcUrl, method, params));
  } catch (error) {
    // Only the node's answer is a failure of the case.
    if (error.code === undefined) throw error;
    return `error ${error.code}: ${error.message}`;
  }
}

test('results are as the execution API describes them', { skip: reasonToSkip() }, async (t) => {
  const methods = loadMethods(folder);
  node = await startChain();
  const cases = await session(node);
  const played = new Set(cases.map(({ method }) => method));
  const problems = [...methods.keys()].filter((name) => !played.has(name)).map((name) => `${name} isn't played`);
  const known = knownFailures();
  let passed = 0;
  for (const request of cases) {
    const failure = await play(request, methods);
    const expected = known.get(request.name);
    known.delete(request.name);
    passed += failure ? 0 : 1;
    if (failure && expected === undefined) problems.push(`${request.name} fails: ${failure}`);
    if (failure && expected && !failure.includes(expected)) problems.push(`${request.name} fails otherwise: ${failure}`);
    if (!failure && expected) problems.push(`${request.name} passes: take it off the known failures`);
  }
  problems.push(...[...known.keys()].map((name) => `${name} is a known failure but no case`));
  t.diagnostic(`${passed} of ${cases.length} cases over ${methods.size} methods are as described`);
  assert.deepEqual(problems, []);
});
