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

/** A TCP port of the loopback interface that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
