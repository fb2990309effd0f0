import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EQUIHASH, poolView, SHA256D, testServer } from '../../../test/support/http-fixtures.ts';
import { NO_POOL_OPTIONS } from '../../domain/pool-options.ts';
import type {
  AddPoolResult,
  PoolAddition,
  PoolChange,
  PoolPage,
  PoolQuery,
  UpdatePoolResult,
} from '../ports/pools.ts';

const GOOD = { pool: '127.0.0.1:3333', algorithm: 'sha256d' };

function adding(result: AddPoolResult) {
  const additions: PoolAddition[] = [];
  const server = testServer({
    pools: {
      async add(addition) {
        additions.push(addition);
        return result;
      },
      list: async () => ({ pools: [], next: null }),
    },
  });
  return {
    additions,
    post: (payload: object | string) =>
      server.inject({
        method: 'POST',
        url: '/api/v1/pools',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      }),
  };
}

function listing(page: PoolPage) {
  const queries: PoolQuery[] = [];
  const server = testServer({
    pools: {
      add: async () => ({ kind: 'conflict', message: '' }),
      async list(query) {
        queries.push(query);
        return page;
      },
    },
  });
  return { queries, get: (query: string) => server.inject(`/api/v1/pools${query}`) };
}

const view = poolView({ pool: '127.0.0.1:3333', source: 'operator', coin: '' });

function changing(result: UpdatePoolResult = { kind: 'updated', pool: view, changed: [] }) {
  const changes: (readonly [address: string, change: PoolChange])[] = [];
  const server = testServer({
    pools: {
      async update({ host, port }, change) {
        changes.push([`${host}:${port}`, change]);
        return result;
      },
    },
  });
  const patch = (pool: string, body: object) =>
    server.inject({
      method: 'PATCH',
      url: `/api/v1/pools/${pool}`,
      headers: { 'content-type': 'application/merge-patch+json' },
      payload: JSON.stringify(body),
    });
  return { changes, patch, log: server.log };
}

