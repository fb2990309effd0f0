import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallIds } from './call-ids.ts';

const nobody = { inFlight: { has: () => false }, names: { isWaitedFor: () => false } };

test('numbers calls from 1 on', () => {
  const ids = new CallIds(nobody);
  assert.deepEqual([ids.next(), ids.next(), ids.next()], [1, 2, 3]);
});

test('begins anew behind the highest id, and passes over those that wait for an answer', () => {
  const shares = new Set([1]);
  const ids = new CallIds(
    { inFlight: { has: (id) => shares.has(id) }, names: { isWaitedFor: (id) => id === 3 } },
    4,
  );
  assert.deepEqual([ids.next(), ids.next(), ids.next()], [2, 4, 2]);
  shares.delete(1);
  assert.deepEqual([ids.next(), ids.next()], [4, 1]);
});
