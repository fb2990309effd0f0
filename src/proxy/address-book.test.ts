import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AddressBook } from './address-book.ts';

const book = (limits: Partial<ConstructorParameters<typeof AddressBook>[0]> = {}): AddressBook =>
  new AddressBook({ threshold: 3, windowSeconds: 60, durationSeconds: 600, ...limits });

function failTimes(addresses: AddressBook, ip: string, times: number, nowMs = 0): boolean[] {
  return Array.from({ length: times }, () => addresses.failed(ip, nowMs));
}

describe('an address book', () => {
  test('counts the connections of each address', () => {
    const addresses = book();
    addresses.connected('a');
    addresses.connected('a');
    addresses.connected('b');
    assert.deepEqual(
      [addresses.connections('a'), addresses.connections('b'), addresses.connections('c')],
      [2, 1, 0],
    );
    addresses.disconnected('a', false);
    addresses.disconnected('b', false);
    assert.deepEqual([addresses.connections('a'), addresses.connections('b')], [1, 0]);
  });

  test('takes a disconnect of nobody for nothing', () => {
    const addresses = book();
    addresses.disconnected('a', true);
    assert.equal(addresses.connections('a'), 0);
  });

  test('bans at the threshold, for a while', () => {
    const addresses = book();
    addresses.connected('a');
    assert.deepEqual(failTimes(addresses, 'a', 3), [false, false, true]);
    assert.equal(addresses.isBanned('a', 0), true);
    assert.equal(addresses.isBanned('b', 0), false);
    assert.equal(addresses.bannedCount(599_999), 1);
    assert.equal(addresses.isBanned('a', 599_999), true);
    assert.equal(addresses.isBanned('a', 600_000), false);
    assert.equal(addresses.bannedCount(600_000), 0);
  });

  test('begins to count anew after a ban', () => {
    const addresses = book();
    failTimes(addresses, 'a', 3);
    assert.deepEqual(failTimes(addresses, 'a', 3, 600_000), [false, false, true]);
  });

  test('forgets failures that lie back further than the window', () => {
    const addresses = book();
    failTimes(addresses, 'a', 2, 0);
    assert.equal(addresses.failed('a', 60_000), false);
    assert.equal(addresses.failed('a', 60_001), false);
    assert.equal(addresses.failed('a', 60_002), true);
  });

  test('forgets failures at a success', () => {
    const addresses = book();
    addresses.connected('a');
    failTimes(addresses, 'a', 2);
    addresses.authorized('a');
    addresses.disconnected('a', true);
    assert.deepEqual(failTimes(addresses, 'a', 3), [false, false, true]);
  });

  test('does not ban an address with an authorised miner, and does from when it has gone', () => {
    const addresses = book();
    for (let i = 0; i < 3; i += 1) addresses.connected('a');
    addresses.authorized('a');
    assert.deepEqual(failTimes(addresses, 'a', 5), [false, false, false, false, false]);
    addresses.disconnected('a', true);
    assert.deepEqual(failTimes(addresses, 'a', 3), [false, false, true]);
  });

  test('knows a miner that lost its account while its connection stays', () => {
    const addresses = book();
    addresses.connected('a');
    addresses.authorized('a');
    addresses.unauthorized('a');
    assert.deepEqual(failTimes(addresses, 'a', 3), [false, false, true]);
    addresses.disconnected('a', false);
    assert.equal(addresses.connections('a'), 0);
  });

  test('never bans where the threshold is 0', () => {
    const addresses = book({ threshold: 0 });
    assert.ok(failTimes(addresses, 'a', 100).every((isBanned) => !isBanned));
    assert.equal(addresses.bannedCount(0), 0);
  });
});
