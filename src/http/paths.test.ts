import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PathTable, pathOf } from './paths.ts';

describe('pathOf', () => {
  const cases: readonly [string, string][] = [
    ['/', '/'],
    ['/api/v1/users', '/api/v1/users'],
    ['/api/v1/users/', '/api/v1/users'],
    ['/api/v1/users/?a=/b/', '/api/v1/users'],
    ['/?a', '/'],
    ['*', '*'],
  ];
  for (const [url, path] of cases) test(`${url} → ${path}`, () => assert.equal(pathOf(url), path));
});

describe('PathTable', () => {
  const table = new PathTable();
  table.add('/users', ['POST', 'PUT']);
  table.add('/users/:name', ['GET']);
  table.add('/users/:name', ['DELETE']);

  test('gathers the methods of a path', () => {
    assert.deepEqual(table.methodsOf('/users'), ['OPTIONS', 'POST', 'PUT']);
    assert.deepEqual(table.methodsOf('/users/abc'), ['DELETE', 'GET', 'OPTIONS']);
    assert.deepEqual(table.methodsOf('/users/'), []);
    assert.deepEqual(table.methodsOf('/users/abc/d'), []);
    assert.deepEqual(table.methodsOf('/other'), []);
  });
});
