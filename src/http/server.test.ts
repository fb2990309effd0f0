import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { testServer } from '../../test/support/http-fixtures.ts';
import { Networks } from '../net/networks.ts';
import { createToken, hashToken, type TokenScope } from './auth.ts';
import type { MetricsFormat } from './ports.ts';

const GOOD = { pool: 'pool.example.com:3333', user: 'alice' };

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
    const response = await testServer({ health: { ready: async () => state } }).inject('/api/v1/ready');
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

/** By path, where it is not a registration. */
const BODIES: Readonly<Record<string, object>> = {
  '/api/v1/pools': { pool: 'a:1', algorithm: 'sha256d' },
  '/api/v1/pools/test': { pool: 'a:1', user: 'alice' },
  '/api/v1/pools/{pool}': { label: 'x' },
  '/api/v1/bans': { address: '192.0.2.7' },
  '/api/v1/users/move': { from: 'a.example:1', to: 'b.example:1' },
  '/api/v1/sessions/{id}/recording': {},
  '/api/v1/algorithms': { name: 'my-hash', dialects: ['bitcoin-v1'] },
  '/api/v1/algorithms/{name}': { note: 'x' },
  '/api/v1/tokens': { scope: 'read' },
};

function call(
  server: ReturnType<typeof testServer>,
  line: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const [method, url] = line.split(' ');
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
  const known = methods.find((one) => one === method);
  assert.ok(known !== undefined && url !== undefined);
  return server.inject({
    method: known,
    url: url
      .replace('{name}', '0123456789abcdef')
      .replace('{pool}', 'a:1')
      .replace('{id}', '1')
      .replace('{address}', '192.0.2.7'),
    headers,
    ...(known === 'GET' || known === 'DELETE' ? {} : { payload: BODIES[url] ?? GOOD }),
  });
}

function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}

