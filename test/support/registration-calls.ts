import assert from 'node:assert/strict';
import type { RegisterResult } from '../../src/http/ports/accounts.ts';
import { type TestServer, testServer } from './http-fixtures.ts';

/** A registration that is taken. */
export const REGISTRATION = { pool: 'pool.example.com:3333', user: 'alice', password: 'pw' };

/** Registers, and sees that the answer has the two keys of the call. */
export async function post(
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

/** A server whose registrations all end so. */
export function registering(result: RegisterResult): TestServer {
  return testServer({ accounts: { register: async () => result } });
}
