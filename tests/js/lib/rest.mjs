// A small client of the gateway's REST API, and the steps that every test begins with.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

export class Rest {
  /** @param {string} url the gateway's root; @param {Record<string, string>} headers sent with each request */
  constructor(url, headers = {}) {
    this.url = url;
    this.headers = headers;
  }

  /** The same client with further headers, such as `Authorization`. */
  with(headers) {
    return new Rest(this.url, { ...this.headers, ...headers });
  }

  async request(method, path, body, headers = {}) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...this.headers, ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }

  async get(path) {
    const answer = await this.request('GET', path);
    assert.equal(answer.status, 200, `GET ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** A POST with an idempotency key of its own; any 2xx is right. */
  async post(path, body) {
    const answer = await this.request('POST', path, body, { 'idempotency-key': randomUUID() });
    assert.ok(answer.status >= 200 && answer.status < 300, `POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Waits until the operation is final on chain; it must not have failed. */
  async finalized(operation) {
    const done = await this.get(`/operations/${operation.id}?wait=finalized&timeoutMs=20000`);
    assert.equal(done.status, 'finalized', JSON.stringify(done));
    return done;
  }

  /** A POST that the ledger carries out, until it is final on chain. */
  async settle(path, body) {
    return this.finalized((await this.post(path, body)).operation);
  }
}

/**
 * Registers an owner with one app.
 * @returns {Promise<{app: object, server: Rest}>} the app, and a client with the app's server key
 */
export async function registerApp(rest) {
  const credentials = { email: `owner-${randomUUID()}@example.com`, password: `correct horse ${randomUUID()}` };
  await rest.post('/owners', credentials);
  const session = await rest.post('/sessions', credentials);
  const owner = rest.with({ authorization: `Bearer ${session.accessToken}` });
  const app = await owner.post('/apps', { name: 'Harbour' });
  const key = await owner.post(`/apps/${app.id}/keys`, { name: 'tests' });
  const server = rest.with({ authorization: `Bearer ${key.secret}` });
  await server.finalized(app.operation);
  return { app, server, owner };
}
