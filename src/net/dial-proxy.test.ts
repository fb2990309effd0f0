import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type HandshakeStep, handshakeWith, type ProxyHandshake, type ProxyServer } from './dial-proxy.ts';

const LOGIN = { user: 'u', password: 'p' };
const DESTINATION = { host: 'pool.example', port: 3333 };

function make(kind: ProxyServer['kind'], login: ProxyServer['login'] = null): ProxyHandshake {
  return handshakeWith({ kind, host: '127.0.0.1', port: 1, login }, DESTINATION);
}

/** The last step, with what was said on the way; nothing is fed after the way is open or the talk has failed. */
function feed(handshake: ProxyHandshake, chunks: readonly Buffer[]): { said: string; step: HandshakeStep } {
  let said = handshake.start();
  let step: HandshakeStep = { kind: 'more', reply: '' };
  for (const [i, chunk] of chunks.entries()) {
    step = handshake.push(chunk);
    if (step.kind === 'more') said += step.reply;
    else {
      const rest = step.kind === 'open' ? Buffer.concat([step.rest, ...chunks.slice(i + 1)]) : null;
      return { said, step: rest === null ? step : { kind: 'open', rest } };
    }
  }
  return { said, step };
}

describe('a talk with a proxy', () => {
  test('by SOCKS 5 is these bytes', () => {
    const { said, step } = feed(make('socks5', LOGIN), [
      Buffer.from('0502', 'hex'),
      Buffer.from('0100', 'hex'),
      Buffer.from('05000001000000000000', 'hex'),
    ]);
    const name = Buffer.from('pool.example').toString('hex');
    assert.equal(Buffer.from(said, 'latin1').toString('hex'), `050200020101750170050100030c${name}0d05`);
    assert.deepEqual(step, { kind: 'open', rest: Buffer.alloc(0) });
  });

  test('by CONNECT is these lines', () => {
    const { said } = feed(make('http', LOGIN), []);
    assert.equal(
      said,
      'CONNECT pool.example:3333 HTTP/1.1\r\nHost: pool.example:3333\r\nProxy-Authorization: Basic dTpw\r\n\r\n',
    );
  });

  const ANSWERS = [
    ['socks5', Buffer.from('05000500000304657869740000', 'hex')],
    ['socks5', Buffer.from('0500050500', 'hex')],
    ['http', Buffer.from('HTTP/1.0 200\r\nVia: x\r\n\r\nearly')],
    ['http', Buffer.from('HTTP/1.1 503 Busy\r\n\r\n')],
  ] as const;
  for (const [kind, answer] of ANSWERS) {
    test(`by ${kind} comes to the same wherever its answers are cut: ${answer.toString('latin1').slice(0, 12)}`, () => {
      const single = Array.from(answer, (byte) => Buffer.of(byte));
      const expected = feed(make(kind), single);
      assert.notEqual(expected.step.kind, 'more');
      // The methods are answered before the request is known, so a SOCKS proxy cannot have its second answer in the same piece.
      for (let at = kind === 'socks5' ? 2 : 0; at <= answer.length; at += 1) {
        const pieces = [answer.subarray(0, at), answer.subarray(at)];
        const chunks =
          kind === 'socks5' ? [answer.subarray(0, 2), answer.subarray(2, at), answer.subarray(at)] : pieces;
        assert.deepEqual(feed(make(kind), chunks), expected, `${at}`);
      }
    });
  }

  test('never throws, whatever the proxy says', () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('\x05\x00', '\x05\x02', '\x01\x00', '\x05\x00\x00\x03', 'HTTP/1.1 ', '200', '\r\n\r\n')
        .map((text) => Buffer.from(text, 'latin1')),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('socks5' as const, 'http' as const),
        fc.boolean(),
        fc.array(chunk),
        (kind, isIn, chunks) => {
          const { said } = feed(make(kind, isIn ? LOGIN : null), chunks);
          assert.ok(said.length < 300);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
