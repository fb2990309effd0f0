import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testServer } from '../../test/support/http-fixtures.ts';
import type { OpenApiDocument } from '../../test/support/openapi.ts';

const METHODS = ['DELETE', 'GET', 'PATCH', 'POST', 'PUT'] as const;

const server = testServer({}, { limits: { requestsPerMinute: 0 } });
const { paths } = (await server.inject('/api/v1/openapi.json')).json<OpenApiDocument>();

/** By path: the methods that the description has for it. */
const described = new Map(
  Object.entries(paths).map(([path, operations]) => [
    path,
    METHODS.filter((method) => method.toLowerCase() in operations),
  ]),
);

/** Another path of the description whose parameters this one fits, and which takes the method. */
function isTakenElsewhere(path: string, method: (typeof METHODS)[number]): boolean {
  return [...described].some(([other, methods]) => {
    const pattern = new RegExp(`^${other.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return other !== path && methods.includes(method) && pattern.test(path);
  });
}

describe('a method that a path does not answer', () => {
  for (const [path, methods] of described) {
    test(`${path}: 405 names those that help, the header Allow all of them`, async () => {
      const url = path.replaceAll(/\{\w+\}/g, '1');
      const all = [...methods, 'OPTIONS', ...(methods.includes('GET') ? ['HEAD'] : [])];
      const allow = all.toSorted((a, b) => (a < b ? -1 : 1)).join(', ');
      const others = METHODS.filter((method) => !methods.includes(method) && !isTakenElsewhere(path, method));
      assert.ok(others.length > 0);
      for (const method of others) {
        const response = await server.inject({ method, url });
        assert.equal(response.statusCode, 405, `${method} ${url}: ${response.payload}`);
        assert.equal(response.headers['allow'], allow, method);
        assert.ok(
          response.payload.includes(`${url} answers ${methods.join(', ')}, not ${method}`),
          response.payload,
        );
      }
      const options = await server.inject({ method: 'OPTIONS', url });
      assert.deepEqual([options.statusCode, options.headers['allow']], [204, allow]);
    });
  }
});
