import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FreshPrefixes } from './fresh-prefixes.ts';

test('prefixes follow one another, at any size, and begin anew at the end', () => {
  const prefixes = new FreshPrefixes(0xfffffffd);
  assert.deepEqual([prefixes.next(1), prefixes.next(2), prefixes.next(1)], ['fe', 'ffff', '00']);
  assert.equal(prefixes.next(4), '00000001');
});
