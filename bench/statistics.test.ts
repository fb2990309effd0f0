import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fitLine, median, percentile } from './statistics.ts';

describe('percentile', () => {
  test('is the nearest rank, whatever the order of the values', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(percentile(values, 50), 50);
    assert.equal(percentile(values, 99), 99);
    assert.equal(percentile(values, 100), 100);
    assert.equal(percentile([7], 50), 7);
  });

  test('of nothing is not a number', () => {
    assert.ok(Number.isNaN(percentile([], 50)));
    assert.ok(Number.isNaN(median([])));
  });
});

test('the median of an even number of values lies between the two in the middle', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([9, 1, 5]), 5);
});

test('a line is found through points, with how sure its slope is', () => {
  const exact = fitLine([1, 2, 4, 8].map((x) => ({ x, y: 3 - 2 * x })));
  assert.ok(exact !== null && Math.abs(exact.slope + 2) < 1e-12 && exact.slopeError < 1e-6);
  // By hand: slope 0.6, residuals 0.2, -0.4, 0.2.
  const loose = fitLine([
    { x: 0, y: 0 },
    { x: 1, y: 0 },
    { x: 2, y: 1.2 },
  ]);
  assert.ok(loose !== null && Math.abs(loose.slope - 0.6) < 1e-12);
  assert.ok(Math.abs(loose.slopeError - Math.sqrt(0.24 / 1 / 2)) < 1e-12);
});

test('there is no line through two points or above a single x', () => {
  assert.equal(fitLine([0, 1].map((x) => ({ x, y: x }))), null);
  assert.equal(fitLine([0, 1, 2].map((y) => ({ x: 5, y }))), null);
});
