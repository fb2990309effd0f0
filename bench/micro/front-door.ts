/**
 * What finding out about a connection costs, from its first bytes to the name of its dialect. Run it with `node bench/micro/front-door.ts`.
 */
import assert from 'node:assert/strict';
import { type DialectHints, detectDialect } from '../../src/wire/detect-dialect.ts';
import { Doorway, type DoorwayOptions } from '../../src/wire/doorway.ts';
import { LineFramer } from '../../src/wire/framing/line-framer.ts';
import { type Candidate, compare, print } from './harness.ts';

const OPTIONS: DoorwayOptions = { proxyHeader: 'taken', tls: 'taken', lineBytes: 16_384 };
const PLAIN: DoorwayOptions = { ...OPTIONS, proxyHeader: 'refused', tls: 'refused' };
const HINTS: DialectHints = {
  remembered: null,
  listenerDialect: null,
  configured: ['bitcoin-v1', 'cryptonote', 'kawpow'],
  known: ['bitcoin-v1', 'cryptonote', 'kawpow'],
};

const HEADER = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c6336401dc040d05', 'hex');
const SUBSCRIBE = Buffer.from('{"id":1,"method":"mining.subscribe","params":["cgminer/4.12.1"]}\n');
const LOGIN = Buffer.from(
  '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"0123456789abcdef","pass":"x","agent":"XMRig/6.21.0 (Linux x86_64)","algo":["rx/0","cn/r"]}}\n',
);
const HELLO = Buffer.concat([Buffer.from('16030105dc01000000', 'hex'), Buffer.alloc(1500)]);

/** Passes the chunks through a door of their own and names the dialect of what comes as JSON. */
function arrival(
  name: string,
  chunks: readonly Buffer[],
  expected: string,
  options: DoorwayOptions = OPTIONS,
): Candidate {
  const once = (): string => {
    const door = new Doorway(options);
    for (const chunk of chunks) {
      const step = door.push(chunk);
      if (step.kind === 'more') continue;
      if (step.kind !== 'json') return step.kind;
      const found = detectDialect(step.line, HINTS);
      return found.kind === 'unknown' ? found.kind : found.dialect;
    }
    return 'more';
  };
  assert.equal(once(), expected);
  return {
    name,
    run(iterations) {
      let sum = 0;
      for (let i = 0; i < iterations; i += 1) sum += once().length;
      return sum;
    },
  };
}

const bytes = (buffer: Buffer): Buffer[] => Array.from(buffer, (byte) => Buffer.of(byte));

/** What becomes of the first line where nobody asks which dialect it is: the session's framer cuts it. */
function unasked(name: string, chunk: Buffer): Candidate {
  return {
    name,
    run(iterations) {
      let sum = 0;
      const sink = {
        onLine(line: string): boolean {
          sum += line.length;
          return true;
        },
      };
      for (let i = 0; i < iterations; i += 1) new LineFramer().push(chunk, OPTIONS.lineBytes, sink);
      return sum;
    },
  };
}

print(
  'from the first byte to the dialect',
  compare([
    unasked('cryptonote, cut and not asked for its dialect', LOGIN),
    arrival('bitcoin-v1, at once', [SUBSCRIBE], 'bitcoin-v1'),
    arrival('cryptonote, at once', [LOGIN], 'cryptonote'),
    arrival('cryptonote, in two pieces', [LOGIN.subarray(0, 70), LOGIN.subarray(70)], 'cryptonote'),
    arrival('cryptonote where neither TLS nor a PROXY header is taken', [LOGIN], 'cryptonote', PLAIN),
    arrival('bitcoin-v1 after a PROXY header', [Buffer.concat([HEADER, SUBSCRIBE])], 'bitcoin-v1'),
    arrival('a ClientHello', [HELLO], 'tls'),
    arrival(`bitcoin-v1, its ${SUBSCRIBE.length} bytes one by one`, bytes(SUBSCRIBE), 'bitcoin-v1'),
  ]),
);
