import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PoolStats } from './pool-stats.ts';

const statsWithGaps = (...gapsMs: readonly number[]): PoolStats => {
  const stats = new PoolStats('pool.example:3333', 'sha256d', 1);
  for (const gapMs of gapsMs) stats.noteJobGap(gapMs);
  return stats;
};

describe('how long a pool may go without a job', () => {
  test('is five minutes before its interval is known', () => {
    assert.equal(statsWithGaps().jobLimitMs(), 300_000);
  });

  test('is three times its interval', () => {
    assert.equal(statsWithGaps(30_000, 30_000).jobLimitMs(), 90_000);
  });

  test('is a minute at least', () => {
    assert.equal(statsWithGaps(1000).jobLimitMs(), 60_000);
  });

  test('has no upper bound: a slow coin is no dead pool', () => {
    assert.equal(statsWithGaps(600_000).jobLimitMs(), 1_800_000);
  });

  test('adapts to a changed interval', () => {
    const stats = statsWithGaps(30_000, ...Array.from({ length: 40 }, () => 60_000));
    assert.ok(Math.abs(stats.jobLimitMs() - 180_000) < 1000);
  });
});
