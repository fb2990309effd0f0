import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { detectFirstBytes, httpNotice } from './detect.ts';

const detect = (text: string): string => detectFirstBytes(Buffer.from(text, 'latin1'));

describe('the first bytes of a connection', () => {
  for (const line of [
    '{"id": 0, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}',
    '{"id": null, "method": "mining.suggest_target", "params": ["00000000ffff"]}',
    '{"method":"mining.subscribe","params":["miningmeter-proxy/1.0",""],"id":1}',
    '{',
    '  {"id":1}',
    '\r\n\t {',
  ]) {
    test(`are a miner's: ${JSON.stringify(line.slice(0, 40))}`, () => assert.equal(detect(line), 'json'));
  }

  for (const line of [
    'GET / HTTP/1.1\r\n',
    'POST /api/v1/users HTTP/1.1\r\n',
    'HEAD / HTTP/1.0',
    'OPTIONS * HTTP/1.1',
    'CONNECT pool:3333 HTTP/1.1',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]) {
    test(`are a browser's: ${JSON.stringify(line.slice(0, 20))}`, () => assert.equal(detect(line), 'http'));
  }

  for (const [what, text] of [
    ['nothing', ''],
    ['white space', ' \r\n'],
    ['the beginning of a method', 'G'],
    ['a method without the blank', 'OPTIONS'],
  ] as const) {
    test(`are not enough yet: ${what}`, () => assert.equal(detect(text), 'more'));
  }

  for (const [what, text] of [
    ['a TLS hello', '\x16\x03\x01\x02\x00'],
    ['an SSH greeting', 'SSH-2.0-OpenSSH'],
    ['a JSON array', '[{"id":1}]'],
    ['a lower-case method', 'get / HTTP/1.1'],
    ['a word that is no method', 'GETAWAYCAR'],
    ['a PROXY line', 'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n'],
    ['white space before a method', ' GET / HTTP/1.1'],
    ['endless white space', ' '.repeat(65)],
    ['a byte order mark', '\xef\xbb\xbf{"id":1}'],
    ['zero bytes', '\0\0\0\0'],
  ] as const) {
    test(`are nobody's: ${what}`, () => assert.equal(detect(text), 'unknown'));
  }

  test('never throw, and once they are certain more bytes do not change the verdict', () => {
    const bytes = fc.uint8Array({ maxLength: 100 });
    fc.assert(
      fc.property(bytes, bytes, (first, rest) => {
        const early = detectFirstBytes(Buffer.from(first));
        if (early === 'more') return;
        assert.equal(detectFirstBytes(Buffer.concat([first, rest])), early);
      }),
    );
  });

  test('are decided within 80 bytes, whatever they are', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 80, maxLength: 90 }),
      fc.constantFrom('A', ' ', '\n', 'GET').map((text) => Buffer.from(text.repeat(90))),
    );
    fc.assert(fc.property(bytes, (b) => assert.notEqual(detectFirstBytes(Buffer.from(b)), 'more')));
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
