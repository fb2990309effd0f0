import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type PendingReply, ReplyQueue } from './reply-queue.ts';

const pending = (): PendingReply => ({ line: null, next: null });

describe('a reply queue', () => {
  test('lets a known reply through at once while nothing is waited for', () => {
    const queue = new ReplyQueue();
    assert.equal(queue.push('a'), 'a');
    assert.equal(queue.length, 0);
  });

  test('holds back what comes after a reply that is waited for', () => {
    const queue = new ReplyQueue();
    const first = queue.reserve(pending());
    assert.equal(queue.push('b'), '');
    const third = queue.reserve(pending());
    assert.equal(queue.push('d'), '');
    assert.equal(queue.length, 4);
    assert.equal(queue.settle(third, 'c'), '');
    assert.equal(queue.settle(first, 'a'), 'abcd');
    assert.equal(queue.length, 0);
    assert.equal(queue.push('e'), 'e');
  });

  test('gives out only as far as the next that is waited for', () => {
    const queue = new ReplyQueue();
    const [first, second] = [queue.reserve(pending()), queue.reserve(pending())];
    assert.equal(queue.settle(first, 'a'), 'a');
    assert.equal(queue.length, 1);
    assert.equal(queue.settle(second, 'b'), 'b');
  });

  test('ignores a second settling', () => {
    const queue = new ReplyQueue();
    const [first, second] = [queue.reserve(pending()), queue.reserve(pending())];
    assert.equal(queue.settle(second, 'b'), '');
    assert.equal(queue.settle(second, 'x'), '');
    assert.equal(queue.settle(first, 'a'), 'ab');
    assert.equal(queue.settle(first, 'x'), '');
    assert.equal(queue.length, 0);
  });

  test('takes an empty reply, for a request that is not answered, as one', () => {
    const queue = new ReplyQueue();
    const first = queue.reserve(pending());
    assert.equal(queue.push('b'), '');
    assert.equal(queue.settle(first, ''), 'b');
  });

  test('gives out every reply once and in the order of arrival, whatever the order of settling', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('now'), fc.nat({ max: 50 })), { maxLength: 60 }), (steps) => {
        const queue = new ReplyQueue();
        const waiting: { readonly reply: PendingReply; readonly line: string }[] = [];
        let arrived = 0;
        let out = '';
        for (const step of steps) {
          if (step === 'now') {
            out += queue.push(`${arrived};`);
            arrived += 1;
          } else if (step % 2 === 0) {
            waiting.push({ reply: queue.reserve(pending()), line: `${arrived};` });
            arrived += 1;
          } else {
            const [settled] = waiting.splice(step % Math.max(waiting.length, 1), 1);
            if (settled !== undefined) out += queue.settle(settled.reply, settled.line);
          }
          const given = out.split(';').length - 1;
          assert.equal(given + queue.length, arrived);
        }
        for (const { reply, line } of waiting) out += queue.settle(reply, line);
        assert.equal(out, Array.from({ length: arrived }, (_, i) => `${i};`).join(''));
        assert.equal(queue.length, 0);
      }),
    );
  });
});
