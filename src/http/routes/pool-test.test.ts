import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { poolTestView, testServer } from '../../../test/support/http-fixtures.ts';
import type { PoolAddition, PoolTest, PoolTestResult } from '../ports/pools.ts';

const URL = '/api/v1/pools/test';
const SECRET = 'hunter2-secret';

/** A server whose test of a pool gives this, and what it was asked. */
function testing(result: PoolTestResult = { kind: 'tested', test: poolTestView() }) {
  const asked: PoolTest[] = [];
  const server = testServer({
    poolTests: {
      async test(request) {
        asked.push(request);
        return result;
      },
    },
  });
  const post = (body: object) => server.inject({ method: 'POST', url: URL, payload: body });
  return { server, asked, post };
}

describe('testing a pool', () => {
  test('hands on what was given and nothing else, and answers all that was found', async () => {
    const { asked, post, server } = testing();
    const response = await post({ pool: 'stratum+ssl://Pool.Example:3333', user: 'alice', password: SECRET });
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), poolTestView());
    const endpoint = { host: 'pool.example', port: 3333 };
    assert.deepEqual(asked, [{ endpoint, login: { user: 'alice', password: SECRET }, tls: true }]);
    assert.match(server.log.text, /pool tested/);
    assert.ok(!server.log.text.includes(SECRET));
  });

  test('an algorithm that is to be found out is none that is given', async () => {
    const { asked, post } = testing();
    await post({ pool: 'a.example:1', user: 'a', algorithm: ' AUTO ', tls: false, dialect: 'kaspa' });
    await post({ pool: '[2001:db8::1]:1', user: 'a', algorithm: 'RX/0', options: { tlsVerify: false } });
    const login = { user: 'a', password: '' };
    assert.deepEqual(asked, [
      { endpoint: { host: 'a.example', port: 1 }, login, tls: false, dialect: 'kaspa' },
      { endpoint: { host: '2001:db8::1', port: 1 }, login, algorithm: 'RX/0', options: { tlsVerify: false } },
    ]);
  });

  test('a pool that fails is 200 too: the failure is the answer', async () => {
    const failure = { step: 'login', message: 'wrong', poolMessage: 'no', poolCode: 24 } as const;
    const { post, server } = testing({ kind: 'tested', test: poolTestView({ failure }) });
    const response = await post({ pool: 'a.example:1', user: 'a' });
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json<{ readonly failure: unknown }>().failure, failure);
    assert.match(server.log.text, /"failed":"login"/);
  });

  for (const [result, status, code] of [
    [{ kind: 'busy' }, 503, 'busy'],
    [{ kind: 'no-difficulty' }, 422, 'invalid-value'],
    [{ kind: 'unknown-algorithm', known: ['sha256d'] }, 404, 'unknown-algorithm'],
    [{ kind: 'unknown-dialect', known: ['bitcoin-v1'] }, 422, 'unknown-dialect'],
  ] as const) {
    test(`${result.kind} is ${status}`, async () => {
      const response = await testing(result).post({ pool: 'a.example:1', user: 'a', algorithm: 'sha255' });
      assert.equal(response.statusCode, status);
      assert.equal(response.json<{ readonly error: { readonly code: string } }>().error.code, code);
    });
  }
});

describe('adding a pool that is to be asked', () => {
  test('hands the login on, and an answer that is not clear is 422 with what to give', async () => {
    const additions: PoolAddition[] = [];
    const server = testServer({
      pools: {
        async add(addition) {
          additions.push(addition);
          return { kind: 'undetermined', message: 'what it mines is not clear' };
        },
      },
    });
    const payload = { pool: 'a.example:1', algorithm: 'auto', user: 'alice', password: SECRET };
    const response = await server.inject({ method: 'POST', url: '/api/v1/pools', payload });
    assert.equal(response.statusCode, 422);
    assert.match(response.body, /undetermined-pool.*what it mines is not clear/);
    const [{ algorithm, login } = {}] = additions;
    assert.deepEqual([algorithm, login], [null, { user: 'alice', password: SECRET }]);
    assert.ok(!server.log.text.includes(SECRET));
  });
});
