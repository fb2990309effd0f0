import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { testServer } from '../../../test/support/http-fixtures.ts';
import { post, REGISTRATION } from '../../../test/support/registration-calls.ts';

/** For what is refused before it reaches a port; its registrations stay empty. */
const shared = testServer({}, { limits: { requestsPerMinute: 0 } });

describe('POST /api/v1/users', () => {
  test('413 for a body above the limit', async () => {
    const server = testServer({}, { limits: { bodyBytes: 1024 } });
    const { status, error } = await post(server, { ...REGISTRATION, label: 'x'.repeat(2000) });
    assert.equal(status, 413);
    assert.match(error, /1024 bytes/);
    assert.equal((await post(server, REGISTRATION)).status, 201);
  });

  test('429 above the rate limit, and says when to go on', async () => {
    const server = testServer({}, { limits: { requestsPerMinute: 2 } });
    assert.deepEqual(
      [
        (await post(server, REGISTRATION)).status,
        (await post(server, REGISTRATION)).status,
        (await post(server, REGISTRATION)).status,
      ],
      [201, 201, 429],
    );
    const response = await server.inject({ method: 'POST', url: '/api/v1/users', payload: REGISTRATION });
    assert.ok(Number(response.headers['retry-after']) > 0 && Number(response.headers['retry-after']) <= 60);
    assert.equal(response.headers['x-error-code'], 'rate-limited');
    const elsewhere = await server.inject({
      method: 'POST',
      url: '/api/v1/users',
      payload: REGISTRATION,
      remoteAddress: '127.0.0.2',
    });
    assert.equal(elsewhere.statusCode, 201);
  });

  test('no limit when it is 0', async () => {
    const server = testServer({}, { limits: { requestsPerMinute: 0 } });
    for (let count = 0; count < 700; count++) {
      assert.equal((await server.inject('/api/v1/version')).statusCode, 200);
    }
  });

  test('405 for other methods says which there are, in the form of the other calls', async () => {
    for (const method of ['DELETE', 'PATCH'] as const) {
      const response = await shared.inject({ method, url: '/api/v1/users' });
      assert.equal(response.statusCode, 405);
      assert.equal(response.headers['allow'], 'GET, HEAD, OPTIONS, POST, PUT');
      assert.equal(response.json<{ error: { code: string } }>().error.code, 'method-not-allowed');
    }
  });

  test('500 tells nothing of the cause; the log does, under the id that was answered', async () => {
    const server = testServer({
      accounts: {
        register: (registration) =>
          Promise.reject(
            new Error(`cannot write ${JSON.stringify(registration)}`, { cause: new Error('disk is full') }),
          ),
      },
    });
    const { status, error, code } = await post(server, { ...REGISTRATION, password: 'hunter2' });
    assert.deepEqual([status, code], [500, 'internal']);
    const id = /request ([0-9a-f]+)/.exec(error)?.[1];
    assert.ok(!error.includes('disk'));
    const line = server.log.lines.find((one) => one.startsWith('error'));
    assert.ok(line !== undefined && line.includes(`"${id}"`));
    assert.ok(line.includes('cannot write') && line.includes('disk is full'));
    assert.ok(!server.log.text.includes('hunter2'));
  });

  test('whatever the body is, the answer has two keys and is no fault', async () => {
    const server = testServer({}, { limits: { requestsPerMinute: 0 } });
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a:1', '[::1]:5', 'dedicated'));
    const body = fc.oneof(
      fc.json(),
      fc.record(
        {
          pool: fc.oneof(text, fc.jsonValue()),
          user: fc.oneof(text, fc.jsonValue()),
          password: fc.oneof(text, fc.jsonValue()),
          mode: text,
          label: text,
          workerTemplate: text,
          backups: fc.array(fc.oneof(fc.jsonValue(), fc.record({ pool: text, user: text, password: text }))),
          difficulty: fc.oneof(fc.jsonValue(), fc.record({ min: fc.double(), max: fc.jsonValue() })),
        },
        { requiredKeys: [] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const { status } = await post(server, value);
        assert.ok([200, 201, 400, 422].includes(status), String(status));
      }),
      { numRuns: 200 },
    );
  });
});
