import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Dialect } from '../src/wire/dialect.ts';
import { bitcoinV1 } from '../src/wire/dialects/bitcoin-v1/index.ts';
import { cryptonote } from '../src/wire/dialects/cryptonote/index.ts';
import { LineFramer } from '../src/wire/framing/line-framer.ts';
import type { MinerRequest, PoolEvent } from '../src/wire/messages.ts';
import {
  type Dialogue,
  linesOf,
  parseCapture,
  readCaptures,
  type Side,
  streamOf,
} from './support/capture.ts';
import { seededRandom } from './support/seeded-random.ts';

const MAX_LINE_BYTES = 65_536;
const EVERY_CUT_BYTES = 4096;
const RANDOM_CUTS = 500;

type Counts = Readonly<Record<string, number>>;

const TALK = {
  miner: {
    configure: 1,
    subscribe: 2,
    'suggest-difficulty': 2,
    'extranonce-subscribe': 1,
    authorize: 1,
    submit: 2,
    unknown: 1,
    'get-transactions': 1,
    ping: 1,
    'multi-version': 1,
    fault: 1,
  },
  pool: { reply: 6, difficulty: 2, job: 1 },
};
const RESUBSCRIBED: Counts = {
  subscribe: 1,
  authorize: 1,
  'extranonce-subscribe': 1,
  configure: 1,
  'suggest-difficulty': 1,
  ping: 1,
};
const BAD_SUBMITS: Counts = { subscribe: 1, authorize: 1, submit: 11, malformed: 5 };

