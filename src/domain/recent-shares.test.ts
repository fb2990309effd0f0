import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentShares } from './recent-shares.ts';

test('rates are those of the last ten seconds, acceptance that of five minutes', () => {
  const shares = new RecentShares();
  assert.deepEqual(shares.add({ received: 100, accepted: 90, rejected: 10 }, 0), {
    receivedPerSecond: 0,
    acceptedPerSecond: 0,
    rejectedPerSecond: 0,
    acceptance: null,
  });
  let received = 100;
  let last = shares.add({ received, accepted: 90, rejected: 10 }, 0);
  for (let second = 1; second <= 400; second += 1) {
    received += second <= 390 ? 4 : 8;
    const accepted = 90 + (received - 100) * 0.75;
    last = shares.add({ received, accepted, rejected: received - accepted }, second * 1000);
  }
  assert.deepEqual(last, {
    receivedPerSecond: 8,
    acceptedPerSecond: 6,
    rejectedPerSecond: 2,
    acceptance: 0.75,
  });
});

test('what was long ago does not count, however far apart the samples are', () => {
  const shares = new RecentShares();
  shares.add({ received: 100, accepted: 0, rejected: 100 }, 0);
  shares.add({ received: 200, accepted: 0, rejected: 200 }, 100_000);
  const { acceptance } = shares.add({ received: 210, accepted: 10, rejected: 200 }, 500_000);
  assert.equal(acceptance, 1);
  assert.equal(shares.add({ received: 210, accepted: 10, rejected: 200 }, 900_000).acceptance, null);
});
