import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { acceptedOf, countText, percentText, rateText, rejectedOf, siOf, spanText } from './figures.ts';

describe('figures in words', () => {
  test('rates with a prefix', () => {
    assert.equal(rateText(0), '0 H/s');
    assert.equal(rateText(94_200_000_000_000), '94.2 TH/s');
    assert.equal(rateText(38, 'Sol'), '38 Sol/s');
    assert.equal(rateText(0.25, 'g'), '0.25 g/s');
    assert.equal(rateText(999_960), '1 MH/s');
    assert.equal(rateText(999.9), '999.9 H/s');
    assert.equal(rateText(120), '120 H/s');
    assert.equal(countText(65_536), '65.54k');
    assert.equal(countText(100_000), '100k');
    assert.equal(countText(2 ** -19), '1.9e-6');
  });

  test('what a prefix stands for is what was meant, to a part in a thousand', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 9e26, noNaN: true }), (value) => {
        const { digits, prefix } = siOf(value);
        const back = Number(digits) * 1000 ** ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'].indexOf(prefix);
        assert.ok(Math.abs(back / value - 1) < 0.006, `${value}: ${digits} ${prefix}`);
        assert.ok(Number(digits) < 1000 || prefix === 'Y', digits);
      }),
    );
  });

  test('parts and spans', () => {
    assert.equal(percentText(0.98765), '98.8 %');
    assert.equal(percentText(null), '–');
    assert.equal(spanText(0), '0 s');
    assert.equal(spanText(61), '1 min 1 s');
    assert.equal(spanText(3600), '1 h');
    assert.equal(spanText(200_000), '2 d 7 h');
  });

  test('shares', () => {
    const shares = {
      accepted: 3,
      'accepted-local': 4,
      stale: 1,
      'low-difficulty': 2,
      lost: 5,
      unanswered: 6,
    };
    assert.equal(acceptedOf(shares), 7);
    assert.equal(rejectedOf(shares), 14);
  });
});
