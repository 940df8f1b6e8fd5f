// Waiting for conditions, never for a fixed time.

import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `probe` until it returns something true, and returns that.
 * @param {string} what named in the error when the time runs out
 * @param {() => Promise<any>} probe an exception counts as "not yet"
 */
export async function until(what, probe, { timeoutMs = 20_000, everyMs = 50 } = {}) {
  const deadline = Date.now() + timeoutMs;
  let lastError;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: lastError });
    }
    await sleep(everyMs);
  }
}

// Below the range from which systems number outgoing connections (32768 and above on Linux, 49152 elsewhere): a port
// from there can be taken by any client between the question and the server's start.
const PORTS = { first: 12_000, count: 20_000 };
let step = process.pid * 97;

/** A TCP port of the loopback interface that was free a moment ago, and that no other call in this process gets. */
export async function freePort() {
  for (let tries = 0; tries < PORTS.count; tries++) {
    const port = PORTS.first + (step++ % PORTS.count);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port among the ${PORTS.count} from ${PORTS.first}`);
}

function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
