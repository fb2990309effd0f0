import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { Histogram } from './histogram.ts';

describe('a histogram', () => {
  test('is empty at first', () => {
    assert.deepEqual(new Histogram([1, 2]).snapshot(), {
      bounds: [1, 2],
      cumulative: [0, 0],
      sum: 0,
      count: 0,
    });
  });

  test('counts what equals a bound below it, and what exceeds the last in the count alone', () => {
    const histogram = new Histogram([0.1, 1]);
    for (const value of [0, 0.1, 0.100001, 1, 1.5, 100]) histogram.observe(value);
    const { cumulative, count } = histogram.snapshot();
    assert.deepEqual(cumulative, [2, 4]);
    assert.equal(count, 6);
  });

  test('without bounds still counts and sums', () => {
    const histogram = new Histogram([]);
    histogram.observe(2);
    histogram.observe(3);
    assert.deepEqual(histogram.snapshot(), { bounds: [], cumulative: [], sum: 5, count: 2 });
  });

  test('a snapshot does not change with later observations', () => {
    const histogram = new Histogram([1]);
    const before = histogram.snapshot();
    histogram.observe(0.5);
    assert.deepEqual(before, { bounds: [1], cumulative: [0], sum: 0, count: 0 });
  });

  test('is what counting by hand gives', () => {
    const bounds = fc
      .uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 12 })
      .map((b) => b.sort((x, y) => x - y));
    fc.assert(
      fc.property(
        bounds,
        fc.array(fc.integer({ min: -60, max: 60 }), { maxLength: 100 }),
        (limits, values) => {
          const histogram = new Histogram(limits);
          for (const value of values) histogram.observe(value);
          assert.deepEqual(histogram.snapshot(), {
            bounds: limits,
            cumulative: limits.map((bound) => values.filter((value) => value <= bound).length),
            sum: values.reduce((sum, value) => sum + value, 0),
            count: values.length,
          });
        },
      ),
    );
  });
});
