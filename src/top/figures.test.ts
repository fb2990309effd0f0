import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, duration, hashrate, percent, short } from './figures.ts';

test('a hashrate has three digits and a unit', () => {
  const rates = [
    [0, '0 H/s'],
    [0.25, '0.25 H/s'],
    [65_536, '65.5 kH/s'],
    [999.6, '1 kH/s'],
    [1.024e12, '1.02 TH/s'],
    [5e14, '500 TH/s'],
    [7.5e23, '750 ZH/s'],
    [Number.NaN, '0 H/s'],
  ] as const;
  for (const [hs, text] of rates) assert.equal(hashrate(hs), text);
  assert.equal(hashrate(1500, 'Sol'), '1.50 kSol/s');
});

test('difficulties are short, whole ones without a point', () => {
  const difficulties = [
    [8, '8'],
    [65_536, '65.5k'],
    [0.00015, '1.5e-4'],
    [0.001, '0.001'],
    [1e25, '1.0e4Z'],
  ] as const;
  for (const [value, text] of difficulties) assert.equal(short(value), text);
});

test('counts stay whole while they fit', () => {
  assert.deepEqual([count(0), count(99_999), count(100_000)], ['0', '99999', '100k']);
});

test('almost all is not all', () => {
  assert.deepEqual(
    [percent(null), percent(1), percent(0.9995), percent(0.5)],
    ['-', '100.0%', '99.95%', '50.0%'],
  );
});

test('times are in the largest unit that says something', () => {
  const times = [
    [-5, '0s'],
    [59_000, '59s'],
    [120_000, '2m'],
    [7_200_000, '2h'],
    [400 * 3_600_000, '16d'],
  ] as const;
  for (const [ms, text] of times) assert.equal(duration(ms), text);
});
