import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NamesAtPool } from './names-at-pool.ts';

describe('further names on a connection', () => {
  test('are asked for once, and used from the pool’s yes on', () => {
    const names = new NamesAtPool();
    assert.equal(names.mayAsk('wallet.one'), true);
    names.asked('wallet.one', 5);
    assert.deepEqual(
      [names.mayAsk('wallet.one'), names.isGranted('wallet.one'), names.isWaitedFor(5)],
      [false, false, true],
    );
    assert.equal(names.onReply(6, true), false, 'an answer to something else');
    assert.equal(names.onReply(5, true), false);
    assert.deepEqual([names.isGranted('wallet.one'), names.isWaitedFor(5)], [true, false]);
  });

  test('are given up for all at the first no, until the next login', () => {
    const names = new NamesAtPool();
    names.asked('wallet.one', 5);
    names.onReply(5, true);
    names.asked('wallet.two', 6);
    assert.equal(names.onReply(6, false), true);
    assert.deepEqual([names.isGranted('wallet.one'), names.mayAsk('wallet.three')], [false, false]);
    names.forget();
    assert.equal(names.mayAsk('wallet.three'), true);
  });

  test('are bounded', () => {
    const names = new NamesAtPool();
    let asked = 0;
    while (names.mayAsk(`wallet.${asked}`) && asked < 10_000) {
      names.asked(`wallet.${asked}`, asked);
      asked += 1;
    }
    assert.equal(asked, 4096);
  });
});
