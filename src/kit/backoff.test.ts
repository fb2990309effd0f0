import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { backoffMs } from './backoff.ts';

const LIMITS = { minMs: 500, maxMs: 60_000 } as const;

describe('the pause before another attempt', () => {
  test('doubles up to the most', () => {
    const longest = [1, 2, 3, 7, 8, 9, 100].map((attempt) => backoffMs(attempt, LIMITS, 1));
    assert.deepEqual(longest, [500, 1000, 2000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('has its upper half drawn at random', () => {
    assert.equal(backoffMs(1, LIMITS, 0), 250);
    assert.equal(backoffMs(1, LIMITS, 0.5), 375);
    assert.equal(backoffMs(100, LIMITS, 0), 30_000);
  });

  test('is never outside its bounds and never shrinks from attempt to attempt', () => {
    const limits = fc
      .tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 1000 }))
      .map(([minMs, factor]) => ({ minMs, maxMs: minMs * factor }));
    fc.assert(
      fc.property(
        limits,
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (given, attempt, random) => {
          const pause = backoffMs(attempt, given, random);
          assert.ok(pause >= given.minMs / 2 && pause <= given.maxMs);
          assert.ok(backoffMs(attempt + 1, given, random) >= pause);
        },
      ),
    );
  });
});