describe('POST /api/v1/pools', () => {
  test('201 with the pool as it is now', async () => {
    const { post, additions } = adding({ kind: 'created', pools: [view] });
    const response = await post(GOOD);
    assert.equal(response.statusCode, 201);
    assert.deepEqual(response.json(), view);
    assert.deepEqual(additions, [
      { pattern: { host: '127.0.0.1', ports: [3333] }, algorithm: 'sha256d', tls: false },
    ]);
  });

  test('200 when it was there already', async () => {
    const response = await adding({ kind: 'existing', pools: [view] }).post(GOOD);
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), view);
  });

  test('takes wildcards, several ports, names without a dot and IPv6', async () => {
    const { post } = adding({ kind: 'created', pools: [view] });
    for (const [pool, shown] of [
      ['*.nicehash.com:3334', '*.nicehash.com:3334'],
      ['btc:1', 'btc:1'],
      ['10.0.0.5:3333,3334', '10.0.0.5:3333,3334'],
      ['[::1]:3333', '[::1]:3333'],
      ['STRATUM+TCP://A.b:1', 'a.b:1'],
    ]) {
      const response = await post({ ...GOOD, pool });
      assert.equal(response.statusCode, 201, pool);
      assert.equal(response.json<{ pool: string }>().pool, shown);
    }
  });

  test('passes on TLS, dialect and label; an ssl address means TLS', async () => {
    const { post, additions } = adding({ kind: 'created', pools: [view] });
    await post({ ...GOOD, tls: true, dialect: 'bitcoin-v1', label: 'home' });
    await post({ ...GOOD, pool: 'stratum+ssl://a.b:443' });
    await post({ ...GOOD, pool: 'ssl://a.b:443', tls: false });
    assert.deepEqual(
      additions.map(({ tls, dialect, label }) => [tls, dialect, label]),
      [
        [true, 'bitcoin-v1', 'home'],
        [true, undefined, undefined],
        [false, undefined, undefined],
      ],
    );
  });

  test('passes on the options that are given', async () => {
    const { post, additions } = adding({ kind: 'created', pools: [view] });
    const options = { suggestDifficulty: 0.001, passwordTemplate: '{password},d={difficulty}' };
    await post({ ...GOOD, options: { ...options, jobTimeoutSeconds: null } });
    await post({ ...GOOD, options: {} });
    assert.deepEqual(
      additions.map((addition) => addition.options),
      [{ ...options, jobTimeoutSeconds: null }, {}],
    );
  });

  test('422 for a template that names a difficulty where there is none', async () => {
    const options = { passwordTemplate: 'd={difficulty}' };
    const response = await adding({ kind: 'no-difficulty' }).post({ ...GOOD, options });
    assert.equal(response.statusCode, 422);
    assert.match(response.payload, /"invalid-value".*options\.suggestDifficulty/);
  });

  test('404 for an unknown algorithm, with the nearest and where the list is', async () => {
    const response = await adding({ kind: 'unknown-algorithm', known: ['scrypt', 'sha256d'] }).post({
      ...GOOD,
      algorithm: 'sha256',
    });
    assert.equal(response.statusCode, 404);
    assert.deepEqual(response.json(), {
      error: {
        code: 'unknown-algorithm',
        message:
          'there is no algorithm "sha256" (did you mean "sha256d"?): GET /api/v1/algorithms lists those there are',
      },
    });
  });

  test('409 for a pool that is listed with other properties', async () => {
    const response = await adding({ kind: 'conflict', message: 'it is listed as scrypt' }).post(GOOD);
    assert.equal(response.statusCode, 409);
    assert.deepEqual(response.json(), { error: { code: 'conflict', message: 'it is listed as scrypt' } });
  });

  test('422 for a dialect the algorithm does not have', async () => {
    const response = await adding({ kind: 'unknown-dialect', known: ['bitcoin-v1'] }).post({
      ...GOOD,
      dialect: 'kawpow',
    });
    assert.equal(response.statusCode, 422);
    assert.match(
      response.payload,
      /unknown-dialect.*not mined with the dialect \\"kawpow\\": it has bitcoin-v1/,
    );
  });

  const { post, additions } = adding({ kind: 'created', pools: [view] });
  const refused: readonly [string, object | string, number, string][] = [
    ['no JSON', '{', 400, 'malformed-json'],
    ['no algorithm', { pool: 'a:1' }, 400, 'invalid-request'],
    ['an unknown key', { ...GOOD, algo: 'x' }, 400, 'invalid-request'],
    ['a text for tls', { ...GOOD, tls: 'yes' }, 400, 'invalid-request'],
    ['a pool without a port', { ...GOOD, pool: 'a' }, 422, 'invalid-value'],
    ['a star in the middle', { ...GOOD, pool: 'a.*.b:1' }, 422, 'invalid-value'],
    ['a star alone', { ...GOOD, pool: '*:1' }, 422, 'invalid-value'],
    ['an empty algorithm', { ...GOOD, algorithm: '' }, 422, 'invalid-value'],
    ['a line end in the label', { ...GOOD, label: 'a\nb' }, 422, 'invalid-value'],
    ['null for the options', { ...GOOD, options: null }, 400, 'invalid-request'],
    ['an unknown option', { ...GOOD, options: { jobTimeout: 60 } }, 400, 'invalid-request'],
    ['a text for an option', { ...GOOD, options: { suggestDifficulty: '5' } }, 400, 'invalid-request'],
    ['a time that is too short', { ...GOOD, options: { jobTimeoutSeconds: 9 } }, 422, 'invalid-value'],
    ['a time that is too long', { ...GOOD, options: { jobTimeoutSeconds: 86_401 } }, 422, 'invalid-value'],
    ['a difficulty of 0', { ...GOOD, options: { suggestDifficulty: 0 } }, 422, 'invalid-value'],
    ['an empty template', { ...GOOD, options: { passwordTemplate: '' } }, 422, 'invalid-value'],
    ['an unknown placeholder', { ...GOOD, options: { passwordTemplate: '{user}' } }, 422, 'invalid-value'],
    ['a line end in the template', { ...GOOD, options: { passwordTemplate: 'a\nb' } }, 422, 'invalid-value'],
  ];
  for (const [name, body, status, code] of refused) {
    test(`${status} for ${name}`, async () => {
      const response = await post(body);
      assert.equal(response.statusCode, status);
      assert.equal(response.json<{ error: { code: string } }>().error.code, code);
      assert.deepEqual(Object.keys(response.json()), ['error']);
      assert.deepEqual(additions, []);
    });
  }
});