describe('tokens', () => {
  const tokens: Record<TokenScope, string> = {
    read: createToken(),
    register: createToken(),
    admin: createToken(),
  };
  const configured = (['read', 'register', 'admin'] as const).map((scope) => ({
    scope,
    sha256: hashToken(tokens[scope]),
  }));
  const secured = (failedTokensPerMinute = 1000) =>
    testServer({}, { tokens: configured, limits: { failedTokensPerMinute } });

  const everyone = secured();
  const calls = {
    'GET /api/v1/health': 'open',
    'GET /': 'open',
    'GET /api/v1/ready': 'read',
    'GET /metrics': 'read',
    'GET /api/v1/history': 'read',
    'GET /api/v1/pools': 'catalogue',
    'GET /api/v1/algorithms': 'catalogue',
    'GET /api/v1/version': 'catalogue',
    'GET /api/v1/openapi.json': 'catalogue',
    'POST /api/v1/users': 'register',
    'PUT /api/v1/users': 'register',
    'GET /api/v1/users': 'read',
    'GET /api/v1/users/{name}': 'read',
    'PATCH /api/v1/users/{name}': 'admin',
    'DELETE /api/v1/users/{name}': 'admin',
    'POST /api/v1/pools': 'admin',
    'POST /api/v1/pools/test': 'admin',
    'PATCH /api/v1/pools/{pool}': 'admin',
    'GET /api/v1/pools/state': 'read',
    'GET /api/v1/sessions': 'read',
    'GET /api/v1/sessions/{id}': 'read',
    'DELETE /api/v1/sessions/{id}': 'admin',
    'POST /api/v1/sessions/{id}/recording': 'admin',
    'DELETE /api/v1/sessions/{id}/recording': 'admin',
    'GET /api/v1/sessions/{id}/lines': 'read',
    'GET /api/v1/recordings': 'read',
    'GET /api/v1/logins/refused': 'read',
    'GET /api/v1/whoami': 'catalogue',
    'GET /api/v1/bans': 'read',
    'POST /api/v1/bans': 'admin',
    'DELETE /api/v1/bans/{address}': 'admin',
    'GET /api/v1/workers': 'read',
    'GET /api/v1/totals': 'read',
    'GET /api/v1/server': 'read',
    'GET /api/v1/events': 'read',
    'DELETE /api/v1/pools/{pool}': 'admin',
    'POST /api/v1/algorithms': 'admin',
    'PATCH /api/v1/algorithms/{name}': 'admin',
    'DELETE /api/v1/algorithms/{name}': 'admin',
    'GET /api/v1/users/export': 'admin',
    'POST /api/v1/users/import': 'admin',
    'POST /api/v1/users/move': 'admin',
    'GET /api/v1/tokens': 'admin',
    'POST /api/v1/tokens': 'admin',
    'DELETE /api/v1/tokens/{id}': 'admin',
    'GET /api/v1/audit': 'admin',
    'POST /api/v1/reload': 'admin',
  };
  const may: Record<TokenScope, ReadonlySet<string>> = {
    read: new Set(['open', 'read', 'catalogue']),
    register: new Set(['open', 'register', 'catalogue']),
    admin: new Set(['open', 'read', 'register', 'admin', 'catalogue']),
  };

  for (const [line, access] of Object.entries(calls)) {
    test(`${line}: ${access}`, async () => {
      const server = everyone;
      const bare = await call(server, line);
      assert.equal(bare.statusCode, access === 'open' ? 200 : 401);
      if (access !== 'open') assert.equal(bare.headers['www-authenticate'], 'Bearer realm="stratum-proxy"');
      for (const scope of ['read', 'register', 'admin'] as const) {
        const { statusCode, headers } = await call(server, line, bearer(tokens[scope]));
        if (may[scope].has(access)) {
          assert.ok(statusCode < 300, `${scope}: ${statusCode}`);
        } else {
          assert.equal(statusCode, 403, scope);
          assert.match(String(headers['www-authenticate']), /error="insufficient_scope", scope="/);
        }
      }
    });
  }

  test('every documented call asks for a token, or says that it needs none', async () => {
    const server = secured();
    const document = (await call(server, 'GET /api/v1/openapi.json', bearer(tokens.read))).json<{
      paths: Record<string, Record<string, { security?: unknown[] }>>;
    }>();
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        const line = `${method.toUpperCase()} ${path}`;
        // That one has no end: live-stream.test.ts asks it for tokens.
        if (line !== 'GET /api/v1/stream')
          assert.ok(Object.hasOwn(calls, line), `${line} is not in the table above`);
        assert.equal((await call(server, line)).statusCode, security?.length === 0 ? 200 : 401, line);
      }
    }
  });

  test('wrong, malformed and other credentials are 401', async () => {
    const server = secured();
    for (const authorization of [
      'Bearer nope',
      'Bearer',
      'Basic YTpi',
      `Bearer ${hashToken(tokens.admin)}`,
      tokens.admin,
    ]) {
      const response = await call(server, 'GET /metrics', { authorization });
      assert.equal(response.statusCode, 401, authorization);
      assert.match(String(response.headers['www-authenticate']), /error="invalid_token"/);
    }
  });

  test('POST /users keeps its two keys when the token is missing', async () => {
    const response = await call(secured(), 'POST /api/v1/users');
    assert.deepEqual(Object.keys(response.json()), ['name', 'error']);
  });

  test('unknown tokens are 429 after a while, good ones from the same address go on', async () => {
    const server = secured(3);
    const statuses: number[] = [];
    for (let count = 0; count < 5; count++) {
      statuses.push((await call(server, 'GET /metrics', bearer(`guess${count}`))).statusCode);
    }
    assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
    const refused = await call(server, 'GET /metrics', bearer('guess'));
    assert.ok(Number(refused.headers['retry-after']) > 0);
    assert.equal((await call(server, 'GET /metrics', bearer(tokens.read))).statusCode, 200);
  });

  test('no token reaches the log', async () => {
    const server = secured();
    await call(server, 'GET /metrics', bearer(tokens.admin));
    await call(server, 'POST /api/v1/pools', bearer(tokens.read));
    await call(server, 'GET /metrics', bearer('sp_guessed-token'));
    assert.match(server.log.text, /api token refused/);
    assert.ok(!server.log.text.includes('sp_'));
  });

  test('a hash that is none is refused at once', () => {
    assert.throws(() => testServer({}, { tokens: [{ scope: 'admin', sha256: 'secret' }] }), TypeError);
  });
});

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

