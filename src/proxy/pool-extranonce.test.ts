import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InFlightShare } from './in-flight-share.ts';
import { PoolExtranonce } from './pool-extranonce.ts';

const FIRST = { sessionId: 'ae6812', extranonce1: '08000002', extranonce2Bytes: 4 };
const OTHER = { extranonce1: '08000003', extranonce2Bytes: 8 };

function share(extranonce1: string, extranonce2: string): Pick<InFlightShare, 'job' | 'share'> {
  const parts = {
    family: 'bitcoin',
    user: 'a',
    poolJobId: '1',
    ntime: '',
    nonce: '',
    versionBits: null,
  } as const;
  return { job: { extranonce1 } as InFlightShare['job'], share: { ...parts, extranonce2 } };
}

describe('the extranonce of an upstream', () => {
  test('is resumed where the pool gives the same back: the lanes stay', () => {
    const extranonce = new PoolExtranonce();
    assert.equal(extranonce.subscribed(FIRST), false);
    const { lanes } = extranonce;
    assert.equal(extranonce.subscribed({ ...FIRST, sessionId: 'other' }), true);
    assert.equal(extranonce.lanes, lanes);
    assert.equal(extranonce.subscription?.sessionId, 'other');
    assert.equal(extranonce.subscribed({ ...FIRST, extranonce2Bytes: 8 }), false);
    assert.notEqual(extranonce.lanes, lanes);
  });

  test('proves no resume where the pool fixes nothing', () => {
    const extranonce = new PoolExtranonce();
    const open = { ...FIRST, extranonce1: '' };
    extranonce.subscribed(open);
    assert.equal(extranonce.subscribed(open), false);
  });

  test('that is announced takes the place of the other when it is put in force, and the worker stays', () => {
    const extranonce = new PoolExtranonce();
    extranonce.subscribed(FIRST);
    extranonce.callWorker('w-1');
    extranonce.announce(OTHER);
    assert.equal(extranonce.subscription?.extranonce1, FIRST.extranonce1);
    assert.equal(extranonce.takeNext(), true);
    assert.deepEqual(extranonce.subscription, { sessionId: 'ae6812', ...OTHER, worker: 'w-1' });
    assert.equal(extranonce.takeNext(), false, 'once');
  });

  test('is not to change where the one in force is announced, or nothing was given yet', () => {
    const extranonce = new PoolExtranonce();
    extranonce.announce(OTHER);
    assert.equal(extranonce.takeNext(), false);
    extranonce.subscribed(FIRST);
    extranonce.announce(OTHER);
    extranonce.announce(FIRST);
    assert.equal(extranonce.takeNext(), false);
  });

  test('covers what was found under it, at its size', () => {
    const extranonce = new PoolExtranonce();
    assert.equal(extranonce.covers(share(FIRST.extranonce1, '00000000')), false);
    extranonce.subscribed(FIRST);
    assert.equal(extranonce.covers(share(FIRST.extranonce1, '00000000')), true);
    assert.equal(extranonce.covers(share(FIRST.extranonce1, '0000000000000000')), false);
    assert.equal(extranonce.covers(share(OTHER.extranonce1, '00000000')), false);
  });
});
