import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type DoorStep, Doorway, type DoorwayOptions } from './doorway.ts';
import { LineFramer } from './framing/line-framer.ts';
import type { ProxySource } from './framing/proxy-protocol.ts';

const OPEN: DoorwayOptions = { proxyHeader: 'taken', tls: 'taken', lineBytes: 1024 };
const INSIDE: DoorwayOptions = { ...OPEN, proxyHeader: 'refused', tls: 'refused' };

/** What came through: the step, with what it hands over and everything after that joined to `stream`. */
interface Passage {
  readonly step: Omit<DoorStep, 'bytes'>;
  readonly stream: string | null;
  readonly source: ProxySource | null;
  readonly hasHeader: boolean;
}

/** Feeds the chunks one by one; every chunk's memory is overwritten after its push, as a shared read buffer is. */
function pass(chunks: readonly Buffer[], options: DoorwayOptions): Passage {
  const door = new Doorway(options);
  for (const [i, chunk] of chunks.entries()) {
    const ours = Buffer.from(chunk);
    const { bytes, ...step } = { bytes: null, ...door.push(ours) };
    const stream = bytes === null ? null : Buffer.concat([bytes, ...chunks.slice(i + 1)]).toString('latin1');
    ours.fill(0x21);
    if (step.kind !== 'more' || i === chunks.length - 1) {
      return { step, stream, source: door.source, hasHeader: door.hasHeader };
    }
  }
  return { step: { kind: 'more' }, stream: null, source: null, hasHeader: false };
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
const whole = (text: string, options = OPEN): Passage => pass([bytesOf(text)], options);

/** `bytes` cut at the given offsets. */
function cut(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const ends = [...offsets].sort((a, b) => a - b).concat(bytes.length);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

const V1 = 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 3333\r\n';
const V2 = '\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x0d\x05';
const V2_LOCAL = '\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00';
const HELLO = '\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03';
const LINE = '{"id":1,"method":"mining.subscribe","params":["x"]}';
const SOURCE: ProxySource = { address: '192.0.2.1', port: 56_324 };

describe('the doorway', () => {
  test('lets a line through when it is complete, with all that has come', () => {
    const step = { kind: 'json', line: LINE };
    assert.deepEqual(whole(LINE).step, { kind: 'more' });
    assert.deepEqual(whole(`${LINE}\n{"id":2}\n{"i`).step, step);
    assert.equal(whole(`${LINE}\n{"id":2}\n{"i`).stream, `${LINE}\n{"id":2}\n{"i`);
    assert.deepEqual(whole(`\r\n ${LINE} \r\n`).step, { kind: 'json', line: ` ${LINE} ` });
  });

  for (const [name, header, source] of [
    ['version 1', V1, SOURCE],
    ['version 2', V2, SOURCE],
    ['version 2, from the balancer itself', V2_LOCAL, null],
    ['version 1, of an unknown client', 'PROXY UNKNOWN\r\n', null],
  ] as const) {
    test(`takes a PROXY header of ${name} off and says whose it is`, () => {
      for (const [text, kind] of [
        [`${LINE}\n`, 'json'],
        [HELLO, 'tls'],
        ['GET / HTTP/1.1\r\n', 'http'],
        ['\xfe'.repeat(64), 'sv2'],
      ] as const) {
        const passage = whole(header + text);
        assert.equal(passage.step.kind, kind);
        assert.deepEqual([passage.source, passage.hasHeader], [source, true]);
        if (kind !== 'http') assert.equal(passage.stream, text);
      }
    });

    test(`refuses a PROXY header of ${name} from who is not trusted, and inside of TLS`, () => {
      for (const options of [INSIDE, { ...OPEN, proxyHeader: 'refused' }] as const) {
        const passage = whole(`${header}${LINE}\n`, options);
        assert.deepEqual(passage.step, { kind: 'fault', fault: 'proxy-header-untrusted' });
        assert.equal(passage.source, null);
      }
    });

    test(`refuses a second PROXY header after one of ${name}`, () => {
      for (const second of [V1, V2]) {
        assert.deepEqual(whole(header + second).step, { kind: 'fault', fault: 'proxy-header-twice' });
      }
    });
  }

  test('says whose the connection is as soon as the header is whole', () => {
    const door = new Doorway(OPEN);
    assert.equal(door.push(bytesOf(V1.slice(0, -1))).kind, 'more');
    assert.deepEqual([door.source, door.hasHeader], [null, false]);
    assert.equal(door.push(bytesOf('\n')).kind, 'more');
    assert.deepEqual([door.source, door.hasHeader], [SOURCE, true]);
  });

  test('hands on the server name that the balancer names', () => {
    const door = new Doorway(OPEN);
    const authority = '\x02\x00\x09a.example';
    door.push(bytesOf(`${V2.slice(0, 14)}\x00\x18${V2.slice(16)}${authority}`));
    assert.equal(door.authority, 'a.example');
  });

  for (const [fault, text, options] of [
    ['v1-malformed', 'PROXY TCP4 nonsense\r\n', OPEN],
    ['v1-too-long', `PROXY UNKNOWN ${'x'.repeat(100)}`, OPEN],
    ['v2-version', `${V2.slice(0, 12)}\x11${V2.slice(13)}`, OPEN],
    ['tls-refused', HELLO, INSIDE],
    ['text', 'SSH-2.0-OpenSSH_9.6\r\n', OPEN],
    ['text', ' '.repeat(65), OPEN],
    ['line-too-long', `{"id":1,${'x'.repeat(1017)}`, OPEN],
    ['invalid-utf8', '{"id":1,"method":"\xff"}\n', OPEN],
  ] as const) {
    test(`refuses with ${fault}: ${JSON.stringify(text.slice(0, 30))}`, () =>
      assert.deepEqual(whole(text, options).step, { kind: 'fault', fault }));
  }

  test('a first line of exactly the cap passes', () => {
    const line = `{"id":1,"x":"${'x'.repeat(1024 - 15)}"}`;
    assert.equal(line.length, 1024);
    assert.equal(whole(`${line}\n`).step.kind, 'json');
  });

  test('waits while it is not certain', () => {
    for (const text of ['', '\r\n', '{', 'PROXY ', V1, V2, '\x16\x03', '\x00\xff\x10', LINE, V1 + LINE]) {
      assert.equal(whole(text).step.kind, 'more', JSON.stringify(text));
    }
  });
});

describe('cut at every offset, and byte by byte, the doorway comes to the same', () => {
  const { rows } = JSON.parse(
    readFileSync(new URL('../../test/vectors/detection.json', import.meta.url), 'utf8'),
  ) as {
    readonly rows: readonly { readonly client: string; first_line?: string; first_bytes_hex?: string }[];
  };
  const streams: (readonly [string, Buffer])[] = rows.map(
    ({ client, first_line: line, first_bytes_hex: hex }) =>
      [client, hex === undefined ? bytesOf(`${line}\nmore`) : Buffer.from(hex, 'hex')] as const,
  );
  for (const [name, header] of [
    ['nothing', ''],
    ['PROXY 1', V1],
    ['PROXY 2', V2],
  ] as const) {
    for (const [client, bytes] of streams) {
      test(`${client} after ${name}`, () => {
        const stream = Buffer.concat([bytesOf(header), bytes]);
        for (const options of [OPEN, INSIDE]) {
          const expected = pass([stream], options);
          for (let at = 0; at <= stream.length; at += 1)
            assert.deepEqual(pass(cut(stream, [at]), options), expected, `cut at ${at}`);
          const single = Array.from(stream, (byte) => Buffer.of(byte));
          assert.deepEqual(pass(single, options), expected, 'byte by byte');
        }
      });
    }
  }
});

describe('properties', () => {
  const part = fc.oneof(
    fc.constantFrom(
      V1,
      V2,
      V2_LOCAL,
      HELLO,
      LINE,
      `${LINE}\n`,
      'GET / ',
      '{',
      '\r\n',
      ' ',
      'PROXY ',
      V2.slice(0, 13),
    ),
    fc.string({ maxLength: 30 }),
    fc.uint8Array({ maxLength: 70 }).map((list) => Buffer.from(list).toString('latin1')),
  );
  const stream = fc.array(part, { maxLength: 5 }).map((parts) => bytesOf(parts.join('')));
  const options = fc.record({
    proxyHeader: fc.constantFrom('taken' as const, 'refused' as const),
    tls: fc.constantFrom('taken' as const, 'refused' as const),
    lineBytes: fc.integer({ min: 16, max: 200 }),
  });

  test('any cut of any bytes leads to the same step, and loses none of them', () => {
    fc.assert(
      fc.property(stream, options, fc.array(fc.nat(400), { maxLength: 20 }), (bytes, given, at) => {
        const offsets = at.map((n) => n % (bytes.length + 1));
        const expected = pass([bytes], given);
        assert.deepEqual(pass(cut(bytes, offsets), given), expected);
        if (expected.stream !== null) assert.ok(bytes.toString('latin1').endsWith(expected.stream));
        if (expected.stream !== null && !expected.hasHeader)
          assert.equal(expected.stream, bytes.toString('latin1'));
      }),
      { numRuns: 3000 },
    );
  });

  test('the line that is shown is the first that a framer cuts from what is handed over', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const { step, stream: handed } = pass([bytes], OPEN);
        if (step.kind !== 'json' || handed === null || !('line' in step)) return;
        const lines: string[] = [];
        new LineFramer().push(bytesOf(handed), OPEN.lineBytes, { onLine: (line) => lines.push(line) < 1 });
        assert.deepEqual(lines, [step.line]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('memory', () => {
  test('a first line in 16,000 pieces takes no more than twice its bytes', () => {
    const door = new Doorway({ ...OPEN, lineBytes: 16_384 });
    const line = bytesOf(`{"id":1,"x":"${'x'.repeat(16_000)}"}\n`);
    let kept = 0;
    for (const [i, byte] of line.entries()) {
      const step = door.push(Buffer.of(byte));
      assert.equal(step.kind, i === line.length - 1 ? 'json' : 'more');
      if (step.kind === 'json') kept = step.bytes.buffer.byteLength;
    }
    assert.ok(kept <= 32_768, `${kept} bytes kept`);
  });
});
