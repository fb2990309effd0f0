import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SHARE_RESULTS } from '../../../domain/result.ts';
import type { Refusal } from '../../dialect.ts';
import { classifyRefusal, isCritical, isForNow, wordsFor } from './codes.ts';

describe("the bucket of a pool's refusal", () => {
  for (const [message, bucket] of [
    ['Unauthenticated', 'unauthorized'],
    ['IP Address currently banned', 'unauthorized'],
    ['your IP is banned', 'unauthorized'],
    ['Permission denied', 'unauthorized'],
    ['Invalid job id', 'unknown-job'],
    ['Invalid job id (expired)', 'unknown-job'],
    ['Low difficulty share', 'low-difficulty'],
    ['Duplicate share', 'duplicate'],
    ['Block expired', 'stale'],
    ['Block outdated', 'stale'],
    ['Stale share', 'stale'],
    ['Malformed nonce', 'malformed'],
    ['Invalid nonce; is miner not compatible with NiceHash?', 'malformed'],
    ['Incorrect algorithm', 'malformed'],
    ['Throttled down share submission (please increase difficulty)', 'rejected'],
    ['Bad gateway', 'rejected'],
    ['Rejected by the pool', 'rejected'],
  ] as const) {
    test(`${message} is ${bucket}`, () => assert.equal(classifyRefusal({ code: -1, message }), bucket));
  }

  test('by the codes of bitcoin pools where the words say nothing', () => {
    const buckets = [20, 21, 22, 23, 24, 25, null].map((code) => classifyRefusal({ code, message: 'no' }));
    assert.deepEqual(buckets, [
      'rejected',
      'stale',
      'duplicate',
      'low-difficulty',
      'unauthorized',
      'unauthorized',
      'rejected',
    ]);
    for (const bucket of buckets) assert.ok(SHARE_RESULTS.includes(bucket));
  });
});

const words = (reason: Refusal['reason'], message: string, code: number | null = null): string =>
  wordsFor({ reason, message, code });

describe('the words of a refusal to a miner', () => {
  test('of a stale share do not make xmrig close', () => {
    assert.equal(words('stale', 'Stale share'), 'Block expired');
    assert.equal(words('unknown-job', 'Job not found'), 'Job not found');
    assert.equal(words('stale', 'Block outdated', -1), 'Block expired'.replace('expired', 'outdated'));
  });

  test('of a pool do not make xmrig close over what is between us and the pool', () => {
    assert.equal(words('unknown-job', 'Invalid job id', -1), 'Block expired');
    assert.equal(words('unauthorized', 'Unauthenticated', -1), 'Bad gateway');
    assert.equal(words('unauthorized', 'IP Address currently banned', -1), 'Bad gateway');
    assert.equal(words('unauthorized', 'your ip is banned for a day', -1), 'Bad gateway');
    assert.equal(words('low-difficulty', 'Low difficulty share', -1), 'Low difficulty share');
  });

  test('of a submit without a login do', () => {
    assert.equal(words('not-subscribed', 'Not subscribed'), 'Unauthenticated');
  });

  test('others stay', () => {
    for (const text of ['Malformed nonce', 'Duplicate share', 'Unknown method foo', 'Unauthorized worker'])
      assert.equal(words('other', text), text);
  });
});

test('a pool gives us up in these words alone', () => {
  for (const text of [
    'Unauthenticated',
    'unauthenticated!',
    'IP Address currently banned',
    'Your IP is banned',
  ])
    assert.equal(isCritical(text), true, text);
  for (const text of ['Invalid job id', 'Low difficulty share', 'You are Unauthenticated', ''])
    assert.equal(isCritical(text), false, text);
});

test('a login is refused for now or for good', () => {
  for (const text of [
    'No block template yet. Please wait.',
    'IP Address currently banned',
    'Rate limit exceeded for login requests',
    'New connections from this IP address are temporarily suspended from mining (10 minutes max)',
    'Bad gateway',
  ])
    assert.equal(isForNow(text), true, text);
  for (const text of ['Invalid payment address provided', 'Permission denied', 'No login specified'])
    assert.equal(isForNow(text), false, text);
});
