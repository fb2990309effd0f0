import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../../../test/support/any-text.ts';
import { SHARE_RESULTS } from '../../../domain/result.ts';
import { classifyRefusal, REFUSAL_CODES } from './codes.ts';

const classify = (code: number | null, message: string): string => classifyRefusal(code, message);

describe("the bucket of a pool's refusal", () => {
  for (const [code, message, bucket] of [
    // ckpool-lhr
    [21, 'Invalid JobID', 'unknown-job'],
    [23, 'Above target', 'low-difficulty'],
    [20, 'Ntime out of range', 'malformed'],
    [20, 'Invalid version mask', 'malformed'],
    [20, 'Worker mismatch', 'unauthorized'],
    [20, 'Invalid array size', 'malformed'],
    [20, 'No nonce', 'malformed'],
    [20, 'Params not array', 'malformed'],
    [20, 'Not supported.', 'rejected'],
    // ckpool
    [null, 'Above target', 'low-difficulty'],
    [null, 'Duplicate', 'duplicate'],
    [null, 'Stale', 'stale'],
    [null, 'Invalid JobID', 'unknown-job'],
    [null, 'Invalid nonce2 length', 'malformed'],
    [null, 'Ntime out of range', 'malformed'],
    [null, 'Invalid worker', 'unauthorized'],
    // NOMP
    [21, 'job not found', 'stale'],
    [22, 'duplicate share', 'duplicate'],
    [23, 'low difficulty share of 0', 'low-difficulty'],
    [24, 'unauthorized worker', 'unauthorized'],
    [25, 'not subscribed', 'unauthorized'],
    [20, 'incorrect size of extranonce2', 'malformed'],
    [20, 'incorrect size of ntime', 'malformed'],
    [20, 'incorrect size of nonce', 'malformed'],
    [20, 'ntime out of range', 'malformed'],
    [6, 'invalid version mask', 'malformed'],
    // DATUM
    [null, 'unknown-work', 'unknown-job'],
    [null, 'stale-work', 'stale'],
    [null, 'stale-prevblk', 'stale'],
    [null, 'time-too-old', 'malformed'],
    [null, 'time-too-new', 'malformed'],
    [null, 'duplicate', 'duplicate'],
    [null, 'high-hash', 'low-difficulty'],
    [null, 'H-not-zero', 'low-difficulty'],
    [null, 'bad-version', 'malformed'],
    // AntPool, BTC.com, what says nothing
    [40, 'unfit, ignore', 'rejected'],
    [27, 'Illegal params', 'malformed'],
    [-3, 'Method not found', 'rejected'],
    [102, 'Rejected by the pool', 'rejected'],
    [null, '', 'rejected'],
  ] as const) {
    test(`${code ?? 'no code'} ${message || '(no words)'} is ${bucket}`, () => {
      assert.equal(classify(code, message), bucket);
    });
  }

  test('is one of the buckets for any code and words', () => {
    fc.assert(
      fc.property(fc.option(fc.integer()), anyText, (code, message) => {
        assert.ok((SHARE_RESULTS as readonly string[]).includes(classify(code, message)));
      }),
    );
  });

  test('of one of our own refusals, relayed by a second proxy, stays what it was', () => {
    for (const reason of ['stale', 'duplicate', 'low-difficulty', 'unauthorized'] as const) {
      assert.equal(classify(REFUSAL_CODES[reason], ''), reason);
    }
    assert.equal(classify(REFUSAL_CODES['unknown-job'], 'Unknown job'), 'unknown-job');
  });
});
