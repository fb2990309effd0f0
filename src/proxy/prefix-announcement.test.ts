import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrefixAnnouncement } from './prefix-announcement.ts';

test('a miner that has to be told another prefix is waited for until a second after its login', () => {
  const announcement = new PrefixAnnouncement();
  announcement.expect(10_000);
  assert.equal(announcement.giveUp(20_000), false, 'nothing is waited for');
  assert.equal(announcement.wait(10_400), true);
  assert.equal(announcement.isAwaited, true);
  assert.equal(announcement.giveUp(10_999), false);
  assert.equal(announcement.giveUp(11_000), true);
  assert.equal(announcement.giveUp(11_000), false, 'once');
  assert.equal(announcement.wait(11_001), false, 'it has had its time');
});

test('without a login there is nothing to wait for', () => {
  assert.equal(new PrefixAnnouncement().wait(0), false);
});

test('what the miner takes, or has already, ends the waiting', () => {
  const announcement = new PrefixAnnouncement();
  announcement.expect(0);
  announcement.wait(0);
  announcement.settle();
  assert.deepEqual([announcement.isAwaited, announcement.giveUp(1000)], [false, false]);
});