describe('PATCH /api/v1/pools/{pool}', () => {
  test('200 with the pool as it is now', async () => {
    const { patch, log } = changing();
    const response = await patch('127.0.0.1:3333', { options: { jobTimeoutSeconds: 60 }, label: 'x' });
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), view);
    assert.match(log.text, /info pool changed .*"pool":"127\.0\.0\.1:3333","given":"options label"/);
  });

  const taken: readonly [pool: string, body: object, address: string, change: PoolChange][] = [
    ['a.b:1', {}, 'a.b:1', {}],
    ['A.b:1', { label: 'x' }, 'a.b:1', { label: 'x' }],
    ['*.a.b:1', { label: null }, '*.a.b:1', { label: '' }],
    ['%2A.a.b%3A1', { options: {} }, '*.a.b:1', { options: {} }],
    ['[::1]:1', { options: { suggestDifficulty: 8 } }, '::1:1', { options: { suggestDifficulty: 8 } }],
    [
      '%5B::1%5D:1',
      { options: { suggestDifficulty: null } },
      '::1:1',
      { options: { suggestDifficulty: null } },
    ],
    ['a.b:1', { options: null }, 'a.b:1', { options: NO_POOL_OPTIONS }],
  ];
  for (const [pool, body, address, change] of taken) {
    test(`takes ${pool} ${JSON.stringify(body)}`, async () => {
      const { patch, changes } = changing();
      assert.equal((await patch(pool, body)).statusCode, 200);
      assert.deepEqual(changes, [[address, change]]);
    });
  }

  const silent = changing();
  const refused: readonly [pool: string, body: object, status: number, RegExp][] = [
    ['a.b', {}, 422, /one entry of the list/],
    ['a.b:1,2', {}, 422, /one entry of the list/],
    ['a.b:0', {}, 422, /one entry of the list/],
    ['%00', {}, 422, /control characters/],
    ['a.b:1', { option: {} }, 400, /"option\\" \(did you mean \\"options\\"\?\)/],
    ['a.b:1', { algorithm: null }, 400, /"algorithm\\" must be a string/],
    ['a.b:1', { tls: 'yes' }, 400, /"tls\\" must be/],
    [
      'a.b:1',
      { options: { suggestDificulty: 5 } },
      400,
      /"options\.suggestDificulty\\" \(did you mean \\"options\.suggestDifficulty/,
    ],
    ['a.b:1', { options: { jobTimeoutSeconds: 5 } }, 422, /"options\.jobTimeoutSeconds\\" must be >= 10/],
    [
      'a.b:1',
      { options: { passwordTemplate: '{pasword}' } },
      422,
      /nothing but \{password\}, \{difficulty\} stands in braces/,
    ],
    ['a.b:1', { label: 'l'.repeat(129) }, 422, /"label\\" must have at most 128/],
  ];
  for (const [pool, body, status, message] of refused) {
    test(`${status} for ${pool} ${JSON.stringify(body).slice(0, 60)}`, async () => {
      const response = await silent.patch(pool, body);
      assert.equal(response.statusCode, status, response.payload);
      assert.match(response.payload, message);
      assert.deepEqual(silent.changes, []);
    });
  }

  const results: readonly [UpdatePoolResult, number, RegExp][] = [
    [{ kind: 'not-found' }, 404, /"unknown-pool".*no entry a\.b:1: GET \/api\/v1\/pools/],
    [{ kind: 'no-difficulty' }, 422, /"invalid-value".*options\.suggestDifficulty/],
    [{ kind: 'catalogue-label' }, 422, /"invalid-value".*the catalogue's/],
    [{ kind: 'unknown-algorithm', known: ['scrypt'] }, 404, /"unknown-algorithm"/],
    [{ kind: 'unknown-dialect', known: ['bitcoin-v1'] }, 422, /"unknown-dialect".*it has bitcoin-v1/],
  ];
  for (const [result, status, message] of results) {
    test(`${status} where the port says ${result.kind}`, async () => {
      const response = await changing(result).patch('a.b:1', {});
      assert.equal(response.statusCode, status);
      assert.match(response.payload, message);
    });
  }
});

describe('GET /api/v1/pools', () => {
  test('gives a page and where the next begins', async () => {
    const { get, queries } = listing({ pools: [poolView(), view], next: 42 });
    const response = await get('');
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), { pools: [poolView(), view], next: 42 });
    assert.deepEqual(queries, [{ limit: 100, after: null, algorithm: null, search: null }]);
  });

  test('the last page has no next', async () => {
    assert.deepEqual((await listing({ pools: [], next: null }).get('?after=42')).json(), {
      pools: [],
      next: null,
    });
  });

  test('passes on the filters', async () => {
    const { get, queries } = listing({ pools: [], next: null });
    await get('?limit=5&after=42&algorithm=SHA256&search=Nice%20Hash');
    await get('?search=%20');
    assert.deepEqual(queries, [
      { limit: 5, after: 42, algorithm: 'SHA256', search: 'nice hash' },
      { limit: 100, after: null, algorithm: null, search: null },
    ]);
  });

  const { get } = listing({ pools: [], next: null });
  const refused: readonly [string, number, RegExp][] = [
    ['?limit=0', 422, /"limit\\" must be >= 1/],
    ['?limit=1001', 422, /"limit\\" must be <= 1000/],
    ['?limit=ten', 400, /"limit\\" must be an integer, not a string/],
    ['?limit=1&limit=2', 400, /"limit\\" must be an integer, not an array/],
    ['?after=-1', 400, /"after\\" must be an integer/],
    ['?limt=5', 400, /"limt\\" \(did you mean \\"limit\\"\?\)/],
    ['?algorithm=sha265d', 404, /did you mean \\"sha256d\\"/],
  ];
  for (const [query, status, message] of refused) {
    test(`${status} for ${query}`, async () => {
      const response = await get(query);
      assert.equal(response.statusCode, status);
      assert.match(response.payload, message);
    });
  }
});

describe('GET /api/v1/algorithms', () => {
  test('lists them', async () => {
    const response = await testServer().inject('/api/v1/algorithms');
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), { algorithms: [EQUIHASH, SHA256D] });
  });
});
