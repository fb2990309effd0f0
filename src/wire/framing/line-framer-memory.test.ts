import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LineFramer } from './line-framer.ts';

const CAP = 16_384;
const SINK = { onLine: () => true };

let collect = (): void => {};
before(() => {
  setFlagsFromString('--expose-gc');
  collect = runInNewContext('gc') as () => void;
});

/** Heap bytes that each of `count` framers keeps alive after `feed`. */
function retained(count: number, feed: (framer: LineFramer) => void): number {
  // Once before, so that what the first use alone costs is not counted.
  feed(new LineFramer());
  const framers = Array.from({ length: count }, () => new LineFramer());
  collect();
  const before = process.memoryUsage().heapUsed;
  for (const framer of framers) feed(framer);
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  // The framers are needed until here.
  assert.equal(framers.length, count);
  return bytes;
}

describe('an unfinished line holds memory for its own text', () => {
  test('not for the chunk that it came at the end of', () => {
    const chunk = Buffer.from(`${`${'x'.repeat(1000)}\n`.repeat(65)}{"id":1,"method":"mi`);
    const bytes = retained(500, (framer) => assert.equal(framer.push(chunk, CAP, SINK), null));
    assert.ok(bytes < 4096, `${Math.round(bytes)} bytes for 20`);
  });

  test('not for the pieces that it came in', () => {
    const chunk = Buffer.from('{');
    const bytes = retained(100, (framer) => {
      for (let i = 0; i < 16_000; i += 1) framer.push(chunk, CAP, SINK);
    });
    assert.ok(bytes < 65_536, `${Math.round(bytes)} bytes for 16000`);
  });

  test('and what was joined on the way is the line as it was sent', () => {
    const framer = new LineFramer();
    const lines: string[] = [];
    const text = Array.from({ length: 5000 }, (_, i) => `é${i}`).join(' ');
    for (const byte of Buffer.from(`${text}\n`)) {
      const fault = framer.push(Buffer.of(byte), 65_536, {
        onLine: (line) => {
          lines.push(line);
          return true;
        },
      });
      assert.equal(fault, null);
    }
    assert.deepEqual(lines, [text]);
  });
});
