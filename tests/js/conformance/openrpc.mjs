// The OpenRPC description of Ethereum's JSON-RPC (github.com/ethereum/execution-apis) as validators of results.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

/**
 * The folder of execution-apis: `EXECUTION_APIS_DIR`, or `execution-apis` beside the repository or under `shared` there.
 * @returns {string | undefined}
 */
export function findSpecification() {
  const named = process.env.EXECUTION_APIS_DIR;
  if (named) {
    // A folder that was named must be there.
    if (!existsSync(join(named, 'src/schemas'))) throw new Error(`EXECUTION_APIS_DIR: ${named} has no src/schemas`);
    return named;
  }
  const beside = fileURLToPath(new URL('../../../../', import.meta.url));
  return [join(beside, 'execution-apis'), join(beside, 'shared/execution-apis')]
    .find((folder) => existsSync(join(folder, 'src/schemas')));
}

/** A method and what its result must look like. */
class Method {
  constructor(name, validate) {
    this.name = name;
    this.validate = validate;
  }

  /** @returns {string | undefined} what is wrong with a result, `undefined` if nothing is */
  problem(result) {
    if (this.validate(result)) return undefined;
    // A `oneOf` reports each of its alternatives; what lies deepest says most.
    const errors = this.validate.errors.toSorted((a, b) => b.instancePath.length - a.instancePath.length);
    const lines = errors.map((error) => `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`);
    return [...new Set(lines)].slice(0, 4).join('; ');
  }
}

/**
 * Reads the methods of all families except the engine API, which a node without a consensus client doesn't have.
 * @returns {Map<string, Method>}
 */
export function loadMethods(folder) {
  const source = join(folder, 'src');
  const read = (family) => readdirSync(join(source, family))
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => parse(readFileSync(join(source, family, file), 'utf8')));
  const families = readdirSync(source, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['schemas', 'engine', 'error-groups'].includes(entry.name))
    .map((entry) => entry.name);
  const methods = families.flatMap(read).flat();
  // References are relative to the assembled document, as OpenRPC has it.
  const document = {
    components: { schemas: Object.assign({}, ...read('schemas')) },
    results: Object.fromEntries(methods.map((method) => [method.name, method.result.schema])),
  };
  // OpenRPC's own keywords (`components` …) are unknown to JSON Schema.
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addSchema(document, 'openrpc');
  const method = ({ name }) => [name, new Method(name, ajv.compile({ $ref: `openrpc#/results/${name}` }))];
  return new Map(methods.map(method));
}
