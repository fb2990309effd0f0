import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { testServer } from '../../test/support/http-fixtures.ts';

/** For what changes nothing. */
const shared = testServer({}, { limits: { requestsPerMinute: 0 } });

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
