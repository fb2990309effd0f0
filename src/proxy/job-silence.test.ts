import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JobSilence } from './job-silence.ts';
import { PoolStats } from './pool-stats.ts';

const MINUTE_MS = 60_000;

function open() {
  const stats = new PoolStats('pool', 'sha256d', 1);
  return { stats, silence: new JobSilence(stats) };
}

describe('the silence of a pool that sends no job', () => {
  test('is too long after three times what is usual, or after what the pool list says', () => {
    const { silence } = open();
    silence.broken(false, 0);
    silence.broken(true, MINUTE_MS);
    assert.equal(silence.tooLongMs('a', null, 4 * MINUTE_MS - 1), null);
    assert.equal(silence.tooLongMs('a', null, 4 * MINUTE_MS), 3 * MINUTE_MS);
    assert.equal(silence.tooLongMs('a', 5 * MINUTE_MS, 5 * MINUTE_MS), null);
    assert.equal(silence.tooLongMs('a', 1000, MINUTE_MS + 1000), 1000);
  });

  test('is what is usual where the pool is on the same block afterwards, and is learnt once', () => {
    const { silence, stats } = open();
    silence.broken(false, 0);
    silence.tooLongMs('a', null, 5 * MINUTE_MS);
    silence.began('a', 6 * MINUTE_MS);
    assert.equal(stats.jobLimitMs(), 18 * MINUTE_MS);
    silence.began('a', 60 * MINUTE_MS);
    assert.equal(stats.jobLimitMs(), 18 * MINUTE_MS);
  });

  test('was none of the pool where it is on another block afterwards', () => {
    const { silence, stats } = open();
    silence.broken(false, 0);
    silence.tooLongMs('a', null, 5 * MINUTE_MS);
    silence.began('b', 6 * MINUTE_MS);
    assert.equal(stats.jobLimitMs(), 5 * MINUTE_MS, 'as before the first gap is known');
  });
});
