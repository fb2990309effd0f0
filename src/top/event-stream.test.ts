import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventStreamParser, type StreamMessage } from './event-stream.ts';

const STREAM =
  'event: hello\ndata: {"version":"1"}\nid: 1\n\n: still there\n\nevent: fleet\r\nid:2\r\ndata: {"a":1,\r\ndata: "b":2}\r\n\r\ndata\n\nevent: nothing\n\n';

const EXPECTED: readonly StreamMessage[] = [
  { event: 'hello', data: '{"version":"1"}', id: '1' },
  { event: 'fleet', data: '{"a":1,\n"b":2}', id: '2' },
  { event: 'message', data: '', id: '2' },
];

describe('EventStreamParser', () => {
  test('reads messages wherever the pieces are cut', () => {
    for (let at = 0; at <= STREAM.length; at += 1) {
      const parser = new EventStreamParser();
      const messages = [...parser.push(STREAM.slice(0, at)), ...parser.push(STREAM.slice(at))];
      assert.deepEqual(messages, EXPECTED, String(at));
    }
    const parser = new EventStreamParser();
    assert.deepEqual(
      STREAM.split('').flatMap((character) => parser.push(character)),
      EXPECTED,
    );
  });

  test('keeps no message that never ends', () => {
    const parser = new EventStreamParser();
    assert.throws(() => {
      for (let i = 0; i < 20; i += 1) parser.push('x'.repeat(1024 * 1024));
    }, RangeError);
  });
});
