import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { connectLines, type LinePeer, type Message } from '../support/line-peer.ts';
import { startProxyBed, testAccount, testSettings } from '../support/proxy-bed.ts';
import { notify, ScriptedPool, setDifficulty } from '../support/scripted-pool.ts';
import { seededRandom } from '../support/seeded-random.ts';

/**
 * One and the same dialogue, its bytes cut and joined in many ways: TCP keeps their order and nothing else, so the proxy's answers must not
 * depend on anything else.
 */

const ACCOUNT = '00c0ffee00c0ffee';
const RUNS = 30;

/** Everything a miner says before it has a job, as different firmware writes it. */
const HANDSHAKE = [
  '{"id":1,"method":"mining.configure","params":[["version-rolling","minimum-difficulty"],{"version-rolling.mask":"ffffffff","version-rolling.min-bit-count":16,"minimum-difficulty.value":16}]}\n',
  '\r\n',
  '{"id": 2, "method": "mining.subscribe", "params": ["tést-miner/1.0 ✓", null]}\r\n',
  `{"params":["${ACCOUNT}.rïg7","x"],"method":"mining.authorize","id":"auth"}\n`,
  '{"id":null,"method":"mining.suggest_target","params":["00000000ffff0000000000000000000000000000000000000000000000000000"]}\n',
  '  {"id":"xnsub","method":"mining.extranonce.subscribe","params":[]}  \n',
  '{"id":9007199254740993,"method":"mining.suggest_difficulty","params":["512"]}\n',
  '{"id":6,"method":"mining.ping","params":[]}\n\n',
  '{"id":7,"method":"mining.multi_version","params":[1]}\n',
];
const HANDSHAKE_REPLIES = 7;

interface Share {
  readonly id: string;
  readonly extranonce2: string;
  readonly nonce: string;
  readonly bits: string | null;
}

/** Twenty shares: most under one id as cpuminer has it, some that the pool refuses (nonce ending in 0), with and without rolled bits. */
const SHARES: readonly Share[] = Array.from({ length: 20 }, (_, i) => ({
  id: i % 3 === 0 ? `"s${i}"` : '4',
  extranonce2: i.toString(16).padStart(6, '0'),
  nonce: (0xabcd_0000 + i * 7).toString(16),
  bits: i % 4 === 1 ? '00002000' : null,
}));

/** What the miner says once it has a job. */
function mining(jobId: string): readonly string[] {
  const lines: string[] = [];
  for (const [i, { id, extranonce2, nonce, bits }] of SHARES.entries()) {
    const sixth = bits === null ? '' : `,"${bits}"`;
    lines.push(
      `{"params":["${ACCOUNT}.rïg7","${jobId}","${extranonce2}","64b3f3ec","${nonce}"${sixth}],"id":${id},"method":"mining.submit"}\n`,
    );
    if (i % 5 === 0) lines.push(`{"id":${100 + i},"method":"mining.ping","params":[]}\r\n`);
    if (i % 6 === 0) lines.push(`{"id":"${'ü'.repeat(i)}","method":"mining.únknown","params":[{"id":1}]}\n`);
    if (i % 7 === 0)
      lines.push(`\n{"id":${200 + i},"method":"mining.submit","params":["w","${jobId}","zz"]}\n`);
    if (i % 8 === 0) lines.push('{"id":null,"method":"mining.suggest_difficulty","params":[512]}\n');
  }
  lines.push('{"id":300,"method":"mining.get_transactions","params":["x"]}\n');
  lines.push('{"id":"end","method":"mining.ping","params":[]}\n');
  return lines;
}

/** Answers shares as a pool would, and keeps what it was sent. */
async function serve(upstream: LinePeer, seen: Message[]): Promise<void> {
  for (;;) {
    const message = await upstream.next(20_000);
    seen.push(message);
    if (message['method'] !== 'mining.submit') continue;
    const nonce = String((message['params'] as readonly string[])[4]);
    const { id } = message;
    if (nonce.endsWith('0')) upstream.send({ id, result: null, error: [23, 'Über dem Ziel', null] });
    else upstream.send({ id, result: true, error: null });
  }
}

/** How a run writes its bytes. */
interface Manner {
  /** Bytes of the next write. */
  size(left: number): number;
  /** Whether the write is to arrive before the next one is made. */
  waits(): boolean;
}

async function write(socket: Socket, text: string, manner: Manner): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    const end = at + Math.min(Math.max(manner.size(bytes.length - at), 1), bytes.length - at);
    const isWritten = new Promise<void>((resolve, reject) => {
      socket.write(bytes.subarray(at, end), (error) => (error ? reject(error) : resolve()));
    });
    if (manner.waits()) {
      await isWritten;
      await new Promise((resolve) => setImmediate(resolve));
    }
    at = end;
  }
}

interface Transcript {
  readonly replies: readonly string[];
  readonly notifications: readonly string[];
  readonly mining: readonly string[];
  readonly atPool: readonly Message[];
}

const isNotify = (line: string): boolean => line.includes('"mining.notify","params"');
const isReply = (line: string): boolean => !line.includes('"id":null');

