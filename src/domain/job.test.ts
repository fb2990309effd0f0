import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { joinStanding, type RelayedWork, withStanding } from './job.ts';

const work: RelayedWork = {
  family: 'ethash',
  poolJobId: 'bf0488aa',
  block: '6526d5',
  clean: true,
  target: null,
  algorithm: null,
  parts: { header: '64'.repeat(32), height: '6526d5' },
};

describe('what a pool says apart from its jobs', () => {
  test('stands beside the parts of each', () => {
    const joined = withStanding(work, { parts: { epoch: 'dc' }, algorithm: 'ethash' });
    assert.deepEqual(joined, { ...work, algorithm: 'ethash', parts: { ...work.parts, epoch: 'dc' } });
  });

  test('gives way to what the job says itself', () => {
    const own = { ...work, algorithm: 'progpow', parts: { epoch: 'dd' } };
    assert.deepEqual(withStanding(own, { parts: { epoch: 'dc' }, algorithm: 'ethash' }), own);
  });

  test('nothing said leaves the job as it is', () => {
    assert.equal(withStanding(work, null), work);
  });

  test('is replaced part by part', () => {
    const first = { parts: { epoch: 'dc', a: '1' }, algorithm: 'ethash' };
    assert.equal(joinStanding(null, first), first);
    assert.deepEqual(joinStanding(first, { parts: { epoch: 'dd' }, algorithm: null }), {
      parts: { epoch: 'dd', a: '1' },
      algorithm: 'ethash',
    });
  });
});
