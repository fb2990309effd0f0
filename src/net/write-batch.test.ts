import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Flushable, WriteBatch } from './write-batch.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a write batch', () => {
  test('flushes who has registered, once, after the turn, in order', async () => {
    const batch = new WriteBatch();
    const flushed: string[] = [];
    const one = (name: string): Flushable => ({ flush: () => flushed.push(name) });
    batch.add(one('a'));
    batch.add(one('b'));
    await Promise.resolve();
    assert.deepEqual(flushed, []);
    await turn();
    assert.deepEqual(flushed, ['a', 'b']);
    await turn();
    assert.deepEqual(flushed, ['a', 'b']);
  });

  test('takes who registers during a flush into the next', async () => {
    const batch = new WriteBatch();
    const flushed: string[] = [];
    const late: Flushable = { flush: () => flushed.push('late') };
    batch.add({
      flush: () => {
        flushed.push('first');
        batch.add(late);
      },
    });
    await turn();
    assert.deepEqual(flushed, ['first']);
    await turn();
    assert.deepEqual(flushed, ['first', 'late']);
  });
});
