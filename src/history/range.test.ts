import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HISTORY_RANGES } from '../domain/history.ts';
import { viewOf } from './range.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOW_MS = 20_000 * DAY_MS + 34_567_890;
const KEEP = { 60: 2, 600: 14, 3600: 365 } as const;

function upToNow(lengthMs: number, keepDays: Readonly<Record<60 | 600 | 3600, number>> = KEEP) {
  return viewOf({ fromMs: NOW_MS - lengthMs, toMs: NOW_MS }, { nowMs: NOW_MS, keepDays });
}

describe('the view of a range', () => {
  test('is by minutes, ten minutes or hours, and never of more than 2000 points', () => {
    const steps = Object.entries(HISTORY_RANGES).map(([name, lengthMs]) => {
      const view = upToNow(lengthMs);
      assert.ok((view.toMs - view.fromMs) / 1000 / view.stepSeconds <= 2000, name);
      assert.ok(view.fromMs <= NOW_MS - lengthMs && view.toMs >= NOW_MS);
      assert.equal(view.fromMs % (view.stepSeconds * 1000), 0);
      return [name, view.step, view.stepSeconds];
    });
    assert.deepEqual(steps, [
      ['1h', 60, 60],
      ['6h', 60, 60],
      ['24h', 600, 600],
      ['7d', 600, 600],
      ['30d', 3600, 3600],
      ['1y', 3600, 6 * 3600],
    ]);
    assert.equal(upToNow(10 * 365 * DAY_MS).stepSeconds, 48 * 3600);
  });

  test('takes what is kept where the finer is not, or not for so long', () => {
    assert.equal(upToNow(HISTORY_RANGES['1h'], { ...KEEP, 60: 0 }).step, 600);
    assert.equal(upToNow(HISTORY_RANGES['1h'], { 60: 0, 600: 0, 3600: 365 }).step, 3600);
    const month = upToNow(HISTORY_RANGES['30d'], { 60: 2, 600: 14, 3600: 0 });
    assert.deepEqual([month.step, month.stepSeconds], [600, 3600], 'still no more points than are of use');
    const year = upToNow(HISTORY_RANGES['1y'], { 60: 400, 600: 0, 3600: 1 });
    assert.deepEqual(
      [year.step, year.stepSeconds],
      [60, 6 * 3600],
      'what reaches back goes before what is short',
    );
    const threeDaysAgo = { fromMs: NOW_MS - 3 * DAY_MS, toMs: NOW_MS - 3 * DAY_MS + 30 * MINUTE_MS };
    assert.equal(viewOf(threeDaysAgo, { nowMs: NOW_MS, keepDays: KEEP }).step, 600);
    const aMonthAgo = { fromMs: NOW_MS - 30 * DAY_MS, toMs: NOW_MS - 29 * DAY_MS };
    assert.equal(viewOf(aMonthAgo, { nowMs: NOW_MS, keepDays: KEEP }).step, 3600);
    assert.equal(upToNow(2 * DAY_MS, { ...KEEP, 600: 2 }).step, 600, 'all that is kept');
  });
});
