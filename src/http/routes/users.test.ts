import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { accountView, type TestServer, testServer } from '../../../test/support/http-fixtures.ts';
import { totalRow, workerReport } from '../../../test/support/report-fixtures.ts';
import { type AccountMining, miningOf } from '../mining.ts';
import type { AccountPage, AccountQuery, RegisterResult } from '../ports/accounts.ts';

const GOOD = { pool: 'pool.example.com:3333', user: 'alice', password: 'pw' };

async function post(
  server: TestServer,
  body: unknown,
  { method = 'POST', type = 'application/json' }: { method?: 'POST' | 'PUT'; type?: string | null } = {},
) {
  const response = await server.inject({
    method,
    url: '/api/v1/users',
    headers: type === null ? {} : { 'content-type': type },
    payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
  const answer: unknown = response.json();
  assert.ok(typeof answer === 'object' && answer !== null && 'name' in answer && 'error' in answer);
  assert.deepEqual(Object.keys(answer), ['name', 'error']);
  assert.match(String(response.headers['content-type']), /^application\/json/);
  const { name, error } = answer;
  assert.ok(typeof name === 'string' && typeof error === 'string');
  assert.equal(name === '', response.statusCode >= 400);
  assert.equal(error === '', response.statusCode < 400);
  return { status: response.statusCode, name, error, code: response.headers['x-error-code'] };
}

function registering(result: RegisterResult): TestServer {
  return testServer({ accounts: { register: async () => result } });
}

/** For what is refused before it reaches a port; its registrations stay empty. */
const shared = testServer({}, { limits: { requestsPerMinute: 0 } });

describe('POST /api/v1/users', () => {
  test('201 with the new name', async () => {
    const server = testServer();
    assert.deepEqual(await post(server, GOOD), {
      status: 201,
      name: '0123456789abcdef',
      error: '',
      code: undefined,
    });
    assert.deepEqual(server.registrations, [
      { endpoint: { host: 'pool.example.com', port: 3333 }, user: 'alice', password: 'pw' },
    ]);
  });

  test('200 with the same name when it is registered already', async () => {
    const { status, name } = await post(registering({ kind: 'existing', name: 'ffffffffffffffff' }), GOOD);
    assert.deepEqual([status, name], [200, 'ffffffffffffffff']);
  });

  test('PUT works like POST', async () => {
    assert.equal((await post(testServer(), GOOD, { method: 'PUT' })).status, 201);
  });

  test('404 names the call that adds the pool', async () => {
    const endpoint = { host: 'new.example', port: 1 };
    const { status, error, code } = await post(registering({ kind: 'unknown-pool', endpoint }), GOOD);
    assert.equal(status, 404);
    assert.equal(code, 'unknown-pool');
    assert.match(error, /POST \/api\/v1\/pools \{"pool":"new\.example:1","algorithm":"…"\}/);
  });

  test('409 with what is in the way, and the call that changes it', async () => {
    const { status, error } = await post(
      registering({ kind: 'conflict', name: 'ffffffffffffffff', message: 'registered with another mode' }),
      GOOD,
    );
    assert.deepEqual(
      [status, error],
      [409, 'registered with another mode, or change it with PATCH /api/v1/users/ffffffffffffffff'],
    );
  });

  test('the password may be empty or absent', async () => {
    const server = testServer();
    await post(server, { ...GOOD, password: '' });
    await post(server, { pool: GOOD.pool, user: GOOD.user });
    assert.deepEqual(
      server.registrations.map(({ password }) => password),
      ['', ''],
    );
  });

  test('host names, IPv4, IPv6 and pasted URLs are pools', async () => {
    const server = testServer();
    for (const pool of [
      'POOL.example:1',
      '127.0.0.1:3333',
      '[::1]:3333',
      'btc:3333',
      'stratum+tcp://a.b:25',
    ]) {
      assert.equal((await post(server, { ...GOOD, pool })).status, 201, pool);
    }
    assert.deepEqual(
      server.registrations.map(({ endpoint }) => endpoint),
      [
        { host: 'pool.example', port: 1 },
        { host: '127.0.0.1', port: 3333 },
        { host: '::1', port: 3333 },
        { host: 'btc', port: 3333 },
        { host: 'a.b', port: 25 },
      ],
    );
  });

  test('everything else is passed on as it was given, and nothing that was not', async () => {
    const server = testServer();
    const backups = [
      { pool: 'backup.example.com:3333', user: 'bob', password: 'pw2' },
      { pool: '[::1]:3333', user: 'carol' },
    ];
    const extras = {
      mode: 'shared',
      label: 'Farm 7 ⛏',
      difficulty: { min: 2.3e-10, max: null, sharesPerMinute: 600 },
      workerTemplate: '{user}.{worker}',
    };
    await post(server, { ...GOOD, ...extras, backups });
    await post(server, { ...GOOD, backups: [], difficulty: {}, mode: 'auto', label: '' });
    const credentials = { endpoint: { host: 'pool.example.com', port: 3333 }, user: 'alice', password: 'pw' };
    assert.deepEqual(server.registrations, [
      {
        ...credentials,
        ...extras,
        backups: [
          { endpoint: { host: 'backup.example.com', port: 3333 }, user: 'bob', password: 'pw2' },
          { endpoint: { host: '::1', port: 3333 }, user: 'carol', password: '' },
        ],
      },
      { ...credentials, backups: [], difficulty: {}, mode: 'auto', label: '' },
    ]);
  });

  test('422 for a backup of another algorithm, with both', async () => {
    const endpoint = { host: 'ltc.example.com', port: 3333 };
    const { status, error, code } = await post(
      registering({ kind: 'mixed-algorithms', endpoint, algorithm: 'scrypt', expected: 'sha256d' }),
      GOOD,
    );
    assert.deepEqual([status, code], [422, 'mixed-algorithms']);
    assert.match(error, /backup ltc\.example\.com:3333 mines scrypt, the pools before it sha256d/);
  });

  test('422 for a floor above the cap', async () => {
    const { status, error, code } = await post(
      registering({ kind: 'difficulty-range', min: 8, max: 4 }),
      GOOD,
    );
    assert.deepEqual([status, code], [422, 'invalid-value']);
    assert.equal(error, '"difficulty.min" (8) must not be above "difficulty.max" (4)');
  });

  test('422 for a mode that the pool cannot have', async () => {
    const endpoint = { host: 'rvn.example.com', port: 3333 };
    const { status, error, code } = await post(
      registering({ kind: 'not-sharable', endpoint, algorithm: 'kawpow' }),
      { ...GOOD, mode: 'shared' },
    );
    assert.deepEqual([status, code], [422, 'not-available']);
    assert.match(error, /"shared" is not available for kawpow \(rvn\.example\.com:3333\): use "auto"/);
  });

  describe('JSON under any type that curl and old clients send', () => {
    const taking = testServer();
    for (const type of [
      null,
      'application/x-www-form-urlencoded',
      'text/plain',
      'application/octet-stream',
      'application/json; charset=utf-8',
      'application/hal+json',
      '*/*',
    ]) {
      test(type ?? 'none', async () => {
        assert.equal((await post(taking, GOOD, { type })).status, 201);
      });
    }
    test('with a byte order mark', async () => {
      assert.equal((await post(testServer(), `\uFEFF${JSON.stringify(GOOD)}`)).status, 201);
    });
  });

  const refused: readonly [string, unknown, number, string, RegExp][] = [
    ['no JSON', '{"pool":', 400, 'malformed-json', /not valid JSON/],
    ['empty', '', 400, 'malformed-json', /missing|empty/],
    ['blank', '  ', 400, 'malformed-json', /empty/],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'malformed-json', /UTF-8/],
    ['an array', [], 400, 'invalid-request', /must be an object, not an array/],
    ['a text', '"text"', 400, 'invalid-request', /must be an object, not a string/],
    ['null', 'null', 400, 'malformed-json', /missing/],
    ['no pool', { user: 'a' }, 400, 'invalid-request', /the key "pool" is missing/],
    ['no user', { pool: 'a:1' }, 400, 'invalid-request', /the key "user" is missing/],
    [
      'a number for user',
      { ...GOOD, user: 5 },
      400,
      'invalid-request',
      /"user" must be a string, not a number/,
    ],
    [
      'null for password',
      { ...GOOD, password: null },
      400,
      'invalid-request',
      /"password" must be a string, not null/,
    ],
    [
      'an object for pool',
      { ...GOOD, pool: {} },
      400,
      'invalid-request',
      /"pool" must be a string, not an object/,
    ],
    [
      'a misspelt key',
      { ...GOOD, pasword: 'x' },
      400,
      'invalid-request',
      /"pasword" \(did you mean "password"\?\)/,
    ],
    ['two unknown keys', { ...GOOD, foo: 1, bar: 2 }, 400, 'invalid-request', /unknown keys "foo", "bar"/],
    [
      '__proto__ for a key',
      '{"pool":"a:1","user":"b","__proto__":{}}',
      400,
      'invalid-request',
      /unknown key "__proto__"/,
    ],
    [
      'a wrong backup',
      { ...GOOD, backups: [{ pool: 'a:1' }] },
      400,
      'invalid-request',
      /"backups\[0\]\.user" is missing/,
    ],
    [
      'an unknown key in a backup',
      { ...GOOD, backups: [{ ...GOOD, usr: 1 }] },
      400,
      'invalid-request',
      /"backups\[0\]\.usr" \(did you mean "backups\[0\]\.user"\?\)/,
    ],
    ['a pool without a port', { ...GOOD, pool: 'pool.example.com' }, 422, 'invalid-value', /host:port/],
    ['port 0', { ...GOOD, pool: 'a.b:0' }, 422, 'invalid-value', /host:port/],
    ['port 65536', { ...GOOD, pool: 'a.b:65536' }, 422, 'invalid-value', /host:port/],
    ['a wildcard pool', { ...GOOD, pool: '*.a.b:1' }, 422, 'invalid-value', /host:port/],
    ['a URL', { ...GOOD, pool: 'http://a.b:1/' }, 422, 'invalid-value', /host:port/],
    ['an empty pool', { ...GOOD, pool: '' }, 422, 'invalid-value', /"pool" must not be empty/],
    ['an empty user', { ...GOOD, user: '' }, 422, 'invalid-value', /"user" must not be empty/],
    ['a blank user', { ...GOOD, user: '  ' }, 422, 'invalid-value', /"user" must not be empty/],
    ['a long user', { ...GOOD, user: 'u'.repeat(513) }, 422, 'invalid-value', /"user" must have at most 512/],
    [
      'a long password',
      { ...GOOD, password: 'u'.repeat(513) },
      422,
      'invalid-value',
      /"password" must have at most 512/,
    ],
    [
      'a line end in user',
      { ...GOOD, user: 'a\nb' },
      422,
      'invalid-value',
      /"user" must not contain control/,
    ],
    [
      'a NUL in password',
      { ...GOOD, password: 'a\0b' },
      422,
      'invalid-value',
      /"password" must not contain control/,
    ],
    ['half a surrogate pair', { ...GOOD, user: 'a\ud800' }, 422, 'invalid-value', /surrogate/],
    [
      'an unknown mode',
      { ...GOOD, mode: 'both' },
      422,
      'invalid-value',
      /"mode" must be one of "auto", "dedicated", "shared"/,
    ],
    [
      'nine backups',
      { ...GOOD, backups: Array.from({ length: 9 }, () => GOOD) },
      422,
      'invalid-value',
      /"backups" must NOT have more than 8/,
    ],
    [
      'a backup without a port',
      { ...GOOD, backups: [GOOD, { ...GOOD, pool: 'a.b' }] },
      422,
      'invalid-value',
      /"backups\[1\]\.pool" must be host:port/,
    ],
    [
      'a backup with a blank user',
      { ...GOOD, backups: [{ ...GOOD, user: ' ' }] },
      422,
      'invalid-value',
      /"backups\[0\]\.user" must not be empty/,
    ],
    [
      'a line end in the password of a backup',
      { ...GOOD, backups: [{ ...GOOD, password: 'a\nb' }] },
      422,
      'invalid-value',
      /"backups\[0\]\.password" must not contain control/,
    ],
    [
      'a text for difficulty',
      { ...GOOD, difficulty: '8' },
      400,
      'invalid-request',
      /"difficulty" must be an object, not a string/,
    ],
    [
      'a text for its floor',
      { ...GOOD, difficulty: { min: '8' } },
      400,
      'invalid-request',
      /"difficulty\.min" must be a number, not a string/,
    ],
    [
      'an unknown bound',
      { ...GOOD, difficulty: { mn: 8 } },
      400,
      'invalid-request',
      /"difficulty\.mn" \(did you mean "difficulty\.m(?:in|ax)"\?\)/,
    ],
    [
      'difficulty 0',
      { ...GOOD, difficulty: { min: 0 } },
      422,
      'invalid-value',
      /"difficulty\.min" must be >= 1e-12/,
    ],
    [
      'too few shares',
      { ...GOOD, difficulty: { sharesPerMinute: 0.9 } },
      422,
      'invalid-value',
      /"difficulty\.sharesPerMinute" must be >= 1$/,
    ],
    [
      'too many shares',
      { ...GOOD, difficulty: { sharesPerMinute: 601 } },
      422,
      'invalid-value',
      /"difficulty\.sharesPerMinute" must be <= 600/,
    ],
    [
      'an endless difficulty',
      JSON.stringify({ ...GOOD, difficulty: { max: 8 } }).replace(':8', ':1e999'),
      400,
      'invalid-request',
      /"difficulty\.max" must be a number/,
    ],
    [
      'an unknown placeholder',
      { ...GOOD, workerTemplate: '{user}.{rig}' },
      422,
      'invalid-value',
      /"workerTemplate" must be a text in which nothing but \{user\}, \{worker\}, \{account\} stands in braces/,
    ],
    ['an empty template', { ...GOOD, workerTemplate: '' }, 422, 'invalid-value', /must not be empty/],
    [
      'a line end in a template',
      { ...GOOD, workerTemplate: '{user}\n' },
      422,
      'invalid-value',
      /"workerTemplate" must not contain control/,
    ],
  ];
  for (const [name, body, status, code, message] of refused) {
    test(`${status} for ${name}`, async () => {
      const answer = await post(shared, body);
      assert.deepEqual([answer.status, answer.code], [status, code], answer.error);
      assert.match(answer.error, message);
      assert.deepEqual(shared.registrations, []);
    });
  }

  for (const type of ['multipart/form-data; boundary=x', 'text/xml', 'text/html', 'image/png', 'nonsense']) {
    test(`415 for ${type}`, async () => {
      const { status, code } = await post(shared, GOOD, { type });
      assert.deepEqual([status, code], [415, 'unsupported-media-type']);
    });
  }

  test('413 for a body above the limit', async () => {
    const server = testServer({}, { limits: { bodyBytes: 1024 } });
    const { status, error } = await post(server, { ...GOOD, label: 'x'.repeat(2000) });
    assert.equal(status, 413);
    assert.match(error, /1024 bytes/);
    assert.equal((await post(server, GOOD)).status, 201);
  });

  test('429 above the rate limit, and says when to go on', async () => {
    const server = testServer({}, { limits: { requestsPerMinute: 2 } });
    assert.deepEqual(
      [
        (await post(server, GOOD)).status,
        (await post(server, GOOD)).status,
        (await post(server, GOOD)).status,
      ],
      [201, 201, 429],
    );
    const response = await server.inject({ method: 'POST', url: '/api/v1/users', payload: GOOD });
    assert.ok(Number(response.headers['retry-after']) > 0 && Number(response.headers['retry-after']) <= 60);
    assert.equal(response.headers['x-error-code'], 'rate-limited');
    const elsewhere = await server.inject({
      method: 'POST',
      url: '/api/v1/users',
      payload: GOOD,
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
    const { status, error, code } = await post(server, { ...GOOD, password: 'hunter2' });
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

describe('passwords', () => {
  test('never reach the log or an answer, whatever becomes of the request', async () => {
    const secret = 'correct-horse-battery';
    const body = { ...GOOD, password: secret };
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
      { ...GOOD, backups: [{ ...body, pasword: secret }] },
      { ...GOOD, workerTemplate: `{${secret}}` },
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

function listing(page: AccountPage) {
  const queries: AccountQuery[] = [];
  const server = testServer({
    accounts: {
      async list(query) {
        queries.push(query);
        return page;
      },
    },
  });
  return { queries, get: (query: string) => server.inject(`/api/v1/users${query}`) };
}

describe('GET /api/v1/users', () => {
  test('gives a page and where the next begins', async () => {
    const users = [accountView(), accountView({ name: 'ffffffffffffffff', algorithm: null })];
    const { get, queries } = listing({ users, next: 'ffffffffffffffff' });
    const response = await get('');
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), {
      users: users.map((user) => Object.assign({ mining: miningOf([], [user])(user.name) }, user)),
      next: 'ffffffffffffffff',
    });
    assert.deepEqual(queries, [{ limit: 100, after: null, search: null }]);
  });

  test('shows what the miners of each user do, from one look at all of them', async () => {
    const users = [accountView(), accountView({ name: 'ffffffffffffffff' })];
    const totals = users.map(({ name }, at) =>
      totalRow({ account: name, workFound: 100, workAtPool: 90 + at, sharesAtPool: 9 }),
    );
    let asked = 0;
    const server = testServer({
      accounts: { list: async () => ({ users, next: null }) },
      reports: {
        async read() {
          asked += 1;
          return [workerReport({ totals })];
        },
      },
    });
    const page = (await server.inject('/api/v1/users')).json<{
      readonly users: readonly { readonly mining: AccountMining }[];
    }>();
    assert.deepEqual(
      page.users.map(({ mining }) => [mining.efficiency, mining.pools.length]),
      [
        [0.9, 1],
        [0.91, 1],
      ],
    );
    assert.equal(asked, 1);
  });

  test('the last page has no next', async () => {
    assert.deepEqual((await listing({ users: [], next: null }).get('')).json(), { users: [], next: null });
  });

  test('passes on the filters', async () => {
    const { get, queries } = listing({ users: [], next: null });
    await get('?limit=5&after=00000000000000AF&search=Hall%203');
    await get('?search=%20');
    assert.deepEqual(queries, [
      { limit: 5, after: '00000000000000af', search: 'hall 3' },
      { limit: 100, after: null, search: null },
    ]);
  });

  const { get } = listing({ users: [], next: null });
  const refused: readonly [string, number, RegExp][] = [
    ['?limit=0', 422, /"limit\\" must be >= 1/],
    ['?limit=1001', 422, /"limit\\" must be <= 1000/],
    ['?limit=ten', 400, /"limit\\" must be an integer, not a string/],
    ['?after=5', 422, /"after\\" must be the \\"next\\" of the page before/],
    ['?serch=5', 400, /"serch\\" \(did you mean \\"search\\"\?\)/],
  ];
  for (const [query, status, message] of refused) {
    test(`${status} for ${query}`, async () => {
      const response = await get(query);
      assert.equal(response.statusCode, status);
      assert.match(response.payload, message);
      assert.deepEqual(Object.keys(response.json()), ['error']);
    });
  }
});
