import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../../test/support/any-text.ts';
import { type FrameFault, LineFramer } from './line-framer.ts';

const CAP = 1024;

/** What a framer made of a stream: the lines it delivered and the fault that ended it. */
interface Outcome {
  readonly lines: string[];
  readonly fault: FrameFault | null;
}

/** Feeds the chunks until the first fault; every chunk's memory is overwritten after its push, as a shared read buffer is. */
function feed(chunks: readonly Buffer[], maxLineBytes = CAP): Outcome {
  const framer = new LineFramer();
  const lines: string[] = [];
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    const fault = framer.push(bytes, maxLineBytes, {
      onLine: (line) => {
        lines.push(line);
        return true;
      },
    });
    bytes.fill(0x21);
    if (fault !== null) return { lines, fault };
  }
  return { lines, fault: null };
}

const whole = (text: string | Buffer, cap = CAP): Outcome => feed([Buffer.from(text)], cap);

/** `bytes` cut at the given offsets. */
function cut(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const at = [...offsets].sort((a, b) => a - b);
  const ends = [...at, bytes.length];
  return ends.map((end, i) => bytes.subarray(at[i - 1] ?? 0, end));
}

const eachByte = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte));

/** Any numbers as offsets of `bytes`. */
const clamp = (bytes: Buffer, at: readonly number[]): number[] => at.map((n) => n % (bytes.length + 1));

describe('cutting into lines', () => {
  test('delivers a line when its end arrives, not before', () => {
    assert.deepEqual(whole('{"id":1}'), { lines: [], fault: null });
    assert.deepEqual(feed([Buffer.from('{"id":1}'), Buffer.from('\n')]).lines, ['{"id":1}']);
  });

  test('delivers two lines of one chunk in order and keeps the beginning of a third', () => {
    assert.deepEqual(feed([Buffer.from('a\nb\nc'), Buffer.from('d\n')]).lines, ['a', 'b', 'cd']);
  });

  test('puts a line of 200 chunks together', () => {
    const line = 'x'.repeat(199);
    assert.deepEqual(feed(eachByte(Buffer.from(`${line}\n`))).lines, [line]);
  });

  test('drops the carriage return of a line end, wherever the chunk is cut', () => {
    assert.deepEqual(whole('a\r\nb\r\n').lines, ['a', 'b']);
    assert.deepEqual(feed([Buffer.from('a\r'), Buffer.from('\nb\r\n')]).lines, ['a', 'b']);
  });

  test('keeps a carriage return inside a line', () => {
    assert.deepEqual(whole('a\rb\n').lines, ['a\rb']);
  });

  test('drops blank lines, those of white space too', () => {
    assert.deepEqual(whole('\n\r\n  \n\t\r\na\n\n').lines, ['a']);
  });

  test('leaves white space around a message alone', () => {
    assert.deepEqual(whole('  {"id":1} \n').lines, ['  {"id":1} ']);
  });

  test('an empty chunk changes nothing', () => {
    assert.deepEqual(feed([Buffer.from('a'), Buffer.alloc(0), Buffer.from('\n')]).lines, ['a']);
  });

  test('delivers nothing more once the sink has had enough', () => {
    const framer = new LineFramer();
    const lines: string[] = [];
    const fault = framer.push(Buffer.from('a\nb\nc\n'), CAP, {
      onLine: (line) => {
        lines.push(line);
        return line !== 'b';
      },
    });
    assert.equal(fault, null);
    assert.deepEqual(lines, ['a', 'b']);
  });
});

describe('the cap', () => {
  test('a line of exactly the cap passes, one byte more does not', () => {
    assert.deepEqual(whole(`${'x'.repeat(CAP)}\n`).lines, ['x'.repeat(CAP)]);
    assert.deepEqual(whole(`${'x'.repeat(CAP + 1)}\n`), { lines: [], fault: 'line-too-long' });
  });

  test('counts bytes, not characters', () => {
    assert.equal(whole(`${'é'.repeat(CAP / 2)}\n`).fault, null);
    assert.equal(whole(`${'é'.repeat(CAP / 2 + 1)}\n`).fault, 'line-too-long');
  });

  test('64 KB without a line end fault as soon as the cap is passed', () => {
    const chunk = Buffer.alloc(256, 0x78);
    const framer = new LineFramer();
    const faults = Array.from({ length: 256 }, () => framer.push(chunk, CAP, { onLine: () => true }));
    assert.equal(faults.indexOf('line-too-long'), CAP / 256);
  });

  test('lines before the one that is too long are still delivered', () => {
    assert.deepEqual(whole(`a\n${'x'.repeat(CAP + 1)}\nb\n`), { lines: ['a'], fault: 'line-too-long' });
  });

  test('holds for each line, not for the chunk', () => {
    const line = 'x'.repeat(CAP - 1);
    assert.equal(whole(`${line}\n`.repeat(50)).lines.length, 50);
  });
});

describe('UTF-8', () => {
  const text = '{"w":"é€😀"}';

  test('a character cut between two chunks arrives whole, wherever the cut is', () => {
    const bytes = Buffer.from(`${text}\n`);
    for (let at = 0; at <= bytes.length; at += 1) {
      assert.deepEqual(feed(cut(bytes, [at])).lines, [text], `cut at ${at}`);
    }
  });

  test('is seen again after lines of plain ASCII, and the other way round', () => {
    const stream = Buffer.from(`a\n${text}\nb\n${text}\nc\n`);
    const lines = ['a', text, 'b', text, 'c'];
    assert.deepEqual(whole(stream).lines, lines);
    assert.deepEqual(feed(eachByte(stream)).lines, lines);
  });

  for (const [what, bytes] of [
    ['a lone continuation byte', [0x80]],
    ['a character that ends early', [0xe2, 0x82]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a code point above 10ffff', [0xf4, 0x90, 0x80, 0x80]],
    ['latin1', [0x66, 0xfc, 0x72]],
  ] as const) {
    test(`${what} is a fault, the line before it is delivered`, () => {
      const stream = Buffer.concat([Buffer.from('a\nx'), Buffer.from(bytes), Buffer.from('\nb\n')]);
      const expected: Outcome = { lines: ['a'], fault: 'invalid-utf8' };
      assert.deepEqual(whole(stream), expected);
      assert.deepEqual(feed(eachByte(stream)), expected);
    });
  }
});

describe('properties', () => {
  const offsets = fc.array(fc.nat(4096), { maxLength: 40 });

  test('lines of any text come out as they went in, however the stream is cut', () => {
    const line = anyText
      .map((text) => text.toWellFormed().replace(/[\n\r]/g, ''))
      .filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n'),
        offsets,
        (lines, end, at) => {
          const bytes = Buffer.from(lines.map((l) => l + end).join(''));
          assert.deepEqual(feed(cut(bytes, clamp(bytes, at))), { lines, fault: null });
        },
      ),
    );
  });

  test('arbitrary bytes never throw, and every cut gives the same lines and the same fault', () => {
    const rubbish = fc
      .array(fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x20, 0x7b, 0xc3, 0xa9), fc.nat(255)), { maxLength: 300 })
      .map((list) => Buffer.from(list));
    fc.assert(
      fc.property(rubbish, offsets, fc.integer({ min: 1, max: 64 }), (bytes, at, cap) => {
        const expected = whole(bytes, cap);
        assert.deepEqual(feed(cut(bytes, clamp(bytes, at)), cap), expected);
        assert.deepEqual(feed(eachByte(bytes), cap), expected);
      }),
      { numRuns: 300 },
    );
  });
});
