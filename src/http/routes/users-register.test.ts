import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testServer } from '../../../test/support/http-fixtures.ts';
import { post, REGISTRATION, registering } from '../../../test/support/registration-calls.ts';

describe('POST /api/v1/users', () => {
  test('201 with the new name', async () => {
    const server = testServer();
    assert.deepEqual(await post(server, REGISTRATION), {
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
    const { status, name } = await post(
      registering({ kind: 'existing', name: 'ffffffffffffffff' }),
      REGISTRATION,
    );
    assert.deepEqual([status, name], [200, 'ffffffffffffffff']);
  });

  test('PUT works like POST', async () => {
    assert.equal((await post(testServer(), REGISTRATION, { method: 'PUT' })).status, 201);
  });

  test('404 names the call that adds the pool', async () => {
    const endpoint = { host: 'new.example', port: 1 };
    const { status, error, code } = await post(registering({ kind: 'unknown-pool', endpoint }), REGISTRATION);
    assert.equal(status, 404);
    assert.equal(code, 'unknown-pool');
    assert.match(error, /POST \/api\/v1\/pools \{"pool":"new\.example:1","algorithm":"…"\}/);
  });

  test('409 with what is in the way, and the call that changes it', async () => {
    const { status, error } = await post(
      registering({ kind: 'conflict', name: 'ffffffffffffffff', message: 'registered with another mode' }),
      REGISTRATION,
    );
    assert.deepEqual(
      [status, error],
      [409, 'registered with another mode, or change it with PATCH /api/v1/users/ffffffffffffffff'],
    );
  });

  test('the password may be empty or absent', async () => {
    const server = testServer();
    await post(server, { ...REGISTRATION, password: '' });
    await post(server, { pool: REGISTRATION.pool, user: REGISTRATION.user });
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
      assert.equal((await post(server, { ...REGISTRATION, pool })).status, 201, pool);
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
    await post(server, { ...REGISTRATION, ...extras, backups });
    await post(server, { ...REGISTRATION, backups: [], difficulty: {}, mode: 'auto', label: '' });
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
      REGISTRATION,
    );
    assert.deepEqual([status, code], [422, 'mixed-algorithms']);
    assert.match(error, /backup ltc\.example\.com:3333 mines scrypt, the pools before it sha256d/);
  });

  test('422 for a floor above the cap', async () => {
    const { status, error, code } = await post(
      registering({ kind: 'difficulty-range', min: 8, max: 4 }),
      REGISTRATION,
    );
    assert.deepEqual([status, code], [422, 'invalid-value']);
    assert.equal(error, '"difficulty.min" (8) must not be above "difficulty.max" (4)');
  });

  test('422 for a mode that the pool cannot have', async () => {
    const endpoint = { host: 'rvn.example.com', port: 3333 };
    const { status, error, code } = await post(
      registering({ kind: 'not-sharable', endpoint, algorithm: 'kawpow' }),
      { ...REGISTRATION, mode: 'shared' },
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
        assert.equal((await post(taking, REGISTRATION, { type })).status, 201);
      });
    }
    test('with a byte order mark', async () => {
      assert.equal((await post(testServer(), `\uFEFF${JSON.stringify(REGISTRATION)}`)).status, 201);
    });
  });
});
