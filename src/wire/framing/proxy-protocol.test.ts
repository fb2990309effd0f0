import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  crc32c,
  type ProxyHeader,
  type ProxyHeaderFault,
  readProxyV1,
  readProxyV2,
  V1_PREFIX,
  V2_SIGNATURE,
} from './proxy-protocol.ts';

const v1 = (text: string): ProxyHeader => readProxyV1(Buffer.from(text, 'latin1'));

/** A version 2 header with its length written for it. */
function v2(versionAndCommand: number, familyAndTransport: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt8(versionAndCommand, 0);
  head.writeUInt8(familyAndTransport, 1);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([V2_SIGNATURE, head, body]);
}

function tlv(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}

/** 192.0.2.1:56324 to 198.51.100.1:3333. */
const TCP4 = Buffer.from('c0000201c6336401dc040d05', 'hex');
/** [2001:db8::1]:56324 to [2001:db8::2]:3333. */
const TCP6 = Buffer.from(
  '20010db8000000000000000000000001'.concat('20010db8000000000000000000000002dc040d05'),
  'hex',
);
const SOURCE = { address: '192.0.2.1', port: 56_324 };

function header(source: { address: string; port: number } | null, byteLength: number): ProxyHeader {
  return { kind: 'header', source, authority: null, byteLength };
}

describe('version 1', () => {
  for (const [text, source] of [
    ['PROXY TCP4 192.0.2.1 198.51.100.1 56324 3333\r\n', SOURCE],
    [
      'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n',
      { address: '255.255.255.255', port: 65_535 },
    ],
    ['PROXY TCP6 2001:DB8::1 ::1 0 1\r\n', { address: '2001:db8::1', port: 0 }],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::1 1 1\r\n', { address: '192.0.2.1', port: 1 }],
    ['PROXY UNKNOWN\r\n', null],
    [
      // The longest there is: 107 bytes.
      `PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`,
      null,
    ],
  ] as const) {
    test(`names the client: ${text.trimEnd()}`, () => {
      assert.deepEqual(v1(text), header(source, text.length));
      assert.deepEqual(v1(`${text}{"id":1}\n`), header(source, text.length), 'what follows is not its own');
    });
  }

  for (const text of [
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 3333 1\r\n',
    'PROXY TCP4 192.0.2.1  198.51.100.1 56324 3333\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 3333 \r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.1 56324 3333\r\n',
    'PROXY TCP4 192.0.2.1 pool.example 56324 3333\r\n',
    'PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 65536 3333\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 056324 3333\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 -1 3333\r\n',
    'PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY tcp4 192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY \r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 3333\n\r\n',
  ]) {
    test(`is refused: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(v1(text), { kind: 'fault', fault: 'v1-malformed' }));
  }

  test('of more than 107 bytes is refused as soon as they are there', () => {
    const text = `PROXY UNKNOWN ${'x'.repeat(200)}`;
    assert.equal(v1(text.slice(0, 106)).kind, 'more');
    assert.deepEqual(v1(text.slice(0, 107)), { kind: 'fault', fault: 'v1-too-long' });
    assert.deepEqual(v1(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`), { kind: 'fault', fault: 'v1-too-long' });
  });
});

