import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Turns } from './turns.ts';

describe('Turns', () => {
  test('runs one at a time in the order of arrival', async () => {
    const turns = new Turns();
    const events: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        turns.take(async () => {
          events.push(`${name} begins`);
          await nextTurn();
          events.push(`${name} ends`);
        }),
      ),
    );
    assert.deepEqual(events, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  test('hands on results and faults, and goes on after a fault', async () => {
    const turns = new Turns();
    const failing = turns.take(() => Promise.reject(new Error('no')));
    const next = turns.take(() => Promise.resolve(7));
    await assert.rejects(failing, /no/);
    assert.equal(await next, 7);
  });
});