describe('GET /metrics', () => {
  const body = Array.from({ length: 3000 }, (_, at) => `metric{at="${at}"} ${at}\n`);
  const metrics = {
    async *render(format: MetricsFormat) {
      yield Buffer.from(`# ${format}\n`);
      for (const line of body) yield Buffer.from(line);
    },
  };
  const whole = `# text\n${body.join('')}`;
  const metered = testServer({ metrics });

  test('is the text format', async () => {
    const response = await metered.inject('/metrics');
    assert.equal(response.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(response.headers['vary'], 'accept, accept-encoding');
    assert.equal(response.payload, whole);
  });

  test('is OpenMetrics for who prefers it', async () => {
    const response = await metered.inject({
      url: '/metrics',
      headers: { accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5' },
    });
    assert.equal(
      response.headers['content-type'],
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    assert.ok(response.payload.startsWith('# openmetrics\n'));
  });

  test('is compressed for who asks', async () => {
    const response = await metered.inject({
      url: '/metrics',
      headers: { 'accept-encoding': 'gzip' },
    });
    assert.equal(response.headers['content-encoding'], 'gzip');
    assert.ok(response.rawPayload.length < whole.length / 2);
    assert.equal(gunzipSync(response.rawPayload).toString(), whole);
  });

  test('an exposition that fails at once is a plain 500', async () => {
    const server = testServer({
      metrics: {
        // oxlint-disable-next-line require-yield
        async *render(): AsyncGenerator<Uint8Array> {
          throw new Error('worker is gone');
        },
      },
    });
    const response = await server.inject('/metrics');
    assert.equal(response.statusCode, 500);
    assert.equal(response.json<{ error: { code: string } }>().error.code, 'internal');
    assert.match(server.log.text, /worker is gone/);
  });

  test('an empty one is an empty page', async () => {
    const response = await testServer({
      // oxlint-disable-next-line require-yield
      metrics: { async *render(): AsyncGenerator<Uint8Array> {} },
    }).inject('/metrics');
    assert.deepEqual([response.statusCode, response.payload], [200, '']);
  });

  test('does not count towards the rate limit, nor does health', async () => {
    const server = testServer({ metrics }, { limits: { requestsPerMinute: 1 } });
    for (let count = 0; count < 5; count++) {
      assert.equal((await server.inject('/metrics')).statusCode, 200);
      assert.equal((await server.inject('/api/v1/health')).statusCode, 200);
      assert.equal((await server.inject('/api/v1/ready')).statusCode, 200);
    }
  });
});

describe('GET /api/v1/openapi.json', () => {
  interface Operation {
    readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
    readonly responses: Record<string, { readonly description: string }>;
    readonly summary?: string;
  }
  interface Schema {
    readonly required?: readonly string[];
    readonly properties?: Record<string, { readonly maxLength?: number; readonly enum?: readonly string[] }>;
    readonly additionalProperties?: boolean;
  }
  interface Document {
    readonly openapi: string;
    readonly info: { readonly version: string };
    readonly paths: Record<string, Record<string, Operation>>;
  }
  const load = async () => (await shared.inject('/api/v1/openapi.json')).json<Document>();

  test('describes every call, with its answers', async () => {
    const { openapi, info, paths } = await load();
    assert.match(openapi, /^3\.1\./);
    assert.equal(info.version, '1.2.3');
    assert.deepEqual(
      Object.entries(paths)
        .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
        .sort((a, b) => (a < b ? -1 : 1)),
      [
        'delete /api/v1/algorithms/{name}',
        'delete /api/v1/bans/{address}',
        'delete /api/v1/pools/{pool}',
        'delete /api/v1/sessions/{id}',
        'delete /api/v1/sessions/{id}/recording',
        'delete /api/v1/tokens/{id}',
        'delete /api/v1/users/{name}',
        'get /api/v1/algorithms',
        'get /api/v1/audit',
        'get /api/v1/bans',
        'get /api/v1/events',
        'get /api/v1/health',
        'get /api/v1/history',
        'get /api/v1/logins/refused',
        'get /api/v1/pools',
        'get /api/v1/pools/state',
        'get /api/v1/ready',
        'get /api/v1/recordings',
        'get /api/v1/server',
        'get /api/v1/sessions',
        'get /api/v1/sessions/{id}',
        'get /api/v1/sessions/{id}/lines',
        'get /api/v1/stream',
        'get /api/v1/tokens',
        'get /api/v1/totals',
        'get /api/v1/users',
        'get /api/v1/users/export',
        'get /api/v1/users/{name}',
        'get /api/v1/version',
        'get /api/v1/whoami',
        'get /api/v1/workers',
        'get /metrics',
        'patch /api/v1/algorithms/{name}',
        'patch /api/v1/pools/{pool}',
        'patch /api/v1/users/{name}',
        'post /api/v1/algorithms',
        'post /api/v1/bans',
        'post /api/v1/pools',
        'post /api/v1/pools/test',
        'post /api/v1/reload',
        'post /api/v1/sessions/{id}/recording',
        'post /api/v1/tokens',
        'post /api/v1/users',
        'post /api/v1/users/import',
        'post /api/v1/users/move',
        'put /api/v1/users',
      ],
    );
    for (const methods of Object.values(paths)) {
      for (const { responses, summary } of Object.values(methods)) {
        assert.ok(summary !== undefined);
        assert.ok(Object.values(responses).every(({ description }) => description.length > 3));
      }
    }
    const users = paths['/api/v1/users']?.['post'];
    assert.deepEqual(Object.keys(users?.responses ?? {}), [
      '200',
      '201',
      '400',
      '401',
      '403',
      '404',
      '409',
      '413',
      '415',
      '421',
      '422',
      '429',
      '500',
      '503',
    ]);
  });

  test('has the very schema that validates', async () => {
    const schema = (await load()).paths['/api/v1/users']?.['post']?.requestBody?.content['application/json']
      ?.schema;
    assert.deepEqual(schema?.required, ['pool', 'user']);
    assert.equal(schema.additionalProperties, false);
    assert.equal(schema.properties?.['user']?.maxLength, 512);
    assert.deepEqual(schema.properties['mode']?.enum, ['auto', 'dedicated', 'shared']);
  });

  test('asks for no parameter that has a default', async () => {
    const { paths } = (await shared.inject('/api/v1/openapi.json')).json<{
      readonly paths: Record<
        string,
        Record<
          string,
          { readonly parameters?: readonly { readonly name: string; readonly required: boolean }[] }
        >
      >;
    }>();
    const limits = Object.values(paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap(({ parameters = [] }) => parameters.filter(({ name }) => name === 'limit'));
    assert.ok(limits.length >= 3);
    assert.ok(limits.every(({ required }) => !required));
  });

  test('and docs/rest-api.md describes the same calls', async () => {
    const page = readFileSync(new URL('../../docs/rest-api.md', import.meta.url), 'utf8');
    const headings = new Set(
      [...page.matchAll(/^### `([A-Z]+) (\S+)`/gm)].map((row) => `${row[1]} ${row[2]}`),
    );
    const { paths } = await load();
    const calls = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    for (const line of calls)
      if (!line.startsWith('PUT')) assert.ok(headings.has(line), `${line} is not described`);
    const known = new Set([...calls, 'GET /', 'GET /api/v1/openapi.json']);
    for (const line of headings) assert.ok(known.has(line), `${line} does not exist`);
  });
});

test('two servers in one process do not know of each other', async () => {
  const one = testServer({}, { limits: { requestsPerMinute: 1 } });
  const other = testServer({}, { limits: { requestsPerMinute: 1 } });
  assert.equal((await one.inject('/api/v1/version')).statusCode, 200);
  assert.equal((await one.inject('/api/v1/version')).statusCode, 429);
  assert.equal((await other.inject('/api/v1/version')).statusCode, 200);
});
