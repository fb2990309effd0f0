import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { retarget } from './retarget.ts';

const policy = { targetPerMinute: 20, min: 0.001, max: 1000 };

test('too little to go by changes nothing', () => {
  assert.equal(retarget(1, 0, 0, policy), 1);
  assert.equal(retarget(1, 7, 10_000, policy), 1);
});

test('twice the pace doubles, half of it halves, near it nothing', () => {
  assert.equal(retarget(1, 40, 60_000, policy), 2);
  assert.equal(retarget(1, 10, 60_000, policy), 0.5);
  assert.equal(retarget(1, 22, 60_000, policy), 1);
});

test('silence lowers it, a flood raises it, never by more than four times nor past the bounds', () => {
  assert.equal(retarget(1, 0, 60_000, policy), 0.25);
  assert.equal(retarget(1, 10_000, 1000, policy), 4);
  const difficulties = fc.double({ min: 0.001, max: 1000, noNaN: true });
  fc.assert(
    fc.property(difficulties, fc.nat(10_000), fc.nat(1_000_000), (difficulty, shares, elapsedMs) => {
      const next = retarget(difficulty, shares, elapsedMs, policy);
      assert.ok(next >= policy.min && next <= policy.max);
      assert.ok(next <= difficulty * 4.000001 && next >= difficulty / 4.000001);
    }),
  );
});