/** How many messages of which kind each side of each dialogue sends. A line that the recorder cut decodes as a fault. */
const KINDS: Readonly<Record<string, Readonly<Record<Side, Counts>>>> = {
  'ckproxy-to-ckpool.txt #1': {
    miner: { subscribe: 1, authorize: 1, submit: 1 },
    pool: { reply: 3, difficulty: 1, job: 32 },
  },
  'ckproxy-to-ckpool.txt #2': { miner: { subscribe: 1 }, pool: {} },
  'ckproxy-to-ckpool.txt #3': { miner: { subscribe: 1 }, pool: {} },
  'cpuminer-opt-sha256d-to-nomp-vardiff.txt #1': {
    miner: { subscribe: 1, authorize: 1, 'extranonce-subscribe': 1, submit: 102 },
    pool: { reply: 105, difficulty: 1, job: 2 },
  },
  'cpuminer-opt-to-ckpool-lhr.txt #1': {
    miner: { subscribe: 1, authorize: 1, 'extranonce-subscribe': 1, submit: 146 },
    pool: { reply: 149, difficulty: 2, job: 3 },
  },
  'minerd-scrypt-to-nomp.txt #1': {
    miner: { subscribe: 1, authorize: 1, submit: 32 },
    pool: { reply: 34, difficulty: 1, job: 5 },
  },
  'minerd-to-ckpool-lhr.txt #1': {
    miner: { subscribe: 1, authorize: 1, submit: 1 },
    pool: { reply: 3, difficulty: 1, job: 2 },
  },
  'raw-ckpool-0.9.9.txt: :3943 ckpool 0.9.9 as pool': TALK,
  'raw-ckpool-0.9.9.txt: :3943 resubscribe with the previous session id 6b029478 (previous connection closed)':
    {
      miner: RESUBSCRIBED,
      pool: { reply: 3, difficulty: 1, job: 1 },
    },
  'raw-ckpool-0.9.9.txt: :3943 authorize before subscribe; string id; then no-params subscribe': {
    miner: { authorize: 2, subscribe: 1 },
    pool: { reply: 1, notice: 1 },
  },
  'raw-ckpool-0.9.9.txt: :3943 split line + two messages in one segment': {
    miner: { subscribe: 1, authorize: 1 },
    pool: { reply: 1, difficulty: 1, job: 1 },
  },
  'raw-ckpool-lhr.txt: :3933 ckpool-lhr 1.0.0 as pool': TALK,
  'raw-ckpool-lhr.txt: :3933 resubscribe with the previous session id 6b028dfc (previous connection closed)':
    {
      miner: RESUBSCRIBED,
      pool: { reply: 4, difficulty: 2, job: 1 },
    },
  'raw-ckpool-lhr.txt: :3933 authorize before subscribe; string id; then no-params subscribe': {
    miner: { authorize: 2, subscribe: 1 },
    pool: { reply: 1, notice: 1 },
  },
  'raw-ckpool-lhr.txt: :3933 split line + two messages in one segment': {
    miner: { subscribe: 1, authorize: 1 },
    pool: { reply: 1, difficulty: 1, job: 1 },
  },
  'raw-errors.txt: :3933: bad submits on a live job': {
    miner: BAD_SUBMITS,
    pool: { reply: 18, difficulty: 1, fault: 2 },
  },
  'raw-errors.txt: :3943: bad submits on a live job': {
    miner: BAD_SUBMITS,
    pool: { reply: 18, difficulty: 1, fault: 1 },
  },
  'raw-errors.txt: :3956: bad submits on a live job': {
    miner: BAD_SUBMITS,
    pool: { reply: 11, difficulty: 1, fault: 1 },
  },
  'raw-nomp.txt: :3956 raw -> NOMP sha256 pool (version_mask set)': {
    miner: {
      configure: 1,
      subscribe: 2,
      'extranonce-subscribe': 1,
      authorize: 1,
      'suggest-difficulty': 1,
      submit: 1,
      unknown: 2,
      ping: 1,
      fault: 1,
    },
    pool: { reply: 7, difficulty: 3, job: 2, notice: 1 },
  },
  'raw-xmrig-proxy.txt: :13999 raw client -> xmrig-proxy nicehash mode': {
    miner: { malformed: 1 },
    pool: {},
  },
  'raw-xmrig-proxy.txt: :13999 raw client -> xmrig-proxy: login with rpc session id, submits': {
    miner: { login: 1, ping: 1 },
    pool: { reply: 2 },
  },
  'raw-xmrig-proxy.txt: :13999 raw client -> xmrig-proxy: login then bad messages': {
    miner: { login: 2, submit: 1, unknown: 1 },
    pool: { reply: 3, several: 1 },
  },
  'seed-to-ckpool-lhr.txt #1': {
    miner: { subscribe: 1, authorize: 1, submit: 18 },
    pool: { reply: 20, difficulty: 1, job: 3 },
  },
  'xmrig-keepalive.txt #1': { miner: { login: 1, ping: 2 }, pool: { reply: 3 } },
  'xmrig-to-pool.txt #1': { miner: { login: 1, submit: 102 }, pool: { reply: 103, job: 2 } },
  'xmrig-to-xmrig-proxy.txt #1': { miner: { login: 1, submit: 165 }, pool: { reply: 166, several: 2 } },
};

const dialogues = readCaptures();

