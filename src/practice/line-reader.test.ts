import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LineReader } from './line-reader.ts';

const TEXT = '{"a":1}\n\r\n  {"ü":"€"}\r\n{"c":3}\nrest';

function read(chunks: readonly Buffer[], maxBytes = 100): { lines: string[]; fits: boolean } {
  const reader = new LineReader(maxBytes);
  const lines: string[] = [];
  let fits = true;
  for (const chunk of chunks) {
    fits &&= reader.push(chunk, (line) => {
      lines.push(line);
      return true;
    });
  }
  return { lines, fits };
}

test('the same lines however the bytes are cut', () => {
  const bytes = Buffer.from(TEXT);
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 });
  fc.assert(
    fc.property(cuts, (list) => {
      const points = [0, ...list.sort((a, b) => a - b), bytes.length];
      const chunks = points.slice(1).map((end, i) => bytes.subarray(points[i], end));
      assert.deepEqual(read(chunks), { lines: ['{"a":1}', '{"ü":"€"}', '{"c":3}'], fits: true });
    }),
  );
});

test('too long a line is refused whether its end has come or not', () => {
  assert.equal(read([Buffer.from('x'.repeat(11))], 10).fits, false);
  assert.equal(read([Buffer.from(`${'x'.repeat(11)}\n`)], 10).fits, false);
  assert.deepEqual(read([Buffer.from(`${'x'.repeat(10)}\n`)], 10), { lines: ['x'.repeat(10)], fits: true });
});

test('nothing more once the listener has had enough', () => {
  const lines: string[] = [];
  const reader = new LineReader(100);
  reader.push(Buffer.from('a\nb\nc\nd'), (line) => {
    lines.push(line);
    return line !== 'b';
  });
  assert.deepEqual(lines, ['a', 'b']);
});
