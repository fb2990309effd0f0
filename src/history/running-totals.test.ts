import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { totalRow } from '../../test/support/report-fixtures.ts';
import { shareCounts } from '../domain/counts.ts';
import type { LastingTotal } from '../domain/history.ts';
import type { TotalRow } from '../domain/report.ts';
import { RunningTotals } from './running-totals.ts';

function row(received: number, some: Partial<TotalRow> = {}): TotalRow {
  return totalRow({ received, counts: shareCounts({ accepted: received }), work: received * 100, ...some });
}

function past(received: number, some: Partial<TotalRow> = {}): LastingTotal {
  const { inFlight: _, ...total } = row(received, some);
  return total;
}

describe('running totals', () => {
  test('are those of the runs before and of this one', () => {
    const totals = new RunningTotals([past(10), past(5, { pool: 'gone.example:1' })]);
    const now = [row(3, { inFlight: 0 }), row(1, { account: 'ffffffffffffffff', inFlight: 1 })];
    assert.deepEqual(totals.withPast(now), [
      row(13),
      row(5, { pool: 'gone.example:1' }),
      row(1, { account: 'ffffffffffffffff', inFlight: 1 }),
    ]);
    assert.deepEqual(totals.withPast([]), [row(10), row(5, { pool: 'gone.example:1' })]);
  });

  test('keep what has changed, the newest of each, until it is written', () => {
    const totals = new RunningTotals([past(10)]);
    assert.deepEqual(totals.unwritten(), []);
    totals.note([row(1)]);
    totals.note([row(2), row(7, { algorithm: 'scrypt' })]);
    const first = totals.unwritten();
    assert.deepEqual(first, [past(12), past(7, { algorithm: 'scrypt' })]);
    totals.note([row(3)]);
    totals.written(first);
    assert.deepEqual(totals.unwritten(), [past(13)], 'what was noted while it was written is not');
    totals.written(totals.unwritten());
    assert.deepEqual(totals.unwritten(), []);
  });

  test('count shares as lost that were in flight when the program was killed', () => {
    const killed = past(10, { counts: shareCounts({ accepted: 6, lost: 1 }) });
    const totals = new RunningTotals([killed]);
    const [sum] = totals.withPast([row(2, { inFlight: 1, counts: shareCounts({ accepted: 1 }) })]);
    assert.deepEqual(sum?.counts, shareCounts({ accepted: 7, lost: 4 }));
    assert.deepEqual([sum?.received, sum?.inFlight], [12, 1]);
  });
});
