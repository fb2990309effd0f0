import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from './token-bucket.ts';

test('a bucket gives what a second holds at once, then at its rate, and never more than a second’s worth', () => {
  const bucket = new TokenBucket(4);
  const taken = (nowMs: number): number => {
    let count = 0;
    while (bucket.take(nowMs)) count += 1;
    return count;
  };
  assert.equal(taken(1000), 4);
  assert.equal(taken(1100), 0);
  assert.equal(taken(1250), 1);
  assert.equal(taken(2000), 3);
  assert.equal(taken(60_000), 4);
});
