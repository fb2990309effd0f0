import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { choosePool, type PoolHealth, poolsToHold } from './pool-choice.ts';

const LIVE = (sinceMs: number): PoolHealth => ({ kind: 'live', sinceMs });
const DOWN: PoolHealth = { kind: 'down', sinceMs: 0 };
const UNKNOWN: PoolHealth = { kind: 'unknown', sinceMs: null };
const policy = { returnAfterMs: 60_000 };

describe('choosePool', () => {
  test('stays on a live primary', () => {
    assert.equal(choosePool([LIVE(0), LIVE(0)], 0, 1, policy), 0);
  });

  test('leaves a pool that is not live for the best live one at once', () => {
    assert.equal(choosePool([DOWN, DOWN, LIVE(999), LIVE(0)], 0, 1000, policy), 2);
  });

  test('gives a pool that was dialled for the first time three seconds, though a standby is up already', () => {
    const dialled: PoolHealth = { kind: 'unknown', sinceMs: 1000 };
    assert.equal(choosePool([dialled, LIVE(1100)], 0, 3999, policy), 0);
    assert.equal(choosePool([dialled, LIVE(1100)], 0, 4000, policy), 1);
  });

  test('stays where it is while nothing is live', () => {
    assert.equal(choosePool([DOWN, UNKNOWN, DOWN], 1, 1000, policy), 1);
  });

  test('returns to a better pool only when it has been live for a while', () => {
    assert.equal(choosePool([LIVE(1000), LIVE(0)], 1, 60_999, policy), 1);
    assert.equal(choosePool([LIVE(1000), LIVE(0)], 1, 61_000, policy), 0);
  });

  test('prefers the best of several that may be returned to', () => {
    assert.equal(choosePool([DOWN, LIVE(0), LIVE(0), LIVE(0)], 3, 70_000, policy), 1);
  });

  test('an index that no longer exists falls back to the primary', () => {
    assert.equal(choosePool([DOWN], 3, 0, policy), 0);
  });

  test('whatever has happened, it ends on the best live pool once that has been live long enough', () => {
    const step = fc.record({
      pool: fc.nat({ max: 4 }),
      up: fc.boolean(),
      afterMs: fc.integer({ min: 0, max: 90_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pools: PoolHealth[] = [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN];
        let current = 0;
        let nowMs = 0;
        for (const { pool, up, afterMs } of steps) {
          nowMs += afterMs;
          const before = pools[pool];
          if (!up) pools[pool] = DOWN;
          else if (before?.kind !== 'live') pools[pool] = LIVE(nowMs);
          const next = choosePool(pools, current, nowMs, policy);
          const best = pools.findIndex((health) => health.kind === 'live');
          if (best >= 0)
            assert.equal(pools[next]?.kind, 'live', 'a live pool is never passed over for a dead one');
          if (pools[current]?.kind === 'live' && next !== current) assert.ok(next < current);
          current = next;
        }
        nowMs += policy.returnAfterMs;
        const best = pools.findIndex((health) => health.kind === 'live');
        assert.equal(choosePool(pools, current, nowMs, policy), best >= 0 ? best : current);
      }),
    );
  });

  test('does not swing between two pools that flap', () => {
    let current = 1;
    let moves = 0;
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += 10_000) {
      // The primary is up for 50 s of every minute: never long enough.
      const since = Math.floor(nowMs / 60_000) * 60_000;
      const primary = nowMs - since < 50_000 ? LIVE(since) : DOWN;
      const next = choosePool([primary, LIVE(0)], current, nowMs, policy);
      if (next !== current) moves += 1;
      current = next;
    }
    assert.equal(moves, 0);
  });
});

describe('poolsToHold', () => {
  test('dials the others too where the chosen one does not come up within three seconds', () => {
    const tried: PoolHealth = { kind: 'unknown', sinceMs: 1000 };
    assert.deepEqual(poolsToHold([tried, UNKNOWN], 0, 'cold', 3999), [false, false]);
    assert.deepEqual(poolsToHold([tried, UNKNOWN], 0, 'cold', 4000), [false, true]);
  });

  test('holds nothing beside a live primary', () => {
    assert.deepEqual(poolsToHold([LIVE(0), UNKNOWN, UNKNOWN], 0, 'cold', 0), [false, false, false]);
  });

  test('keeps the next one warm where asked to', () => {
    assert.deepEqual(poolsToHold([LIVE(0), UNKNOWN, UNKNOWN], 0, 'warm', 0), [false, true, false]);
  });

  test('dials no backup while the primary is tried for the first time', () => {
    assert.deepEqual(poolsToHold([UNKNOWN, UNKNOWN], 0, 'cold', 0), [false, false]);
  });

  test('holds all others while the chosen one is down', () => {
    assert.deepEqual(poolsToHold([DOWN, UNKNOWN, UNKNOWN], 0, 'cold', 0), [false, true, true]);
  });

  test('holds the better ones while mining on a backup', () => {
    assert.deepEqual(poolsToHold([DOWN, LIVE(0), UNKNOWN], 1, 'cold', 0), [true, false, false]);
  });
});