describe('version 2', () => {
  const AUTHORITY = tlv(0x02, Buffer.from('kaspa.example'));
  for (const [what, bytes, expected] of [
    ['TCP over IPv4', v2(0x21, 0x11, TCP4), header(SOURCE, 28)],
    ['TCP over IPv6', v2(0x21, 0x21, TCP6), header({ address: '2001:db8::1', port: 56_324 }, 52)],
    [
      'an IPv4 address inside of IPv6',
      v2(0x21, 0x21, Buffer.from(`00000000000000000000ffffc0000201${'0'.repeat(32)}00010002`, 'hex')),
      header({ address: '192.0.2.1', port: 1 }, 52),
    ],
    ['a UNIX socket', v2(0x21, 0x31, Buffer.alloc(216, 0x2f)), header(null, 232)],
    ['UDP', v2(0x21, 0x12, TCP4), header(null, 28)],
    ['an unspecified family', v2(0x21, 0x00, Buffer.from('whatever stands here')), header(null, 36)],
    ['an unspecified family without more', v2(0x21, 0x00, Buffer.alloc(0)), header(null, 16)],
    ['the balancer itself', v2(0x20, 0x00, Buffer.alloc(0)), header(null, 16)],
    [
      'the balancer itself, with what is to be ignored',
      v2(0x20, 0xff, Buffer.from('ff00', 'hex')),
      header(null, 18),
    ],
    [
      'extensions',
      v2(0x21, 0x11, Buffer.concat([TCP4, tlv(0x04, Buffer.alloc(3)), tlv(0xee, Buffer.from('x'))])),
      header(SOURCE, 38),
    ],
    [
      'a server name',
      v2(0x21, 0x11, Buffer.concat([TCP4, AUTHORITY])),
      { kind: 'header', source: SOURCE, authority: 'kaspa.example', byteLength: 44 },
    ],
    [
      'the longest body',
      v2(0x21, 0x11, Buffer.concat([TCP4, tlv(0x04, Buffer.alloc(4096 - 12 - 3))])),
      header(SOURCE, 4112),
    ],
  ] as const) {
    test(`is read: ${what}`, () => {
      assert.deepEqual(readProxyV2(bytes), expected);
      assert.deepEqual(readProxyV2(Buffer.concat([bytes, bytes])), expected, 'what follows is not its own');
    });
  }

  for (const [fault, bytes] of [
    ['v2-version', v2(0x11, 0x11, TCP4)],
    ['v2-version', v2(0x31, 0x11, TCP4)],
    ['v2-command', v2(0x22, 0x11, TCP4)],
    ['v2-family', v2(0x21, 0x41, TCP4)],
    ['v2-family', v2(0x21, 0x13, TCP4)],
    ['v2-too-short', v2(0x21, 0x11, TCP4.subarray(0, 11))],
    ['v2-too-short', v2(0x21, 0x21, TCP4)],
    ['v2-too-short', v2(0x21, 0x31, TCP4)],
    ['v2-too-long', v2(0x21, 0x11, Buffer.alloc(4097))],
    ['v2-malformed-tlv', v2(0x21, 0x11, Buffer.concat([TCP4, Buffer.from('0400', 'hex')]))],
    ['v2-malformed-tlv', v2(0x21, 0x11, Buffer.concat([TCP4, Buffer.from('04000500', 'hex')]))],
    ['v2-checksum', v2(0x21, 0x11, Buffer.concat([TCP4, tlv(0x03, Buffer.alloc(4))]))],
    ['v2-checksum', v2(0x21, 0x11, Buffer.concat([TCP4, tlv(0x03, Buffer.alloc(3))]))],
  ] as const satisfies readonly (readonly [ProxyHeaderFault, Buffer])[]) {
    test(`is refused, ${fault}: ${bytes.subarray(12, 40).toString('hex')}`, () =>
      assert.deepEqual(readProxyV2(bytes), { kind: 'fault', fault }));
  }

  test('too long a header is refused by its length, before it has come', () => {
    const bytes = v2(0x21, 0x11, Buffer.alloc(65_535)).subarray(0, 16);
    assert.deepEqual(readProxyV2(bytes), { kind: 'fault', fault: 'v2-too-long' });
  });

  test('a checksum that is right passes, any other bit of the header turned does not', () => {
    const bytes = v2(
      0x21,
      0x11,
      Buffer.concat([TCP4, tlv(0x03, Buffer.alloc(4)), tlv(0x04, Buffer.alloc(2))]),
    );
    bytes.writeUInt32BE(crc32c(bytes), 31);
    assert.deepEqual(readProxyV2(bytes), header(SOURCE, bytes.length));
    for (let bit = 16 * 8; bit < 28 * 8; bit += 1) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.deepEqual(readProxyV2(turned), { kind: 'fault', fault: 'v2-checksum' });
    }
  });

  test('the checksum is CRC-32C', () => {
    // RFC 3720 appendix B.4
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  });
});

describe('cut anywhere', () => {
  const extensions = Buffer.concat([TCP4, tlv(0x04, Buffer.alloc(300)), tlv(0x02, Buffer.from('a.example'))]);
  for (const [name, read, bytes] of [
    ['version 1', readProxyV1, Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 3333\r\n')],
    ['version 2', readProxyV2, v2(0x21, 0x11, extensions)],
    ['version 2 over IPv6', readProxyV2, v2(0x21, 0x21, TCP6)],
  ] as const) {
    test(`a header of ${name} is not there before its last byte`, () => {
      for (let at = 0; at < bytes.length; at += 1)
        assert.equal(read(bytes.subarray(0, at)).kind, 'more', `${at}`);
      assert.equal(read(bytes).kind, 'header');
    });
  }
});

describe('properties', () => {
  const port = fc.nat(65_535);
  const rest = fc.uint8Array({ maxLength: 40 });

  test('every pair of addresses comes out as it went in, in both versions', () => {
    fc.assert(
      fc.property(fc.ipV4(), port, rest, (address, from, more) => {
        const text = Buffer.from(`PROXY TCP4 ${address} 127.0.0.1 ${from} 1\r\n`);
        assert.deepEqual(
          readProxyV1(Buffer.concat([text, more])),
          header({ address, port: from }, text.length),
        );
        const body = Buffer.alloc(12);
        Buffer.from(address.split('.').map(Number)).copy(body);
        body.writeUInt16BE(from, 8);
        assert.deepEqual(
          readProxyV2(Buffer.concat([v2(0x21, 0x11, body), more])),
          header({ address, port: from }, 28),
        );
      }),
    );
  });

  test('rubbish never throws, and what is decided stays so with more bytes', () => {
    const mostly = fc.array(
      fc.oneof(fc.constantFrom(0x00, 0x04, 0x0d, 0x0a, 0x11, 0x20, 0x21), fc.nat(255)),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(mostly, rest, (list, more) => {
        for (const [prefix, read] of [
          [V1_PREFIX, readProxyV1],
          [V2_SIGNATURE, readProxyV2],
        ] as const) {
          const bytes = Buffer.concat([prefix, Buffer.from(list)]);
          const early = read(bytes);
          if (early.kind === 'more') continue;
          assert.deepEqual(read(Buffer.concat([bytes, more])), early);
          if (early.kind === 'header') assert.ok(early.byteLength <= bytes.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
