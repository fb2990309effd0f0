import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HistoryScope } from '../domain/history.ts';
import type { WorkRow } from '../domain/report.ts';
import { Minutes, OTHER_WORKERS } from './minutes.ts';

const MINUTE_MS = 60_000;
const START_MS = 1000 * MINUTE_MS;
const ALL: HistoryScope = { account: null, worker: null, pool: null, algorithm: null };

function row(worker: string, work = 1, some: Partial<WorkRow> = {}): WorkRow {
  return { account: 'a', worker, pool: 'p:1', algorithm: 'sha256d', work, counts: { accepted: 1 }, ...some };
}

function worksOf(minutes: Minutes): Record<number, Record<string, number>> {
  return Object.fromEntries(
    minutes
      .ended(Number.POSITIVE_INFINITY)
      .map(({ atMs, rows }) => [
        (atMs - START_MS) / MINUTE_MS,
        Object.fromEntries(rows.map(({ worker, work }) => [worker, work])),
      ]),
  );
}

describe('minutes', () => {
  test('sum what came in by the moment before its end', () => {
    const minutes = new Minutes();
    minutes.add([row('rig1', 1), row('rig2', 2)], START_MS + 10_000);
    minutes.add([row('rig1', 4, { counts: { stale: 2 } })], START_MS + MINUTE_MS);
    minutes.add([row('rig1', 8)], START_MS + MINUTE_MS + 1);
    assert.deepEqual(worksOf(minutes), { 0: { rig1: 5, rig2: 2 }, 1: { rig1: 8 } });
    const [first] = minutes.ended(START_MS + MINUTE_MS);
    assert.deepEqual(first?.rows[0]?.counts, { accepted: 1, stale: 2 });
    assert.equal(minutes.ended(START_MS + MINUTE_MS - 1).length, 0);
    minutes.remove(START_MS);
    assert.deepEqual(worksOf(minutes), { 1: { rig1: 8 } });
  });

  test('tell what they have of a scope, by minute and algorithm', () => {
    const minutes = new Minutes();
    const rows = [
      row('rig1', 1),
      row('rig2', 2),
      row('rig1', 4, { account: 'b' }),
      row('rig1', 8, { pool: 'q:2', algorithm: 'scrypt' }),
    ];
    minutes.add(rows, START_MS + 1);
    const works = (scope: Partial<HistoryScope>): number[] =>
      minutes.points({ ...ALL, ...scope }, START_MS, START_MS + MINUTE_MS).map(({ work }) => work);
    assert.deepEqual(works({}), [7, 8]);
    assert.deepEqual(works({ account: 'a' }), [3, 8]);
    assert.deepEqual(works({ account: 'a', worker: 'rig1' }), [1, 8]);
    assert.deepEqual(works({ pool: 'q:2' }), [8]);
    assert.deepEqual(works({ algorithm: 'sha256d' }), [7]);
    assert.deepEqual(minutes.points(ALL, START_MS + MINUTE_MS, START_MS + 2 * MINUTE_MS), []);
  });

  test('tell so many names of an account apart in a day, and as many the next day', () => {
    const minutes = new Minutes({ workers: 100, namesPerDay: 2, rows: 100 });
    const [today, tomorrow] = [START_MS + 1, START_MS + 1440 * MINUTE_MS + 1];
    minutes.add([row('a', 1), row('b', 2), row('c', 4), row('', 8), row('a', 16)], today);
    minutes.add([row('c', 32, { account: 'other' })], today);
    minutes.add([row('c', 64), row('d', 128), row('e', 256)], tomorrow);
    assert.deepEqual(worksOf(minutes), {
      0: { a: 17, b: 2, [OTHER_WORKERS]: 4, '': 8, c: 32 },
      1440: { c: 64, d: 128, [OTHER_WORKERS]: 256 },
    });
  });

  test('count names beyond their number as others, and lose nothing', () => {
    const minutes = new Minutes({ workers: 2, namesPerDay: 100, rows: 100 });
    minutes.add(
      [row('rig1', 1), row('rig2', 2), row('rig3', 4), row('rig4', 8), row('rig1', 16)],
      START_MS + 1,
    );
    assert.deepEqual(worksOf(minutes), { 0: { rig1: 17, rig2: 2, [OTHER_WORKERS]: 12 } });
  });

  test('that nobody takes become one, the oldest first, when they are too many', () => {
    const minutes = new Minutes({ workers: 100, namesPerDay: 100, rows: 4 });
    for (let minute = 0; minute < 50; minute += 1)
      minutes.add([row('rig1', 1), row('rig2', 1)], START_MS + minute * MINUTE_MS + 1);
    assert.deepEqual(worksOf(minutes), { 48: { rig1: 49, rig2: 49 }, 49: { rig1: 1, rig2: 1 } });
  });
});
