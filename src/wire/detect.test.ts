import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { detectOpening, httpNotice } from './detect.ts';

const detect = (text: string): string => detectOpening(Buffer.from(text, 'latin1'));

/** A row of test/vectors/detection.json: a first line, or first bytes as hex. */
interface Row {
  readonly client: string;
  readonly first_line?: string;
  readonly first_bytes_hex?: string;
  readonly expected: string;
}

const { rows } = JSON.parse(
  readFileSync(new URL('../../test/vectors/detection.json', import.meta.url), 'utf8'),
) as { readonly rows: readonly Row[] };

/** What the vectors call the same; every other row is a line of JSON. */
const OPENINGS: Readonly<Record<string, readonly string[]>> = {
  tls: ['tls'],
  http: ['http'],
  'proxy-protocol': ['proxy-v1', 'proxy-v2'],
  sv2: ['sv2'],
  'sv2-plaintext': ['sv2-plaintext'],
  'close after timeout': ['more'],
};

describe('the first bytes of real clients', () => {
  for (const { client, first_line: line, first_bytes_hex: hex, expected } of rows) {
    test(`${client}: ${expected}`, () => {
      const bytes = hex === undefined ? Buffer.from(`${line}\n`) : Buffer.from(hex, 'hex');
      const allowed = hex === undefined ? ['json'] : (OPENINGS[expected] ?? []);
      const opening = detectOpening(bytes);
      assert.ok(allowed.includes(opening), opening);
      for (let at = 0; at < bytes.length; at += 1) {
        const early = detectOpening(bytes.subarray(0, at));
        assert.ok(early === 'more' || early === opening, `${early} after ${at} bytes`);
      }
    });
  }
});

describe('the first bytes of a connection', () => {
  for (const [opening, texts] of [
    [
      'json',
      ['{"id":1}', '  {"id":1', '\r\n\t {"id":1', '{}\n', '{\n', '{ "id":', `${' '.repeat(64)}{"id":1`],
    ],
    [
      'http',
      [
        'GET / HTTP/1.1\r\n',
        'POST /api/v1/users HTTP/1.1\r\n',
        'HEAD / HTTP/1.0',
        'OPTIONS * HTTP/1.1',
        'CONNECT pool:3333 HTTP/1.1',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      ],
    ],
    ['proxy-v1', ['PROXY ', 'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n']],
    ['proxy-v2', ['\r\n\r\n\0\r\nQUIT\n', '\r\n\r\n\0\r\nQUIT\n\x21\x11']],
    ['tls', ['\x16\x03\x01\x02\x00\x01', '\x16\x03\x00\x00\x05\x01', '\x16\x03\x04\x40\x00\x01']],
    [
      'text',
      [
        'SSH-2.0-OpenSSH',
        'null\n',
        ' [{"id":1}]\n',
        '[{"id":1,"method":"x"}]',
        'get / HTTP/1.1',
        'GETAWAYCAR and more',
        ' GET / HTTP/1.1',
        'PROXYTCP4 10.0.0.1',
        ' '.repeat(65),
        `${' '.repeat(65)}{"id":1}`,
        `${'\n'.repeat(20)}x`,
      ],
    ],
    [
      'more',
      [
        '',
        ' \r\n',
        'G',
        'OPTIONS',
        'hi\n',
        'PROXY',
        '{',
        '  {"id"',
        '\r\n\r\n\0\r\nQUIT',
        '\x16',
        '\x16\x03\x01\x02\x00',
        '\x7f\x03\x01\x02\x00\x01',
        ' '.repeat(64),
        '\0'.repeat(63),
      ],
    ],
    [
      'sv2',
      [
        '\xfe'.repeat(64),
        // Beginnings of something else that are not.
        `\x16\x03\x05\x02\x00\x01${'\xfe'.repeat(60)}`,
        `\x16\x03\x01\x40\x01\x01${'\xfe'.repeat(60)}`,
        `\x16\x03\x01\x02\x00\x02${'\xfe'.repeat(60)}`,
        `{"id"\xfe${'\xfe'.repeat(60)}`,
        `\r\n\r\n\0\r\nQUIX${'\xfe'.repeat(60)}`,
      ],
    ],
  ] as const) {
    for (const text of texts)
      test(`are ${opening}: ${JSON.stringify(text.slice(0, 40))}`, () => assert.equal(detect(text), opening));
  }

  test('never throw, and once they are certain more bytes do not change the verdict', () => {
    const beginnings = fc
      .constantFrom(
        '',
        '{',
        '{"id"',
        'PROXY ',
        '\r\n\r\n\0\r\nQUIT\n',
        '\x16\x03\x01',
        'GET',
        ' '.repeat(60),
        '\0\0\0\x26',
      )
      .chain((text) => fc.nat(text.length).map((at) => Buffer.from(text.slice(0, at), 'latin1')));
    const ascii = fc
      .array(fc.integer({ min: 9, max: 126 }), { maxLength: 80 })
      .map((list) => Buffer.from(list));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 100 }), ascii);
    fc.assert(
      fc.property(beginnings, bytes, (first, rest) => {
        const whole = Buffer.concat([first, rest]);
        const verdict = detectOpening(whole);
        for (let at = 0; at < whole.length; at += 1) {
          const early = detectOpening(whole.subarray(0, at));
          assert.ok(early === 'more' || early === verdict, `${early} after ${at} bytes, then ${verdict}`);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('are decided within 72 bytes, whatever they are', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 72, maxLength: 90 }),
      fc.constantFrom('A', ' ', '\n', 'GET', '{', '\0', '\x16').map((text) => Buffer.from(text.repeat(90))),
    );
    fc.assert(
      fc.property(bytes, (b) => assert.notEqual(detectOpening(Buffer.from(b)), 'more')),
      { numRuns: 1000 },
    );
  });
});

describe('the answer to a browser', () => {
  test('is a complete HTTP response that says what the port is', () => {
    const [head = '', body = ''] = httpNotice('Point a miner at it.').split('\r\n\r\n');
    const [status, ...fields] = head.split('\r\n');
    assert.equal(status, 'HTTP/1.1 400 Bad Request');
    assert.ok(fields.includes('Connection: close'));
    assert.ok(fields.includes(`Content-Length: ${Buffer.byteLength(body)}`));
    assert.match(body, /Stratum mining port.*Point a miner at it\./);
  });
});
