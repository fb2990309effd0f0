import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnPrefixes } from './own-prefixes.ts';

test('no two prefixes overlap, of whatever length', () => {
  const prefixes = new OwnPrefixes();
  const first = prefixes.claim('af4c');
  assert.equal(first?.bytes, 'af4c');
  assert.equal(prefixes.claim('af4c'), null);
  assert.equal(prefixes.claim('af4c07'), null);
  assert.equal(prefixes.claim('af'), null);
  assert.equal(prefixes.claim('af4d07')?.bytes, 'af4d07');
  assert.equal(prefixes.claim('af4d'), null);
});

test('one that was left may be had again', () => {
  const prefixes = new OwnPrefixes();
  const first = prefixes.claim('af4c');
  assert.ok(first !== null);
  prefixes.release(first);
  assert.equal(prefixes.claim('af')?.bytes, 'af');
});
