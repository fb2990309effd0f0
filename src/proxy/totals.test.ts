import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Totals } from './totals.ts';

const ASIC = { account: 'a', pool: 'p', algorithm: 'sha256d' };
const GPU = { account: 'a', pool: 'p', algorithm: 'kawpow' };

describe('the books of all accounts', () => {
  test('are the same ones for whoever asks for them again', () => {
    const totals = new Totals();
    assert.equal(totals.of(ASIC), totals.of({ ...ASIC }));
    assert.notEqual(totals.of(ASIC), totals.of(GPU));
  });

  test('are added up, and given out once for what was written in them', () => {
    const totals = new Totals();
    totals.of(ASIC).begin(8);
    totals.of(ASIC).begin(8);
    totals.of(GPU).begin(1);
    totals.of(ASIC).end('accepted', 8, 100);
    totals.of(GPU).end('stale', 1, 0);
    assert.equal(totals.inFlight, 1);
    const { received, inFlight, accepted } = totals.sums();
    assert.deepEqual([received, inFlight, accepted], [3, 1, 1]);
    assert.deepEqual(
      totals.takeChanged().map(({ algorithm }) => algorithm),
      ['sha256d', 'kawpow'],
    );
    assert.deepEqual(totals.takeChanged(), []);
  });

  test('that were opened under a wrong name and never used are not shown', () => {
    const totals = new Totals();
    totals.of(ASIC);
    totals.of(GPU);
    const shown = () => totals.rows(({ algorithm }) => algorithm === 'kawpow').map((row) => row.algorithm);
    assert.deepEqual(shown(), ['sha256d']);
    totals.of(GPU).begin(1);
    assert.deepEqual(shown(), ['sha256d', 'kawpow']);
  });
});
