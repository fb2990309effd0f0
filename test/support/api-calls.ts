import assert from 'node:assert/strict';
import type { testServer } from './http-fixtures.ts';

/** A registration that is taken. */
export const GOOD = { pool: 'pool.example.com:3333', user: 'alice' };

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

/** One call of the description, such as `GET /api/v1/users/{name}`, with parameters and a body that are taken. */
export function call(
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

/** The header that presents a token. */
export function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}
