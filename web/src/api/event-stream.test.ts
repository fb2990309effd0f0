import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { EventStreamReader, type StreamMessage } from './event-stream.ts';

const TEXT =
  ': hello\n\nid: 7\nevent: fleet\ndata: {"a":1}\n\nretry: 10\r\ndata: one\r\ndata:two\r\n\r\nid: 8\n\nevent: event\ndata\n\n';

const MESSAGES: readonly StreamMessage[] = [
  { id: '7', event: 'fleet', data: '{"a":1}' },
  { id: '7', event: 'message', data: 'one\ntwo' },
  { id: '8', event: 'event', data: '' },
];

describe('an event stream', () => {
  test('is read whole', () => {
    assert.deepEqual(new EventStreamReader().push(TEXT), MESSAGES);
  });

  test('is read the same wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 12 }), (at) => {
        const cuts = [0, ...at.sort((a, b) => a - b), TEXT.length];
        const reader = new EventStreamReader();
        const read = cuts.slice(1).flatMap((end, i) => reader.push(TEXT.slice(cuts[i], end)));
        assert.deepEqual(read, MESSAGES);
      }),
    );
  });

  test('a message that has not ended is none yet', () => {
    const reader = new EventStreamReader();
    assert.deepEqual(reader.push('data: x\n'), []);
    assert.deepEqual(reader.push('\n'), [{ id: '', event: 'message', data: 'x' }]);
  });
});