/** Line by line what miner and pool were sent; what is drawn anew for every session is replaced by a name. */
async function run(manner: Manner): Promise<Transcript> {
  await using pool = await new ScriptedPool().start();
  const account = testAccount(ACCOUNT, { host: '127.0.0.1', port: pool.port }, { user: 'wället.rig' });
  await using bed = await startProxyBed([account], testSettings());
  const miner = await connectLines(bed.port);
  const atPool: Message[] = [];
  let serving: Promise<void> | null = null;
  try {
    const [upstream] = await Promise.all([
      pool.login({ extranonce1: '08000002', extranonce2Bytes: 8 }),
      write(miner.socket, HANDSHAKE.join(''), manner),
    ]);
    serving = serve(upstream, atPool).catch(() => {});
    upstream.send(setDifficulty(0.001), notify({ id: 'jöb "1"', version: '20006000' }));
    await miner.until(
      () => miner.lines.some(isNotify) && miner.lines.filter(isReply).length === HANDSHAKE_REPLIES,
      5000,
      'the replies and a job',
    );
    const handshake = [...miner.lines];
    const job = JSON.parse(handshake.find(isNotify) ?? '') as { params: [string] };
    const [jobId] = job.params;
    await write(miner.socket, mining(jobId).join(''), manner);
    await miner.until(() => miner.lines.at(-1)?.startsWith('{"id":"end"') === true, 5000, 'the last reply');
    const subscribed = handshake.find((line) => line.startsWith('{"id":2,')) ?? '';
    const [names, prefix] = (JSON.parse(subscribed) as { result: [[string, string][], string] }).result;
    const sessionId = names[0]?.[1] ?? '';
    const named = (line: string): string =>
      line
        .replaceAll(sessionId, 'SESSION')
        .replace(`"${prefix}",3]`, '"PREFIX",3]')
        .replace(`"mining.notify","params":["${jobId}"`, '"mining.notify","params":["JOB"');
    return {
      replies: handshake.filter(isReply).map(named),
      notifications: handshake.filter((line) => !isReply(line)).map(named),
      mining: miner.lines.slice(handshake.length).map(named),
      atPool: atPool.map((message) => ({
        method: message['method'],
        params: (message['params'] as readonly unknown[]).map((value, i) => {
          if (message['method'] !== 'mining.submit' || i !== 2) return value;
          const extranonce2 = String(value);
          assert.equal(extranonce2.slice(8, 10), prefix);
          return `${extranonce2.slice(0, 8)}PREFIX${extranonce2.slice(10)}`;
        }),
      })),
    };
  } finally {
    miner.end();
    for (const peer of pool.peers) peer.end();
    await serving;
  }
}

/** The raw id of a reply. */
const idOf = (line: string): string => /^\{"id":("[^"]*"|\d+)/.exec(line)?.[1] ?? line;
const isBad = ({ nonce }: Share): boolean => nonce.endsWith('0');

const WHOLE: Manner = { size: (left) => left, waits: () => true };
const BYTES: Manner = { size: () => 1, waits: () => true };

/** Cuts of a size that differs from run to run, some writes left to arrive together. */
function drawn(seed: number): Manner {
  const random = seededRandom(seed);
  const most = 2 + Math.floor(random() ** 3 * 1500);
  const patience = random();
  return { size: () => 1 + Math.floor(random() * most), waits: () => random() < patience };
}

describe('a dialogue on a real socket', () => {
  const whole = run(WHOLE);

  test('gets an answer to each request, in order, and its shares to the pool', async () => {
    const { replies, notifications, mining: answers, atPool } = await whole;
    assert.deepEqual(replies.map(idOf), ['1', '2', '"auth"', '"xnsub"', '9007199254740993', '6', '7']);
    assert.deepEqual(
      notifications.map((line) => (JSON.parse(line) as Message)['method']),
      ['mining.set_version_mask', 'mining.set_difficulty', 'mining.notify'],
    );
    const asked = mining('x')
      .map((line) => JSON.parse(line) as Message)
      .filter((message) => message['id'] !== null);
    assert.deepEqual(
      answers.map((line) => (JSON.parse(line) as Message)['id']),
      asked.map((message) => message['id']),
    );
    const accepted = answers.filter((line) => line.endsWith('"result":true,"error":null}'));
    const refused = answers.filter((line) => line.endsWith('"error":[23,"\\u00dcber dem Ziel",null]}'));
    assert.equal(refused.length, SHARES.filter(isBad).length);
    assert.ok(refused.length > 0);
    assert.equal(accepted.length, SHARES.length - refused.length);
    const submits = atPool.filter((message) => message['method'] === 'mining.submit');
    assert.deepEqual(
      submits.map((message) => message['params']),
      SHARES.map(({ extranonce2, nonce, bits }) => [
        'wället.rig',
        'jöb "1"',
        `00000000PREFIX${extranonce2}`,
        '64b3f3ec',
        nonce,
        // A miner that sends five parameters hashed the job's own version.
        bits ?? '00006000',
      ]),
    );
  });

  test('gives the same transcript byte by byte', async () => {
    assert.deepEqual(await run(BYTES), await whole);
  });

  test(`gives the same transcript in ${RUNS} drawn ways`, async () => {
    const expected = await whole;
    for (let seed = 1; seed <= RUNS; seed += 1) {
      assert.deepEqual(await run(drawn(seed)), expected, `seed ${seed}`);
    }
  });
});
