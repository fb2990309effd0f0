import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GOOD } from '../../test/support/api-calls.ts';
import { testServer } from '../../test/support/http-fixtures.ts';
import { hashToken } from './auth.ts';

/** For what changes nothing. */
const shared = testServer({}, { limits: { requestsPerMinute: 0 } });

describe('health and version', () => {
  test('health is always 200', async () => {
    const response = await shared.inject('/api/v1/health');
    assert.deepEqual([response.statusCode, response.json()], [200, { status: 'ok' }]);
  });

  test('ready is 200 or 503, with its checks', async () => {
    assert.equal((await shared.inject('/api/v1/ready')).statusCode, 200);
    const state = { ready: false, checks: [{ name: 'store', ready: false, message: 'the disk is full' }] };
    const response = await testServer({ health: { known: state, ready: async () => state } }).inject(
      '/api/v1/ready',
    );
    assert.deepEqual([response.statusCode, response.json()], [503, state]);
  });

  test('version', async () => {
    assert.deepEqual((await shared.inject('/api/v1/version')).json(), {
      name: 'stratum-proxy',
      version: '1.2.3',
      node: process.version,
    });
  });
});

describe('the first page', () => {
  for (const url of ['/', '/api/v1', '/api/v1/']) {
    test(`${url} says where everything is, for programs and for people`, async () => {
      const json = await shared.inject(url);
      assert.deepEqual(json.json(), {
        name: 'stratum-proxy',
        api: '/api/v1',
        openapi: '/api/v1/openapi.json',
        health: '/api/v1/health',
        metrics: '/metrics',
      });
      const page = await shared.inject({ url, headers: { accept: 'text/html,*/*;q=0.8' } });
      assert.match(String(page.headers['content-type']), /^text\/html/);
      assert.match(page.payload, /\/metrics/);
      assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
    });
  }
});

describe('paths and methods', () => {
  test('404 says where the API is, and what was probably meant', async () => {
    const response = await shared.inject('/api/v1/user');
    assert.equal(response.statusCode, 404);
    const { error } = response.json<{ error: { code: string; message: string } }>();
    assert.equal(error.code, 'not-found');
    assert.match(error.message, /did you mean \/api\/v1\/users\?.*\/api\/v1.*\/metrics/);
  });

  test('404 whatever the method and the body', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'] as const) {
      const response = await shared.inject({ method, url: '/nothing', payload: '{"broken' });
      assert.equal(response.statusCode, 404, method);
    }
  });

  test('405 names the methods there are', async () => {
    const response = await shared.inject({ method: 'DELETE', url: '/api/v1/pools' });
    assert.equal(response.statusCode, 405);
    assert.equal(response.headers['allow'], 'GET, HEAD, OPTIONS, POST');
    assert.equal(response.json<{ error: { code: string } }>().error.code, 'method-not-allowed');
    assert.equal((await shared.inject({ method: 'POST', url: '/metrics' })).statusCode, 405);
  });

  test('OPTIONS names them too, without a token and without leave for other origins', async () => {
    const server = testServer({}, { tokens: [{ scope: 'admin', sha256: hashToken('t') }] });
    const response = await server.inject({
      method: 'OPTIONS',
      url: '/api/v1/pools',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    assert.equal(response.statusCode, 204);
    assert.equal(response.payload, '');
    assert.equal(response.headers['allow'], 'GET, HEAD, OPTIONS, POST');
    assert.equal(response.headers['access-control-allow-origin'], undefined);
  });

  test('HEAD is GET without its body', async () => {
    for (const url of ['/', '/api/v1/health', '/api/v1/pools', '/api/v1/openapi.json', '/metrics']) {
      const [get, head] = [await shared.inject(url), await shared.inject({ method: 'HEAD', url })];
      assert.equal(head.statusCode, get.statusCode, url);
      assert.equal(head.payload, '');
      assert.equal(head.headers['content-type'], get.headers['content-type'], url);
    }
  });

  test('a slash at the end changes nothing', async () => {
    assert.equal((await shared.inject('/api/v1/health/')).statusCode, 200);
    assert.equal(
      (await shared.inject({ method: 'POST', url: '/api/v1/users/', payload: GOOD })).statusCode,
      201,
    );
  });

  test('a URL that cannot be decoded is 400', async () => {
    const response = await shared.inject('/api/v1/%E0%A4%A');
    assert.equal(response.statusCode, 400);
    assert.equal(response.json<{ error: { code: string } }>().error.code, 'malformed-request');
  });

  test('nothing is cached, sniffed or framed', async () => {
    for (const url of ['/api/v1/health', '/nothing', '/metrics']) {
      const { headers } = await shared.inject(url);
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/);
    }
  });
});

test('two servers in one process do not know of each other', async () => {
  const one = testServer({}, { limits: { requestsPerMinute: 1 } });
  const other = testServer({}, { limits: { requestsPerMinute: 1 } });
  assert.equal((await one.inject('/api/v1/version')).statusCode, 200);
  assert.equal((await one.inject('/api/v1/version')).statusCode, 429);
  assert.equal((await other.inject('/api/v1/version')).statusCode, 200);
});
