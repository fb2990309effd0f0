import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { LEAST_MEASURING_PACE, MEASURING_BUDGET_PER_SECOND, measuringPace } from './measuring-pace.ts';
import { DEFAULT_VARDIFF } from './vardiff.ts';

const USUAL = DEFAULT_VARDIFF.measureSharesPerMinute;

describe('the measuring pace', () => {
  test('is the usual one until the budget is used up, then falls to the least', () => {
    assert.equal(measuringPace(0, 4000, 6), 192);
    assert.equal(measuringPace(1249, 4000, 6), 192);
    assert.equal(measuringPace(2499, 4000, 6), 96);
    assert.equal(measuringPace(4999, 4000, 6), 48);
    assert.equal(measuringPace(100_000, 4000, 6), 48);
  });

  test('is never below the pace that the sessions are to have', () => {
    assert.equal(measuringPace(100_000, 4000, 60), 60);
    assert.equal(measuringPace(0, 4000, 600), 600);
  });

  test('of one more is never higher', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), fc.integer({ min: 1, max: 20_000 }), (a, b, budget) => {
        const [few, many] = [Math.min(a, b), Math.max(a, b)];
        assert.ok(measuringPace(many, budget, 6) <= measuringPace(few, budget, 6));
        assert.ok(measuringPace(many, budget, 6) >= LEAST_MEASURING_PACE);
      }),
    );
  });

  test('lets 10,000 that come at once have less than half of what they would send', () => {
    let perSecond = 0;
    for (let session = 0; session < 10_000; session += 1)
      perSecond += measuringPace(session, MEASURING_BUDGET_PER_SECOND, 6) / 60;
    assert.ok(perSecond < 0.45 * 10_000 * (USUAL / 60), `${perSecond} shares a second`);
  });
});
