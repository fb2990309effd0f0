import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { managePorts, testServer } from '../../test/support/http-fixtures.ts';
import { withoutSecrets } from './audit.ts';
import { createToken, hashToken } from './auth.ts';
import type { AuditAddition } from './ports/manage.ts';

function audited(record?: () => Promise<void>) {
  const entries: AuditAddition[] = [];
  const token = createToken();
  const server = testServer(
    {
      manage: managePorts({
        audit: {
          record:
            record ??
            (async (entry) => {
              entries.push(entry);
            }),
          list: async () => ({ entries: [], next: null }),
        },
      }),
    },
    { tokens: [{ scope: 'admin', sha256: hashToken(token) }] },
  );
  const send = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
    server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${token}` },
      ...(payload === undefined ? {} : { payload }),
    });
  return { entries, server, token, send };
}

describe('the audit log', () => {
  test('has who made a change: a token of the configuration by its first digits, a stored one by id and label', async () => {
    const { entries, server, token, send } = audited();
    await send('PATCH', '/api/v1/users/0123456789abcdef', { label: 'x' });
    const stored = createToken();
    server.setStoredTokens([
      { id: 3, scope: 'admin', sha256: hashToken(stored), label: 'ci', expiresAtMs: null },
      { id: 4, scope: 'admin', sha256: hashToken(`${stored}x`), label: '', expiresAtMs: 1 },
    ]);
    const headers = { authorization: `Bearer ${stored}` };
    await server.inject({ method: 'DELETE', url: '/api/v1/pools/a:1', headers });
    assert.deepEqual(
      entries.map(({ who, action, target }) => [who, action, target]),
      [
        [`web.tokens ${hashToken(token).slice(0, 8)}`, 'account-changed', '0123456789abcdef'],
        ['token 3 (ci)', 'pool-deleted', 'a:1'],
      ],
    );
    const expired = await server.inject({
      url: '/api/v1/users',
      headers: { authorization: `Bearer ${stored}x` },
    });
    assert.equal(expired.statusCode, 401);
  });

  test('has nothing of what was refused, read or tried', async () => {
    const { entries, send } = audited();
    assert.equal((await send('PATCH', '/api/v1/users/0123456789abcdef', { labl: 'x' })).statusCode, 400);
    assert.equal((await send('GET', '/api/v1/users')).statusCode, 200);
    assert.equal((await send('POST', '/api/v1/pools/test', { pool: 'a:1', user: 'x' })).statusCode, 200);
    assert.deepEqual(entries, []);
  });

  test('that cannot be written costs the caller nothing, and is logged', async () => {
    const { server, send } = audited(() => Promise.reject(new Error('the disk is full')));
    assert.equal((await send('DELETE', '/api/v1/pools/a:1')).statusCode, 204);
    assert.match(
      server.log.text,
      /error a change could not be noted in the audit log .*pool-deleted.*the disk is full/,
    );
  });

  test('a long change is cut down to what was given', async () => {
    const { entries, send } = audited();
    const backups = Array.from({ length: 8 }, () => ({
      pool: `${'a'.repeat(250)}:1`,
      user: 'u'.repeat(500),
    }));
    await send('PATCH', '/api/v1/users/0123456789abcdef', { backups: backups.concat() });
    await send('PATCH', '/api/v1/users/0123456789abcdef', {
      backups: [...backups.slice(1), { pool: `${'a'.repeat(250)}:1`, user: '"'.repeat(512) }],
      label: '"'.repeat(128),
      workerTemplate: '"'.repeat(256),
    });
    for (const { change } of entries) assert.ok(JSON.stringify(change).length <= 8192);
  });

  test('the login of a proxy on the way to a pool is kept out', () => {
    assert.deepEqual(withoutSecrets({ options: { via: 'http://me:hunter2@proxy.example:3128' } }), {
      options: { via: 'http://me:***@proxy.example:3128' },
    });
  });

  test('replaces secrets wherever they stand', () => {
    assert.deepEqual(
      withoutSecrets({
        password: 'a',
        n: [{ Password: 'b', token: 'c', user: 'd' }],
        options: { secret: null },
      }),
      {
        password: '(given)',
        n: [{ Password: '(given)', token: '(given)', user: 'd' }],
        options: { secret: null },
      },
    );
  });
});
