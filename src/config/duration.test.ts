import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDurationMs } from './duration.ts';

test('a duration is a whole number with a unit, or 0', () => {
  const good: readonly [string, number][] = [
    ['0', 0],
    ['0d', 0],
    ['30s', 30_000],
    ['5m', 300_000],
    ['12h', 43_200_000],
    ['90d', 7_776_000_000],
    ['2w', 1_209_600_000],
  ];
  for (const [text, ms] of good) assert.equal(parseDurationMs(text), ms, text);
  for (const text of ['', '90', 'd', '1.5d', '-1d', '1 d', '1y', '40000w', '1d2h'])
    assert.equal(parseDurationMs(text), null, text);
});
