import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { accountView, type TestServer, testServer } from '../../../test/support/http-fixtures.ts';
import { sessionRow, totalRow, workerReport } from '../../../test/support/report-fixtures.ts';
import { miningOf } from '../mining.ts';
import type { AccountChange, UpdateAccountResult } from '../ports/accounts.ts';

const NAME = '0123456789abcdef';
const URL_OF_USER = `/api/v1/users/${NAME}`;

/** Every change that reached the port, which answers each with `result`. */
function changing(
  result: UpdateAccountResult = { kind: 'updated', account: accountView({ revision: 2 }), changed: [] },
) {
  const changes: AccountChange[] = [];
  const names: string[] = [];
  const server = testServer(
    {
      accounts: {
        async update(name, change) {
          names.push(name);
          changes.push(change);
          return result;
        },
      },
    },
    { limits: { requestsPerMinute: 0 } },
  );
  return { server, changes, names, patch: (body: unknown) => patch(server, body) };
}

async function patch(server: TestServer, body: unknown, url = URL_OF_USER) {
  const response = await server.inject({
    method: 'PATCH',
    url,
    headers: { 'content-type': 'application/merge-patch+json' },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer = response.json<{ error?: { code: string; message: string } }>();
  if (response.statusCode >= 400) {
    assert.deepEqual(Object.keys(answer), ['error']);
    assert.equal(answer.error?.code, response.headers['x-error-code']);
  }
  return {
    status: response.statusCode,
    code: answer.error?.code,
    message: answer.error?.message ?? '',
    answer: answer as unknown,
  };
}

describe('the name in the path', () => {
  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    test(`${method}: is taken in any case`, async () => {
      const names: string[] = [];
      const server = testServer({
        accounts: {
          show: async (name) => {
            names.push(name);
            return accountView({ name });
          },
          update: async (name) => {
            names.push(name);
            return { kind: 'updated', account: accountView({ name }), changed: [] };
          },
          delete: async (name) => {
            names.push(name);
            return { kind: 'deleted' };
          },
        },
      });
      const payload = method === 'PATCH' ? { payload: {} } : {};
      const url = '/api/v1/users/0123456789ABCdef';
      assert.ok((await server.inject({ method, url, ...payload })).statusCode < 300);
      assert.deepEqual(names, [NAME]);
    });

    test(`${method}: 422 for what is no name, 404 for one that nobody has`, async () => {
      const server = testServer({
        accounts: {
          show: async () => null,
          update: async () => ({ kind: 'not-found' }),
          delete: async () => ({ kind: 'not-found' }),
        },
      });
      const payload = method === 'PATCH' ? { payload: {} } : {};
      for (const name of ['alice', '0123456789abcde', '0123456789abcdef0', '0123456789abcdeg', '%00']) {
        const response = await server.inject({ method, url: `/api/v1/users/${name}`, ...payload });
        assert.equal(response.statusCode, 422, name);
        assert.match(response.payload, /\\"name\\" must be 16 hex digits/);
      }
      const response = await server.inject({ method, url: URL_OF_USER, ...payload });
      assert.equal(response.statusCode, 404);
      assert.deepEqual(response.json(), {
        error: {
          code: 'unknown-user',
          message: `there is no user ${NAME}: GET /api/v1/users lists those there are`,
        },
      });
    });
  }

  test('405 for other methods', async () => {
    const response = await testServer().inject({ method: 'POST', url: URL_OF_USER, payload: {} });
    assert.equal(response.statusCode, 405);
    assert.equal(response.headers['allow'], 'DELETE, GET, HEAD, OPTIONS, PATCH');
    assert.deepEqual(Object.keys(response.json()), ['error']);
  });
});

describe('GET /api/v1/users/{name}', () => {
  test('shows the user', async () => {
    const account = accountView({
      backups: [{ pool: '[::1]:3333', user: 'bob', hasPassword: false, algorithm: null }],
      difficulty: { min: 2.3e-10, max: null, sharesPerMinute: 0.5 },
    });
    const reports = [
      workerReport({
        sessions: [sessionRow({ account: NAME, pool: 'one:1' })],
        totals: [totalRow({ account: NAME, pool: 'one:1', workFound: 8, workAtPool: 6, sharesAtPool: 4 })],
      }),
    ];
    let asked = 0;
    const server = testServer({
      accounts: { show: async () => account },
      reports: {
        async read() {
          asked += 1;
          return reports;
        },
      },
    });
    const response = await server.inject(URL_OF_USER);
    assert.equal(response.statusCode, 200);
    const mining = miningOf(reports, [account])(NAME);
    assert.deepEqual([mining.miners, mining.efficiency, mining.efficiencyError], [1, 0.75, 0.5]);
    assert.deepEqual(response.json(), { ...account, mining });
    assert.equal(asked, 1);
  });

  test('does not ask for reports where there is no such user', async () => {
    const server = testServer({
      accounts: { show: async () => null },
      reports: { read: () => Promise.reject(new Error('asked')) },
    });
    assert.equal((await server.inject(URL_OF_USER)).statusCode, 404);
  });

  test('shows nothing that the description does not name, whatever comes from below', async () => {
    const entry = { pool: 'a:1', user: 'bob', hasPassword: true, algorithm: 'sha256d', password: 'hunter2' };
    const leaky = { ...accountView(), password: 'hunter2', backups: [entry] };
    const server = testServer({
      accounts: {
        show: async () => leaky,
        update: async () => ({ kind: 'updated', account: leaky, changed: [] }),
        list: async () => ({ users: [leaky], next: null }),
      },
    });
    for (const response of [
      await server.inject(URL_OF_USER),
      await server.inject('/api/v1/users'),
      await server.inject({ method: 'PATCH', url: URL_OF_USER, payload: {} }),
    ]) {
      assert.equal(response.statusCode, 200);
      assert.ok(!response.payload.includes('hunter2'));
    }
  });
});

describe('PATCH /api/v1/users/{name}', () => {
  test('200 with the user as it is now', async () => {
    const { server, patch } = changing();
    const { status, answer } = await patch({ label: 'new' });
    assert.equal(status, 200);
    assert.deepEqual(answer, accountView({ revision: 2 }));
    assert.match(server.log.text, /info account changed .*"given":"label".*"revision":2/);
  });

  const taken: readonly [string, object, AccountChange][] = [
    ['nothing', {}, {}],
    ['the password alone', { password: 'new' }, { password: 'new' }],
    ['the pool alone', { pool: 'A.b:1' }, { endpoint: { host: 'a.b', port: 1 } }],
    ['the user alone', { user: 'bob' }, { user: 'bob' }],
    [
      'backups, each with or without a password',
      {
        backups: [
          { pool: 'a.b:1', user: 'u', password: '' },
          { pool: '[::1]:2', user: 'v' },
        ],
      },
      {
        backups: [
          { endpoint: { host: 'a.b', port: 1 }, user: 'u', password: '' },
          { endpoint: { host: '::1', port: 2 }, user: 'v' },
        ],
      },
    ],
    ['no backups', { backups: [] }, { backups: [] }],
    ['one bound', { difficulty: { min: 8 } }, { difficulty: { min: 8 } }],
    ['the share rate', { difficulty: { sharesPerMinute: 60 } }, { difficulty: { sharesPerMinute: 60 } }],
    ['a bound taken away', { difficulty: { max: null } }, { difficulty: { max: null } }],
    [
      'mode, label and template',
      { mode: 'shared', label: 'x', workerTemplate: 'farm.{worker}' },
      { mode: 'shared', label: 'x', workerTemplate: 'farm.{worker}' },
    ],
    [
      'null for the default',
      { password: null, backups: null, mode: null, label: null, difficulty: null, workerTemplate: null },
      {
        password: '',
        backups: [],
        mode: 'auto',
        label: '',
        difficulty: { min: null, max: null, sharesPerMinute: null },
        workerTemplate: '{user}',
      },
    ],
  ];
  for (const [name, body, change] of taken) {
    test(`takes ${name}`, async () => {
      const { patch, changes, names } = changing();
      assert.equal((await patch(body)).status, 200);
      assert.deepEqual(changes, [change]);
      assert.deepEqual(names, [NAME]);
    });
  }

  const silent = changing();
  const refused: readonly [string, unknown, number, string, RegExp][] = [
    ['no JSON', '{"pool":', 400, 'malformed-json', /not valid JSON/],
    ['no body', '', 400, 'malformed-json', /empty/],
    ['null', 'null', 400, 'malformed-json', /missing/],
    ['an array', [], 400, 'invalid-request', /must be an object, not an array/],
    ['an unknown key', { pasword: 'x' }, 400, 'invalid-request', /"pasword" \(did you mean "password"\?\)/],
    ['what only we decide', { name: NAME }, 400, 'invalid-request', /unknown key "name"/],
    ['what was shown', accountView(), 400, 'invalid-request', /unknown keys .*"hasPassword"/],
    ['null for pool', { pool: null }, 400, 'invalid-request', /"pool" must be a string, not null/],
    ['null for user', { user: null }, 400, 'invalid-request', /"user" must be a string, not null/],
    ['a number for label', { label: 5 }, 400, 'invalid-request', /"label" must be a string, not a number/],
    [
      'an object for backups',
      { backups: {} },
      400,
      'invalid-request',
      /"backups" must be an array, not an object/,
    ],
    [
      'a backup without a user',
      { backups: [{ pool: 'a:1' }] },
      400,
      'invalid-request',
      /backups\[0\]\.user" is missing/,
    ],
    ['an unknown bound', { difficulty: { low: 1 } }, 400, 'invalid-request', /"difficulty\.low"/],
    ['a pool without a port', { pool: 'a.b' }, 422, 'invalid-value', /"pool" must be host:port/],
    ['a blank user', { user: ' ' }, 422, 'invalid-value', /"user" must not be empty/],
    [
      'an unknown mode',
      { mode: 'both' },
      422,
      'invalid-value',
      /"mode" must be one of "auto", "dedicated", "shared"/,
    ],
    ['a long label', { label: 'x'.repeat(129) }, 422, 'invalid-value', /"label" must have at most 128/],
    ['a tab in the label', { label: 'a\tb' }, 422, 'invalid-value', /"label" must not contain control/],
    ['difficulty 0', { difficulty: { max: 0 } }, 422, 'invalid-value', /"difficulty\.max" must be >= 1e-12/],
    ['a bad template', { workerTemplate: '{x}' }, 422, 'invalid-value', /"workerTemplate" must be a text/],
    [
      'nine backups',
      { backups: Array.from({ length: 9 }, () => ({ pool: 'a:1', user: 'u' })) },
      422,
      'invalid-value',
      /"backups"/,
    ],
  ];
  for (const [name, body, status, code, message] of refused) {
    test(`${status} for ${name}`, async () => {
      const answer = await silent.patch(body);
      assert.deepEqual([answer.status, answer.code], [status, code], answer.message);
      assert.match(answer.message, message);
      assert.deepEqual(silent.changes, []);
    });
  }

  const endpoint = { host: 'ltc.example.com', port: 3333 };
  const refusals: readonly [UpdateAccountResult, number, string, RegExp][] = [
    [{ kind: 'unknown-pool', endpoint }, 404, 'unknown-pool', /add it first with POST \/api\/v1\/pools/],
    [{ kind: 'conflict', name: 'f'.repeat(16), message: 'taken by f' }, 409, 'conflict', /^taken by f$/],
    [
      { kind: 'mixed-algorithms', endpoint, algorithm: 'scrypt', expected: 'sha256d' },
      422,
      'mixed-algorithms',
      /ltc\.example\.com:3333 mines scrypt/,
    ],
    [{ kind: 'difficulty-range', min: 2, max: 1 }, 422, 'invalid-value', /\(2\) must not be above/],
    [{ kind: 'not-sharable', endpoint, algorithm: 'x11' }, 422, 'not-available', /not available for x11/],
  ];
  for (const [result, status, code, message] of refusals) {
    test(`${status} ${code} for what the store refuses`, async () => {
      const { patch, server } = changing(result);
      const answer = await patch({ label: 'x' });
      assert.deepEqual([answer.status, answer.code], [status, code]);
      assert.match(answer.message, message);
      assert.doesNotMatch(server.log.text, /account changed/);
    });
  }

  test('415 and 413 as everywhere', async () => {
    const server = testServer({}, { limits: { bodyBytes: 1024 } });
    const send = (type: string, payload: string) =>
      server.inject({ method: 'PATCH', url: URL_OF_USER, headers: { 'content-type': type }, payload });
    assert.equal((await send('text/xml', '{}')).statusCode, 415);
    const long = await send('application/json', JSON.stringify({ label: 'x'.repeat(2000) }));
    assert.equal(long.statusCode, 413);
    assert.deepEqual(Object.keys(long.json()), ['error']);
    assert.equal((await send('application/x-www-form-urlencoded', '{"label":"curl -d"}')).statusCode, 200);
  });

  test('whatever the body is, it is no fault', async () => {
    const { patch, server } = changing();
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a:1', 'shared', '{user}'));
    const any = fc.oneof(text, fc.jsonValue());
    const keys = [
      'pool',
      'user',
      'password',
      'backups',
      'mode',
      'label',
      'difficulty',
      'workerTemplate',
    ] as const;
    const body = fc.oneof(
      fc.json(),
      fc.record(Object.fromEntries(keys.map((key) => [key, any])), { requiredKeys: [] }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const { status } = await patch(value);
        assert.ok([200, 400, 422].includes(status), String(status));
      }),
      { numRuns: 200 },
    );
    assert.doesNotMatch(server.log.text, /^error/m);
  });

  test('no password reaches the log or an answer, whatever becomes of the request', async () => {
    const secret = 'correct-horse-battery';
    const results: (() => Promise<UpdateAccountResult>)[] = [
      async () => ({ kind: 'updated', account: accountView(), changed: [] }),
      async () => ({ kind: 'not-found' }),
      async () => ({ kind: 'conflict', name: NAME, message: 'taken' }),
      () => Promise.reject(new Error(`failed with ${secret}`)),
      () => Promise.reject(new TypeError('outer', { cause: `bound ["${secret}"]` })),
    ];
    const backup = { pool: 'a:1', user: 'u', password: secret };
    const bodies: object[] = [
      { password: secret },
      { backups: [backup] },
      { backups: [backup, { ...backup, pool: 'bad' }], password: 'other' },
      { password: `${secret}\n` },
      { password: [secret] },
      { password: secret.repeat(50) },
      { pasword: secret },
      { backups: [{ ...backup, pasword: secret }] },
    ];
    for (const update of results) {
      const server = testServer({ accounts: { update } }, { limits: { requestsPerMinute: 0 } });
      for (const body of bodies) {
        const { answer } = await patch(server, body);
        assert.ok(!JSON.stringify(answer).includes(secret));
      }
      assert.ok(server.log.lines.length >= bodies.length);
      assert.ok(!server.log.text.includes(secret), server.log.text);
    }
  });
});

describe('DELETE /api/v1/users/{name}', () => {
  test('204 without a body', async () => {
    const server = testServer();
    const response = await server.inject({ method: 'DELETE', url: URL_OF_USER });
    assert.deepEqual([response.statusCode, response.payload], [204, '']);
    assert.match(server.log.text, /info account deleted \{"account":"0123456789abcdef"/);
  });

  test('a content type without content, and content that nobody asked for, change nothing', async () => {
    const server = testServer();
    for (const payload of ['', '{}', 'anything']) {
      const response = await server.inject({
        method: 'DELETE',
        url: URL_OF_USER,
        headers: { 'content-type': 'application/json' },
        payload,
      });
      assert.equal(response.statusCode, 204, payload);
    }
  });
});
