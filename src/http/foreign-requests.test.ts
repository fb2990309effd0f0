import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call, GOOD } from '../../test/support/api-calls.ts';
import { testServer } from '../../test/support/http-fixtures.ts';
import { Networks } from '../net/networks.ts';
import { hashToken } from './auth.ts';

/** For what changes nothing. */
const shared = testServer({}, { limits: { requestsPerMinute: 0 } });

describe('web pages', () => {
  test('a foreign page cannot change anything', async () => {
    const server = testServer();
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      for (const line of [
        'POST /api/v1/users',
        'POST /api/v1/pools',
        'PATCH /api/v1/users/{name}',
        'DELETE /api/v1/users/{name}',
      ]) {
        const response = await call(server, line, headers);
        assert.equal(response.statusCode, 403, line);
        assert.equal(response.headers['x-error-code'], 'foreign-origin');
      }
    }
    assert.deepEqual(server.registrations, []);
  });

  test('a page of our own can', async () => {
    const response = await shared.inject({
      method: 'POST',
      url: '/api/v1/users',
      headers: { host: '127.0.0.1:12743', origin: 'http://127.0.0.1:12743', 'sec-fetch-site': 'same-origin' },
      payload: GOOD,
    });
    assert.equal(response.statusCode, 201);
  });

  test('a name that was rebound to us reaches nothing, not even to read', async () => {
    for (const url of ['/', '/api/v1/health', '/api/v1/pools', '/metrics', '/nothing']) {
      const response = await shared.inject({ url, headers: { host: 'rebound.evil.example:12743' } });
      assert.equal(response.statusCode, 421, url);
      assert.equal(response.headers['x-error-code'], 'wrong-host');
    }
  });

  test('configured names do; so does any name where tokens guard', async () => {
    const headers = { host: 'proxy.farm.example' };
    const named = testServer({}, { allowedHosts: ['proxy.farm.example'] });
    assert.equal((await named.inject({ url: '/metrics', headers })).statusCode, 200);
    const guarded = testServer({}, { tokens: [{ scope: 'read', sha256: hashToken('t') }] });
    const authorized = { ...headers, authorization: 'Bearer t' };
    assert.equal((await guarded.inject({ url: '/metrics', headers: authorized })).statusCode, 200);
  });
});

describe('without a token, through a reverse proxy', () => {
  for (const name of [
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-real-ip',
    'via',
  ]) {
    test(`a request with ${name} is refused, but for what is open to everybody`, async () => {
      const headers = { host: '127.0.0.1:12743', [name]: '203.0.113.9' };
      for (const url of ['/api/v1/users', '/api/v1/stream', '/metrics']) {
        const response = await shared.inject({ url, headers });
        assert.equal(response.statusCode, 403, url);
        assert.equal(response.headers['x-error-code'], 'forwarded');
        assert.match(response.payload, /token add admin/);
      }
      assert.equal((await shared.inject({ url: '/api/v1/health', headers })).statusCode, 200);
    });
  }

  test('passes where there is a token, or where the operator has named the public host', async () => {
    const headers = { host: '127.0.0.1:12743', 'x-forwarded-for': '203.0.113.9' };
    const named = testServer({}, { allowedHosts: ['proxy.farm.example'] });
    assert.equal((await named.inject({ url: '/metrics', headers })).statusCode, 200);
    const guarded = testServer({}, { tokens: [{ scope: 'read', sha256: hashToken('t') }] });
    const authorized = { ...headers, authorization: 'Bearer t' };
    assert.equal((await guarded.inject({ url: '/metrics', headers: authorized })).statusCode, 200);
    assert.equal((await guarded.inject({ url: '/metrics', headers })).statusCode, 401);
  });
});

function networks(...texts: readonly string[]): Networks {
  const parsed = Networks.parse(texts);
  assert.ok('networks' in parsed);
  return parsed.networks;
}

const forwarded = (remoteAddress: string) => ({
  method: 'POST' as const,
  url: '/api/v1/users',
  headers: { 'x-forwarded-for': '203.0.113.9', authorization: 'Bearer t' },
  payload: GOOD,
  remoteAddress,
});

describe('X-Forwarded-For', () => {
  test('is believed of a trusted proxy only', async () => {
    const server = testServer(
      {},
      {
        trustedProxies: networks('10.0.0.0/8'),
        tokens: [{ scope: 'admin', sha256: hashToken('t') }],
      },
    );
    await server.inject(forwarded('10.1.2.3'));
    await server.inject(forwarded('192.168.0.1'));
    const from = server.log.lines
      .filter((line) => line.startsWith('info account registered'))
      .map((line) => /"from":"([^"]+)"/.exec(line)?.[1]);
    assert.deepEqual(from, ['203.0.113.9', '192.168.0.1']);
  });
});
