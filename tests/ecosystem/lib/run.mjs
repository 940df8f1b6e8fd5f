// Runs a tool's program to its end.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @returns {string} the path of a file of tests/ecosystem */
export const pathOf = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/** @returns {string} a program that npm has installed */
export const program = (name) => pathOf(`node_modules/.bin/${name}`);

/**
 * @param {string} file program; @param {string[]} args; @param {{cwd?: string, env?: Record<string, string>}} options
 * @returns {Promise<{code: number, stdout: string, stderr: string}>} also when the program fails
 */
export function run(file, args, { cwd, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024, timeout: 15 * 60_000 };
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

/** The same, for a program that must succeed; returns what it printed, trimmed. */
export async function succeed(file, args, options) {
  const { code, stdout, stderr } = await run(file, args, options);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: exit ${code}\n${stdout}\n${stderr}`);
  return stdout.trim();
}
