import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testServer } from '../../../test/support/http-fixtures.ts';
import { REGISTRATION } from '../../../test/support/registration-calls.ts';
import type { RegisterResult } from '../ports/accounts.ts';

describe('passwords', () => {
  test('never reach the log or an answer, whatever becomes of the request', async () => {
    const secret = 'correct-horse-battery';
    const body = { ...REGISTRATION, password: secret };
    const results: (() => Promise<RegisterResult>)[] = [
      async () => ({ kind: 'created', name: '0123456789abcdef' }),
      async () => ({ kind: 'existing', name: '0123456789abcdef' }),
      async () => ({ kind: 'unknown-pool', endpoint: { host: 'a', port: 1 } }),
      async () => ({ kind: 'conflict', name: '0123456789abcdef', message: 'other mode' }),
      () => Promise.reject(new Error(`failed with ${secret}`)),
      () => Promise.reject(new TypeError('outer', { cause: `bound ["${secret}"]` })),
    ];
    const bodies: (string | object)[] = [
      body,
      { ...body, mode: 'shared' },
      { ...body, pool: 'bad' },
      { ...body, user: 5 },
      { ...body, extra: secret },
      { pool: 'a:1', user: 'u', pasword: secret },
      { pool: 'a:1', user: 'u', password: `${secret}\n` },
      { pool: 'a:1', user: 'u', password: secret.repeat(100) },
      { pool: 'a:1', user: 'u', password: [secret] },
      { ...body, backups: [body] },
      { ...body, backups: [{ ...body, pool: 'bad' }] },
      { ...REGISTRATION, backups: [{ ...body, pasword: secret }] },
      { ...REGISTRATION, workerTemplate: `{${secret}}` },
      JSON.stringify(body).slice(0, -1),
      JSON.stringify(body).replaceAll('"', "'"),
      `password=${secret}`,
      { ...body, label: 'x'.repeat(100_000) },
    ];
    for (const register of results) {
      const server = testServer({ accounts: { register } }, { limits: { requestsPerMinute: 0 } });
      for (const payload of bodies) {
        for (const type of ['application/json', 'text/xml']) {
          const response = await server.inject({
            method: 'POST',
            url: '/api/v1/users',
            headers: { 'content-type': type },
            payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
          });
          assert.ok(!response.payload.includes(secret), response.payload);
          assert.ok(!JSON.stringify(response.headers).includes(secret));
        }
      }
      assert.ok(server.log.lines.length >= bodies.length);
      assert.ok(!server.log.text.includes(secret), server.log.text);
    }
  });
});
