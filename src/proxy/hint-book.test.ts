import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HintBook, type LaneHint } from './hint-book.ts';

const hint = (account: string): LaneHint => ({ account, poolExtranonce2Bytes: 6, origin: 'at x' });
const book = (): HintBook => new HintBook({ capacity: 100, ttlMs: 1000 });

describe('what is remembered of miners that had to leave', () => {
  test('is found by session id before place', () => {
    const hints = book();
    hints.add('farm', 'a1', hint('a'), 0);
    hints.add('farm', 'b1', hint('b'), 0);
    assert.equal(hints.find('farm', 'b1', 1)?.account, 'b');
    assert.equal(hints.find('farm', null, 1)?.account, 'a');
    assert.equal(hints.find('farm', 'never given', 1)?.account, 'a');
    assert.equal(hints.find('elsewhere', null, 1), null);
  });

  test('of several from one place goes in the order in which they left, once each', () => {
    const hints = book();
    for (const account of ['a', 'b', 'b', 'c']) hints.add('farm', '', hint(account), 0);
    const back: (string | undefined)[] = [];
    for (let i = 0; i < 5; i += 1) {
      const found = hints.find('farm', null, 1);
      back.push(found?.account);
      if (found !== null) hints.take('farm', found, 1);
    }
    assert.deepEqual(back, ['a', 'b', 'b', 'c', 'c'], 'and a new one is like the last');
  });

  test('puts one that was taken for another before the others', () => {
    const hints = book();
    for (const account of ['a', 'b']) hints.add('farm', '', hint(account), 0);
    // b came first, and was taken for a.
    hints.take('farm', hint('a'), 1);
    hints.add('farm', '', hint('a'), 1);
    hints.add('farm', '', hint('b'), 1, true);
    assert.equal(hints.find('farm', null, 2)?.account, 'b');
    hints.take('farm', hint('b'), 2);
    assert.equal(hints.find('farm', null, 2)?.account, 'a');
    hints.take('farm', hint('a'), 2);
    assert.equal(hints.find('farm', null, 2)?.account, 'b', 'none is missing, so like the last');
    hints.forgetLast('farm');
    assert.equal(hints.find('farm', null, 2), null);
  });

  test('is forgotten after its time, and bounded per place', () => {
    const hints = book();
    hints.add('farm', 'a1', hint('a'), 0);
    assert.equal(hints.find('farm', 'a1', 1000), null);
    for (let i = 0; i < 3000; i += 1) hints.add('flood', '', hint(String(i)), 0);
    let found = 0;
    hints.forgetLast('flood');
    for (let one = hints.find('flood', null, 1); one !== null; one = hints.find('flood', null, 1)) {
      hints.take('flood', one, 1);
      found += 1;
    }
    assert.equal(found, 1024);
  });
});
