// Starts the real binaries on free ports with data of their own, and ends them by process id.
//
//   HANSE_BIN_DIR           folder of the built binaries; default: release folder of the build
//   HANSE_TEST_PEER=anvil   the Ethereum tests run against anvil: the tests themselves are then tested

import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, until } from './wait.mjs';

/** True when the tests run against anvil instead of a Hanse node. */
export const againstAnvil = process.env.HANSE_TEST_PEER === 'anvil';

function binary(name) {
  const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), '.cache/hanse/target');
  const path = join(process.env.HANSE_BIN_DIR ?? join(target, 'release'), name);
  if (!existsSync(path)) throw new Error(`${path} is missing: build it, or name its folder by HANSE_BIN_DIR`);
  return path;
}

/** A child process with its log in a file; `stop()` ends it and waits until it is gone. */
class Service {
  constructor(name, program, args, environment, folder) {
    this.name = name;
    this.logPath = join(folder, `${name}.log`);
    const log = createWriteStream(this.logPath);
    // The gateway takes every HANSE_GATEWAY_ variable for a setting: those of the caller's shell are not meant.
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('HANSE_GATEWAY_'));
    // With setpriv the kernel ends the child when this process is killed and can do nothing any more.
    const [file, ...rest] = existsSync('/usr/bin/setpriv')
      ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--', program, ...args]
      : [program, ...args];
    this.child = spawn(file, rest, {
      env: { ...Object.fromEntries(inherited), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout.pipe(log, { end: false });
    this.child.stderr.pipe(log, { end: false });
    this.gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.endWithParent = () => this.child.kill('SIGKILL');
    process.once('exit', this.endWithParent);
  }

  get running() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  logTail(lines = 30) {
    return readFileSync(this.logPath, 'utf8').split('\n').slice(-lines).join('\n');
  }

  /** Waits until `probe` holds; fails at once when the process has ended. */
  async ready(probe) {
    try {
      await until(`${this.name} is ready`, async () => !this.running || probe(), { timeoutMs: 240_000, everyMs: 100 });
      if (!this.running) throw new Error(`${this.name} has ended`);
    } catch (error) {
      throw new Error(`${error.message}\n--- ${this.name}\n${this.logTail()}`, { cause: error });
    }
  }

  async stop() {
    process.removeListener('exit', this.endWithParent);
    if (!this.running) return;
    this.child.kill('SIGTERM');
    const patience = setTimeout(() => this.child.kill('SIGKILL'), 15_000);
    await this.gone;
    clearTimeout(patience);
  }
}

/** One JSON-RPC call over HTTP; throws with the server's message and `code`. */
export async function rpc(url, method, params = []) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const answer = await response.json();
  if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
  return answer.result;
}

/**
 * Starts a one-node chain.
 * @returns {Promise<{rpcUrl: string, wsUrl: string, chainId: number, stop: () => Promise<void>}>}
 */
export async function startChain() {
  const folder = mkdtempSync(join(tmpdir(), 'hanse-js-'));
  const port = await freePort();
  const rpcUrl = `http://127.0.0.1:${port}`;
  const service = againstAnvil
    ? new Service('anvil', anvilPath(), ['--host', '127.0.0.1', '--port', String(port), '--chain-id', '4269'], {}, folder)
    : new Service('hanse-node', binary('hanse-node'), [
      '--dev', '--base-path', join(folder, 'data'), '--rpc-port', String(port), '--port', String(await freePort()),
      '--no-prometheus',
    ], {}, folder);
  await service.ready(async () => (await rpc(rpcUrl, 'eth_chainId')) !== undefined);
  return {
    rpcUrl,
    wsUrl: `ws://127.0.0.1:${port}`,
    chainId: 4269,
    log: () => service.logTail(),
    async stop() {
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function anvilPath() {
  return fileURLToPath(new URL('../node_modules/.bin/anvil', import.meta.url));
}

/**
 * Starts a gateway on an embedded database of its own.
 * @param {{rpcUrl: string}} chain
 */
export async function startGateway(chain) {
  const folder = mkdtempSync(join(tmpdir(), 'hanse-js-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const service = new Service('hanse-gateway', binary('hanse-gateway'), ['serve'], {
    HANSE_GATEWAY_DATA_DIR: join(folder, 'data'),
    HANSE_GATEWAY_SERVER__LISTEN: `127.0.0.1:${port}`,
    HANSE_GATEWAY_METRICS__LISTEN: `127.0.0.1:${await freePort()}`,
    HANSE_GATEWAY_CHAIN__RPC_URL: chain.rpcUrl,
  }, folder);
  await service.ready(async () => (await fetch(`${url}/health/ready`)).ok);
  return {
    url,
    log: () => service.logTail(),
    async stop() {
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