describe('the captures', () => {
  test('are all read, each dialogue with both of its sides', () => {
    assert.deepEqual(dialogues.map((d) => d.name).sort(), Object.keys(KINDS).sort());
    for (const { name, events } of dialogues) {
      assert.deepEqual(new Set(events.map((event) => event.from)), new Set(['miner', 'pool']), name);
      assert.ok(
        events.some((event) => event.kind === 'end'),
        `${name} ends`,
      );
    }
  });

  test('were cut by the recorder in four jobs and nowhere else', () => {
    const cut = dialogues.flatMap((d) => d.events.filter((event) => event.isTruncated));
    assert.equal(cut.length, 4);
    for (const { text } of cut)
      assert.match(text, /"mining\.notify"|^\{"params":\["[0-9a-f]{16}","[0-9a-f]{64}"/);
  });

  test('keep what the recorder noted', () => {
    const bad = dialogues.find((d) => d.name.startsWith('raw-errors.txt: :3956'));
    assert.equal(bad?.events.find((event) => event.note === '4 params only')?.text.includes('"id":19'), true);
    const tapped = dialogues.find((d) => d.name === 'minerd-scrypt-to-nomp.txt #1');
    assert.equal(tapped?.events.filter((event) => event.isSameSegment).length, 2);
    assert.deepEqual(
      tapped?.events.slice(-2).map(({ from, kind, text, atMs }) => [from, kind, text, atMs]),
      [
        ['miner', 'end', 'FIN', 19_982],
        ['pool', 'end', 'FIN', 19_985],
      ],
    );
  });

  test('of another form are refused, not skipped', () => {
    assert.throws(() => parseCapture('x.txt', '# heading\n1 C<S {"id":1}\n'), /no known form/);
  });
});

type Decoded = MinerRequest | PoolEvent;

/** What was spoken there. */
function dialectOf({ file }: Dialogue): Dialect {
  return file.includes('xmrig') ? cryptonote : bitcoinV1;
}

/** Decodes one side's lines, each text once. */
function decoder(dialect: Dialect, side: Side): (line: string) => Decoded {
  const known = new Map<string, Decoded>();
  return (line) => {
    const message = known.get(line) ?? dialect[side].decode(line);
    known.set(line, message);
    return message;
  };
}

/** What comes out of a framer and the decoder when `bytes` arrive in these chunks. */
function messagesOf(chunks: Iterable<Buffer>, decode: (line: string) => Decoded): Decoded[] {
  const framer = new LineFramer();
  const messages: Decoded[] = [];
  for (const chunk of chunks) {
    const fault = framer.push(chunk, MAX_LINE_BYTES, {
      onLine: (line) => {
        messages.push(decode(line));
        return true;
      },
    });
    assert.equal(fault, null);
  }
  return messages;
}

function* bytesOneByOne(bytes: Buffer): Iterable<Buffer> {
  for (let i = 0; i < bytes.length; i += 1) yield bytes.subarray(i, i + 1);
}

/** The first lines of a stream, 4 KB and what is left of the last of them. */
function beginning(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\n', EVERY_CUT_BYTES);
  return end < 0 ? bytes : bytes.subarray(0, end + 1);
}

function checkKinds(dialogue: Dialogue, side: Side): void {
  const counts: Record<string, number> = {};
  for (const line of linesOf(dialogue, side)) {
    const { kind } = dialectOf(dialogue)[side].decode(line);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  assert.deepEqual(counts, KINDS[dialogue.name]?.[side]);
}

for (const dialogue of dialogues) {
  describe(dialogue.name, () => {
    for (const side of ['miner', 'pool'] as const) {
      const decode = decoder(dialectOf(dialogue), side);
      const bytes = Buffer.from(streamOf(dialogue, side));
      const expected = linesOf(dialogue, side).map((line) => decode(line));

      test(`every line of the ${side} decodes to what it is`, () => checkKinds(dialogue, side));

      test(`the ${side}'s bytes give the same messages whole and one by one`, () => {
        assert.deepEqual(messagesOf([bytes], decode), expected);
        assert.deepEqual(messagesOf(bytesOneByOne(bytes), decode), expected);
      });

      test(`the ${side}'s bytes give the same messages cut at any place`, () => {
        const first = beginning(bytes);
        const expectedOfFirst = expected.slice(0, messagesOf([first], decode).length);
        for (let at = 0; at <= Math.min(first.length, EVERY_CUT_BYTES); at += 1) {
          assert.deepEqual(
            messagesOf([first.subarray(0, at), first.subarray(at)], decode),
            expectedOfFirst,
            `cut at ${at}`,
          );
        }
        if (bytes.length <= EVERY_CUT_BYTES) return;
        const random = seededRandom(bytes.length);
        for (let i = 0; i < RANDOM_CUTS; i += 1) {
          const at = Math.floor(random() * bytes.length);
          assert.deepEqual(
            messagesOf([bytes.subarray(0, at), bytes.subarray(at)], decode),
            expected,
            `cut at ${at}`,
          );
        }
      });
    }
  });
}
