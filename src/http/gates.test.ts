import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bearer, call } from '../../test/support/api-calls.ts';
import { testServer } from '../../test/support/http-fixtures.ts';
import { createToken, hashToken, type TokenScope } from './auth.ts';

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
