import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RecentWork } from './recent-work.ts';

const MINUTE_MS = 60_000;
const START_MS = 5000;

function counters(workFound: number, workAtPool: number, sharesAtPool: number) {
  return { workFound, workAtPool, sharesAtPool };
}

describe('the efficiency of the last hour', () => {
  test('is that since the start at first', () => {
    const work = new RecentWork(START_MS);
    assert.deepEqual(work.add(counters(0, 0, 0), START_MS), { efficiency: null, error: null });
    assert.deepEqual(work.add(counters(100, 0, 0), START_MS + 1000), { efficiency: 0, error: null });
    assert.deepEqual(work.add(counters(200, 150, 4), START_MS + 59 * MINUTE_MS), {
      efficiency: 0.75,
      error: 0.5,
    });
  });

  test('forgets what is older than an hour, whatever the pace of the looks', () => {
    for (const stepMs of [1000, 10_000, 90_000]) {
      const work = new RecentWork(START_MS);
      const at = (ms: number) => {
        // Nothing is paid in the first two hours, everything later.
        const paidMs = Math.max(0, ms - 120 * MINUTE_MS);
        return work.add(counters(ms, paidMs, paidMs / 1000), START_MS + ms);
      };
      let last = at(0);
      for (let ms = 0; ms <= 300 * MINUTE_MS; ms += stepMs) {
        last = at(ms);
        if (ms <= 120 * MINUTE_MS) assert.ok((last.efficiency ?? 0) === 0, String(ms));
        if (ms === 150 * MINUTE_MS)
          assert.ok(Math.abs((last.efficiency ?? 0) - 0.5) < 0.02, `${last.efficiency}`);
        if (ms >= 182 * MINUTE_MS) assert.equal(last.efficiency, 1);
      }
      assert.ok(Math.abs((last.error ?? 0) - 1 / 60) < 0.001, `${last.error}`);
    }
  });

  test('is not known in an hour in which nothing was found', () => {
    const work = new RecentWork(START_MS);
    work.add(counters(100, 90, 9), START_MS + MINUTE_MS);
    work.add(counters(100, 90, 9), START_MS + 2 * MINUTE_MS);
    assert.deepEqual(work.add(counters(100, 90, 9), START_MS + 63 * MINUTE_MS), {
      efficiency: null,
      error: null,
    });
  });
});
