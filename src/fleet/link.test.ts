import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { localLink } from './link.ts';

describe('a link within one process', () => {
  test('delivers in order, and never within the call that sent', async () => {
    const [left, right] = localLink<number, string>();
    const heard: unknown[] = [];
    left.onMessage((message) => heard.push(message));
    right.onMessage((message) => {
      heard.push(message);
      right.send(`got ${message}`);
      heard.push('handled');
    });
    left.send(1);
    left.send(2);
    assert.deepEqual(heard, []);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(heard, [1, 'handled', 2, 'handled', 'got 1', 'got 2']);
  });
});
