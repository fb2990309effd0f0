import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '../kit/clock.ts';
import { hex32 } from '../kit/hex.ts';
import { silentLog } from '../kit/log.ts';
import { rejectedTotal } from './pool-books.ts';
import { type ErrorShape, type JobFields, PracticePool, type PracticePoolOptions } from './practice-pool.ts';
import { WaitTimeoutError } from './waiters.ts';

type Message = Readonly<Record<string, unknown>>;

const WAIT_MS = 3000;

/** A client that says exactly what it is told and keeps what it hears: nothing of the practice miner's code. */
class RawClient {
  readonly messages: Message[] = [];
  closed = false;
  readonly #socket: Socket;
  #rest = '';
  #nextId = 1;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.messages.push(JSON.parse(line) as Message);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  static open(t: TestContext, { host, port }: { host: string; port: number }): RawClient {
    const socket = connect(port, host);
    t.after(() => socket.destroy());
    return new RawClient(socket);
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  end(): void {
    this.#socket.destroy();
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    while (!condition()) {
      const left = deadline - performance.now();
      if (left <= 0)
        throw new Error(`${what} did not come; heard ${JSON.stringify(this.messages).slice(-600)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Sends a request, waits for the line with its id. */
  async call(method: string, params: unknown, id: unknown = this.#nextId++): Promise<Message> {
    const from = this.messages.length;
    this.write(`${JSON.stringify({ id, method, params })}\n`);
    const isAnswer = (message: Message): boolean => message['method'] === undefined && message['id'] === id;
    await this.until(() => this.messages.slice(from).some(isAnswer), `the answer to ${method}`);
    return this.messages.slice(from).find(isAnswer) ?? {};
  }

  /** The parameters of the last notification of this kind, once there are `count` of them. */
  async notice(method: string, count = 1): Promise<unknown[]> {
    const all = (): Message[] => this.messages.filter((message) => message['method'] === method);
    await this.until(() => all().length >= count, `${method} number ${count}`);
    return (all().at(-1)?.['params'] ?? []) as unknown[];
  }

  count(method: string): number {
    return this.messages.filter((message) => message['method'] === method).length;
  }

  /** Methods and replies in the order heard: `reply 1`, `mining.notify`, … */
  get order(): string[] {
    return this.messages.map((message) =>
      typeof message['method'] === 'string' ? message['method'] : `reply ${String(message['id'])}`,
    );
  }

  async login(user = 'wallet.rig', password = 'x'): Promise<void> {
    await this.call('mining.subscribe', ['raw/1']);
    assert.equal((await this.call('mining.authorize', [user, password]))['result'], true);
  }

  async rolling(mask = 'ffffffff'): Promise<Message> {
    const reply = await this.call('mining.configure', [
      ['version-rolling'],
      { 'version-rolling.mask': mask },
    ]);
    return reply['result'] as Message;
  }
}

async function startPool(t: TestContext, options: PracticePoolOptions = {}): Promise<PracticePool> {
  const pool = new PracticePool(
    { log: silentLog, clock: systemClock },
    { jobIntervalMs: 0, blockIntervalMs: 0, ...options },
  );
  await pool.start();
  t.after(() => pool.stop());
  return pool;
}

interface ShareVector {
  readonly extranonce1: string;
  readonly extranonce2_size: number;
  readonly version_mask?: string;
  readonly difficulty: number;
  readonly notify_params: [string, string, string, string, string[], string, string, string, boolean];
  readonly submit_params: [string, string, string, string, string, string?];
}

function vector(name: string): ShareVector {
  const url = new URL(`../../test/vectors/bitcoin-v1-${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as ShareVector;
}

function fieldsOf({ notify_params: notify }: ShareVector): JobFields {
  return {
    prevHash: notify[1],
    coinb1: notify[2],
    coinb2: notify[3],
    branch: notify[4],
    version: Number.parseInt(notify[5], 16),
    nbits: notify[6],
    ntime: Number.parseInt(notify[7], 16),
  };
}

/** A pool whose current job is the vector's, a client on the vector's extranonce, and the submit that a real miner sent. */
async function stage(
  t: TestContext,
  share: ShareVector,
  options: PracticePoolOptions = {},
): Promise<{ pool: PracticePool; client: RawClient; params: string[] }> {
  const pool = await startPool(t, {
    difficulty: share.difficulty,
    extranonce2Bytes: share.extranonce2_size,
    ...options,
  });
  const client = RawClient.open(t, pool.endpoint);
  if (share.version_mask !== undefined) await client.rolling();
  const [user] = share.submit_params;
  await client.login(user);
  pool.setExtranonce({ extranonce1: share.extranonce1, force: true });
  const job = pool.newJob({ clean: true, fields: fieldsOf(share) });
  await client.notice('mining.notify', pool.stats.jobs);
  const params = share.submit_params.filter((param) => param !== undefined);
  params[1] = job.id;
  return { pool, client, params };
}

const codeOf = (reply: Message): unknown => (reply['error'] as unknown[] | null)?.[0];

describe('real shares of real miners', () => {
  for (const name of ['share-mainnet', 'share-version-rolling', 'block-170']) {
    test(`${name} is accepted, once`, async (t) => {
      const { pool, client, params } = await stage(t, vector(name));
      const reply = await client.call('mining.submit', params);
      assert.deepEqual(reply, { id: reply['id'], result: true, error: null });
      const again = await client.call('mining.submit', params);
      assert.deepEqual(again['error'], [22, 'Duplicate share', null]);
      const upper = params.map((param, index) => (index > 1 ? param.toUpperCase() : param));
      assert.equal(codeOf(await client.call('mining.submit', upper)), 22);

      const { stats } = pool;
      const { difficulty } = vector(name);
      assert.equal(stats.submitted, 3);
      assert.equal(stats.accepted, 1);
      assert.equal(stats.rejected.duplicate, 2);
      assert.equal(stats.work, difficulty);
      assert.equal(stats.user(params[0] ?? '').work, difficulty);
      assert.deepEqual(stats.submits[0]?.params, params);
      assert.equal(stats.submits[0]?.verdict, 'accepted');
      assert.ok((stats.submits[0]?.hashDifficulty ?? 0) > difficulty);
    });
  }

  test('at a difficulty just above what it meets it is low, just below it is not', async (t) => {
    const share = vector('share-mainnet');
    const above = await stage(t, share, { difficulty: 683.52 });
    const refused = await above.client.call('mining.submit', above.params);
    assert.equal(codeOf(refused), 23);
    assert.match(JSON.stringify(refused), /683\.51/);
    const below = await stage(t, share, { difficulty: 683.51 });
    assert.equal((await below.client.call('mining.submit', below.params))['result'], true);
  });
});

describe('refusals', () => {
  test('one thing wrong with a good share at a time', async (t) => {
    const { pool, client, params } = await stage(t, vector('share-version-rolling'));
    const ntime = Number.parseInt(params[3] ?? '', 16);
    const at = (index: number, value: unknown): unknown[] =>
      params.map((param, i) => (i === index ? value : param));
    const cases: [what: string, params: unknown, code: number][] = [
      ['another worker name', at(0, 'someone.else'), 24],
      ['a worker name in capitals', at(0, (params[0] ?? '').toUpperCase()), 24],
      ['an unknown job', at(1, 'beef'), 21],
      ['an extranonce2 too short', at(2, 'c70800'), 20],
      ['an extranonce2 too long', at(2, 'c708000000'), 20],
      ['an extranonce2 padded with blanks', at(2, 'c70800  '), 20],
      ['an ntime before the job', at(3, hex32(ntime - 1)), 20],
      ['an ntime far ahead', at(3, hex32(ntime + 7001)), 20],
      ['an ntime that is no hex', at(3, 'xyxyxyxy'), 20],
      ['a nonce without its leading zeros', at(4, 'd460d91'), 20],
      ['a nonce with 0x', at(4, '0xed460d'), 20],
      ['a nonce that is a number', at(4, 12345678), 20],
      ['bits outside the mask', at(5, '20002000'), 20],
      ['bits too short', at(5, '2000'), 20],
      ['five parameters though rolling was negotiated', params.slice(0, 5), 20],
      ['four parameters', params.slice(0, 4), 20],
      ['seven parameters', [...params, ''], 20],
      ['no list of parameters', { 0: 'x' }, 20],
      ['null for parameters', null, 20],
      ['another nonce', at(4, 'ed460d92'), 23],
      ['another version', at(5, '00004000'), 23],
      ['the latest ntime there may be, which is another hash', at(3, hex32(ntime + 7000)), 23],
    ];
    for (const [what, submit, code] of cases) {
      assert.equal(codeOf(await client.call('mining.submit', submit)), code, what);
    }
    assert.equal((await client.call('mining.submit', params))['result'], true);
    assert.equal(pool.stats.submitted, cases.length + 1);
    assert.equal(rejectedTotal(pool.stats), cases.length);
    assert.equal(pool.stats.rejected['ntime-out-of-range'], 2);
    assert.equal(pool.stats.rejected['bad-version-bits'], 1);
    assert.equal(pool.stats.rejected['low-difficulty'], 3);
  });

  test('six parameters though rolling was never negotiated', async (t) => {
    const { client, params } = await stage(t, vector('share-mainnet'));
    assert.equal(codeOf(await client.call('mining.submit', [...params, '00000000'])), 20);
    assert.equal((await client.call('mining.submit', params))['result'], true);
  });

  test('before authorize it is unauthorized, before subscribe not subscribed', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    const submit = ['wallet.rig', '1', '00000000', '00000000', '00000000'];
    assert.equal(codeOf(await client.call('mining.submit', submit)), 24);
    await client.call('mining.authorize', ['wallet.rig', 'x']);
    assert.equal(codeOf(await client.call('mining.submit', submit)), 25);
    await client.call('mining.subscribe', []);
    assert.equal(codeOf(await client.call('mining.submit', submit)), 20);
  });

  test('a clean job makes the ones before it stale, another one does not', async (t) => {
    const { pool, client, params } = await stage(t, vector('share-mainnet'));
    pool.newJob();
    assert.equal((await client.call('mining.submit', params))['result'], true);
    pool.newJob({ clean: true, sameBlock: true });
    assert.deepEqual((await client.call('mining.submit', params))['error'], [21, 'Stale share', null]);
    assert.equal(pool.stats.rejected.stale, 1);
  });

  test('a job id used again means the newer job', async (t) => {
    const { pool, client, params } = await stage(t, vector('share-mainnet'));
    pool.newJob({ reuseJobId: params[1] ?? '' });
    assert.equal(
      codeOf(await client.call('mining.submit', params)),
      20,
      'the newer job is younger than the share',
    );
    pool.newJob({ clean: true, reuseJobId: params[1] ?? '', fields: fieldsOf(vector('share-mainnet')) });
    assert.equal((await client.call('mining.submit', params))['result'], true);
  });

  test('a share of the extranonce before a change is another hash', async (t) => {
    const { pool, client, params } = await stage(t, vector('share-mainnet'));
    pool.setExtranonce({ extranonce1: '01000001', force: true });
    const job = pool.newJob({ fields: fieldsOf(vector('share-mainnet')) });
    params[1] = job.id;
    assert.equal(codeOf(await client.call('mining.submit', params)), 23);
  });

  const shapes: Record<ErrorShape, unknown> = {
    array: { id: 9, result: null, error: [21, 'Job not found', null] },
    'result-false': { id: 9, result: false, error: [21, 'Job not found', null] },
    array2: { error: [21, 'Job not found'], id: 9, result: null },
    'array-empty': { id: 9, result: null, error: [21, 'Job not found', ''] },
    'reject-reason': { 'reject-reason': 'Job not found', result: false, error: null, id: 9 },
    string: { result: false, error: 'Job not found', id: 9 },
    object: { jsonrpc: '2.0', id: 9, error: { code: 21, message: 'Job not found', data: null } },
    'no-error-member': { id: 9, result: false },
  };
  for (const [shape, expected] of Object.entries(shapes)) {
    test(`written as ${shape}`, async (t) => {
      const pool = await startPool(t, { errorShape: shape as ErrorShape });
      const client = RawClient.open(t, pool.endpoint);
      await client.login();
      const submit = ['wallet.rig', 'none', '00000000', '00000000', '00000000'];
      assert.deepEqual(await client.call('mining.submit', submit, 9), expected);
    });
  }

  test('without verification what is well-formed for a known job is accepted, as often as it comes', async (t) => {
    const pool = await startPool(t, { verify: false });
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    const [jobId, , , , , , , ntime] = await client.notice('mining.notify');
    const submit = ['wallet.rig', jobId, '00000000', ntime, '00000000'];
    for (let i = 0; i < 2; i++) assert.equal((await client.call('mining.submit', submit))['result'], true);
    assert.equal(
      codeOf(await client.call('mining.submit', ['wallet.rig', 'none', '00000000', ntime, '00000000'])),
      21,
    );
    assert.equal(
      codeOf(await client.call('mining.submit', ['wallet.rig', jobId, '00', ntime, '00000000'])),
      20,
    );
  });
});

describe('handshake', () => {
  test('subscribe, difficulty and job at once, then authorize', async (t) => {
    const pool = await startPool(t, { difficulty: 0.25, extranonce1Bytes: 5, extranonce2Bytes: 3 });
    const client = RawClient.open(t, pool.endpoint);
    const reply = await client.call('mining.subscribe', ['agent/1.2', null]);
    const [subscriptions, extranonce1, size] = reply['result'] as [[string, string][], string, number];
    assert.deepEqual(
      subscriptions.map(([name]) => name),
      ['mining.set_difficulty', 'mining.notify'],
    );
    assert.match(subscriptions[1]?.[1] ?? '', /^[0-9a-f]{16}$/);
    assert.match(extranonce1, /^[0-9a-f]{10}$/);
    assert.equal(size, 3);
    const job = await client.notice('mining.notify');
    assert.equal(job.length, 9);
    assert.equal(job[8], true);
    assert.deepEqual(await client.notice('mining.set_difficulty'), [0.25]);
    assert.deepEqual(client.order, ['reply 1', 'mining.set_difficulty', 'mining.notify']);
    await client.call('mining.authorize', ['a']);
    assert.equal(pool.stats.lastAgent, 'agent/1.2');
    assert.deepEqual(pool.connections[0]?.methods, ['mining.subscribe', 'mining.authorize']);
  });

  test('after-authorize: nothing before it, whichever comes first', async (t) => {
    const pool = await startPool(t, { jobTiming: 'after-authorize' });
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    await client.notice('mining.notify');
    assert.deepEqual(client.order, ['reply 1', 'reply 2', 'mining.set_difficulty', 'mining.notify']);
    const other = RawClient.open(t, pool.endpoint);
    await other.call('mining.authorize', ['a', 'b']);
    await other.call('mining.subscribe', []);
    await other.notice('mining.notify');
    assert.deepEqual(other.order, ['reply 1', 'reply 2', 'mining.set_difficulty', 'mining.notify']);
  });

  test('after-job: the difficulty follows the job it counts for', async (t) => {
    const pool = await startPool(t, { difficultyTiming: 'after-job', difficulty: 64 });
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    assert.deepEqual(client.order, ['reply 1', 'mining.notify', 'mining.set_difficulty', 'reply 2']);
  });

  test('after-authorize-again: the d= of the password, alone, from the next job on', async (t) => {
    const pool = await startPool(t, { difficultyTiming: 'after-authorize-again', difficulty: 0.001 });
    const client = RawClient.open(t, pool.endpoint);
    await client.login('wal.raw', 'x,d=5');
    assert.deepEqual(await client.notice('mining.set_difficulty', 2), [5]);
    pool.newJob();
    await client.notice('mining.notify', 2);
    assert.equal(client.count('mining.set_difficulty'), 2);
    assert.equal(pool.connections[0]?.difficulty, 5);
  });

  test('several names on one connection, each as it was authorized', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    await client.login('wallet.a');
    await client.call('mining.authorize', ['wallet.b', '']);
    const submit = (user: string): Promise<Message> =>
      client.call('mining.submit', [user, 'none', '00000000', '00000000', '00000000']);
    assert.equal(codeOf(await submit('wallet.b')), 21);
    assert.equal(codeOf(await submit('wallet.c')), 24);
  });

  test('ids of any kind come back as they were, null is never answered', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    client.write('{"id":null,"method":"mining.subscribe","params":[]}\n');
    for (const id of [0, 'auth', 2 ** 53 - 1, 4, 4]) {
      assert.equal((await client.call('mining.authorize', ['a', 'b'], id))['id'], id);
    }
    assert.ok(client.messages.every((message) => message['method'] !== undefined || message['id'] !== null));
  });

  test('a second subscribe is refused and changes nothing', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    const { extranonce1 } = pool.connections[0] ?? {};
    assert.equal(codeOf(await client.call('mining.subscribe', [])), 20);
    assert.equal(pool.connections[0]?.extranonce1, extranonce1);
  });

  test('a dialogue cut into single bytes is the same dialogue', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    const text =
      '\r\n{"id":1,"method":"mining.subscribe","params":["ümläut/1"]}\r\n\n  {"id":2,"method":"mining.authorize","params":["a","b"]}\n';
    for (const byte of Buffer.from(text)) {
      client.write(String.fromCharCode(byte));
      await new Promise(setImmediate);
    }
    await client.until(() => client.order.includes('reply 2'), 'the login');
    assert.deepEqual(client.order, ['reply 1', 'mining.set_difficulty', 'mining.notify', 'reply 2']);
  });

  for (const rubbish of [
    'not json',
    '[]',
    'null',
    '{}',
    '4',
    'x'.repeat(11_000),
    `{"id":1,"a":"${'y'.repeat(11_000)}`,
  ]) {
    test(`closes on ${rubbish.slice(0, 20)} without a word`, async (t) => {
      const pool = await startPool(t);
      const client = RawClient.open(t, pool.endpoint);
      client.write(rubbish.startsWith('{"id":1') ? rubbish : `${rubbish}\n`);
      await client.until(() => client.closed, 'the end');
      assert.deepEqual(client.messages, []);
      assert.equal(pool.stats.faults, 1);
      await pool.waitFor((stats) => stats.connectionsNow === 0);
    });
  }
});

describe('logins', () => {
  test('anyone without credentials; with them by the whole name or the account before the dot', async (t) => {
    const credentials = new Map([
      ['wallet', 'secret'],
      ['special.rig', 'other'],
    ]);
    const pool = await startPool(t, { credentials });
    const client = RawClient.open(t, pool.endpoint);
    await client.call('mining.subscribe', []);
    const results: unknown[] = [];
    for (const login of [
      ['wallet', 'secret'],
      ['wallet.rig1', 'secret'],
      ['special.rig', 'other'],
      ['wallet', ''],
      ['special', 'other'],
      ['nobody', 'secret'],
    ]) {
      results.push((await client.call('mining.authorize', login))['result']);
    }
    assert.deepEqual(results, [true, true, true, null, null, null]);
    assert.equal(pool.stats.authorizes, 3);
    assert.equal(pool.stats.authorizeFailures, 3);
  });

  test('refused while logins are refused', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    pool.refuseLogins(true);
    assert.deepEqual((await client.call('mining.authorize', ['a', 'b']))['error'], [
      24,
      'Unauthorized worker',
      null,
    ]);
    pool.refuseLogins(false);
    assert.equal((await client.call('mining.authorize', ['a', 'b']))['result'], true);
  });
});

describe('configure', () => {
  test('answers what was asked, the mask cut to what the pool allows', async (t) => {
    const pool = await startPool(t, { versionMask: '1fffe000' });
    const client = RawClient.open(t, pool.endpoint);
    assert.deepEqual(await client.rolling('00e0000f'), {
      'version-rolling': true,
      'version-rolling.mask': '00e00000',
    });
    const all = ['version-rolling', 'minimum-difficulty', 'subscribe-extranonce', 'info', 'nonsense'];
    const options = { 'version-rolling.mask': 'ffffffff', 'minimum-difficulty.value': 2048 };
    assert.deepEqual((await client.call('mining.configure', [all, options]))['result'], {
      'version-rolling': true,
      'version-rolling.mask': '1fffe000',
      'minimum-difficulty': true,
      'subscribe-extranonce': true,
      info: true,
      nonsense: false,
    });
    assert.deepEqual(pool.stats.lastConfigure, [all, options]);
    await client.login();
    assert.deepEqual(await client.notice('mining.set_difficulty'), [2048]);
    assert.equal(pool.setExtranonce(), 1);
  });

  test('no rolling without a mask, or with nothing in common', async (t) => {
    const none = RawClient.open(t, (await startPool(t, { versionMask: null })).endpoint);
    assert.deepEqual(await none.rolling(), { 'version-rolling': false });
    const apart = RawClient.open(t, (await startPool(t, { versionMask: '1fffe000' })).endpoint);
    assert.deepEqual(await apart.rolling('00000fff'), { 'version-rolling': false });
  });

  test('never-if-subscribed: before subscribe yes, after it out of order', async (t) => {
    const pool = await startPool(t, { configure: 'never-if-subscribed' });
    const client = RawClient.open(t, pool.endpoint);
    assert.equal((await client.rolling())['version-rolling'], true);
    await client.login();
    const reply = await client.call('mining.configure', [['version-rolling'], {}]);
    assert.deepEqual(reply['error'], [21, 'ConfigurationOutOfOrder', null]);
  });

  test('a mask that changes is told and counts at once', async (t) => {
    const { pool, client, params } = await stage(t, vector('share-version-rolling'));
    pool.setVersionMask('00c00000');
    assert.deepEqual(await client.notice('mining.set_version_mask'), ['00c00000']);
    assert.equal(codeOf(await client.call('mining.submit', params)), 20);
    const other = RawClient.open(t, pool.endpoint);
    await other.login();
    pool.setVersionMask('1fffe000');
    assert.equal((await client.call('mining.submit', params))['result'], true);
    assert.equal(other.count('mining.set_version_mask'), 0);
  });
});

describe('requests that some pools ignore, refuse or close upon', () => {
  const asks = [
    ['configure', 'mining.configure', [['version-rolling'], {}]],
    ['extranonceSubscribe', 'mining.extranonce.subscribe', []],
    ['suggestDifficulty', 'mining.suggest_difficulty', [7]],
  ] as const;
  for (const [option, method, params] of asks) {
    test(method, async (t) => {
      const pool = await startPool(t, { [option]: 'ignore' });
      const client = RawClient.open(t, pool.endpoint);
      client.write(`${JSON.stringify({ id: 'asked', method, params })}\n`);
      await client.login();
      assert.ok(!client.order.includes('reply asked'));
      pool.manners[option] = 'error';
      assert.notEqual((await client.call(method, params))['error'], null);
      pool.manners[option] = 'close';
      client.write(`${JSON.stringify({ id: 'asked', method, params })}\n`);
      await client.until(() => client.closed, 'the end');
    });
  }

  test('suggest_difficulty is followed at once, from the next job on', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    assert.equal((await client.call('mining.suggest_difficulty', ['2.3e-10']))['result'], true);
    assert.deepEqual(await client.notice('mining.set_difficulty', 2), [2.3e-10]);
    assert.deepEqual((await client.call('mining.suggest_difficulty', [-1]))['error'], [
      40,
      'unfit, ignore',
      null,
    ]);
  });

  test('an unknown method is ignored and counted, or refused', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    client.write('{"id":7,"method":"mining.foo","params":[]}\n');
    await client.login();
    assert.ok(!client.order.includes('reply 7'));
    assert.equal(pool.stats.unknownMethods.get('mining.foo'), 1);
    pool.manners.unknownMethods = 'error';
    assert.equal(codeOf(await client.call('mining.foo', [])), 20);
    assert.equal((await client.call('mining.ping', []))['result'], 'pong');
    assert.deepEqual((await client.call('mining.get_transactions', ['1']))['result'], []);
  });
});

/** The block height in the coinbase's script (BIP34). */
const height = (coinb1: string): number => Buffer.from(coinb1, 'hex').readUIntLE(43, 3);

describe('jobs', () => {
  test('plausible: script length, size, branch, height, times and ids', async (t) => {
    const pool = await startPool(t, { branchDepth: 3, coinbaseBytes: 5000 });
    const one = pool.newJob();
    const other = pool.newJob({ clean: true });
    for (const job of [one, other]) {
      const { coinb1, coinb2, branch, ntime } = job.work;
      const size = (coinb1.length + coinb2.length) / 2 + 8;
      assert.ok(size >= 5000 && size < 5031, `${size} bytes`);
      assert.equal(branch.length, 3);
      assert.ok(Math.abs(ntime - Date.now() / 1000) < 5);
      const scriptBytes = Number.parseInt(coinb1.slice(82, 84), 16);
      const rest = (coinb1.length - 84) / 2 + 8;
      assert.equal(coinb2.slice((scriptBytes - rest) * 2, (scriptBytes - rest) * 2 + 8), 'ffffffff');
    }
    assert.notEqual(one.id, other.id);
    assert.notEqual(one.work.prevHash, other.work.prevHash);
    assert.equal(pool.newJob().work.prevHash, other.work.prevHash);
    assert.equal(pool.newJob({ clean: true, sameBlock: true }).work.prevHash, other.work.prevHash);
    assert.equal(height(other.work.coinb1), height(one.work.coinb1) + 1);
  });

  test('come by themselves: on the same block, and clean on a new one', async (t) => {
    const pool = await startPool(t, { jobIntervalMs: 15, blockIntervalMs: 40 });
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    await client.notice('mining.notify', 8);
    const jobs = client.messages.filter((message) => message['method'] === 'mining.notify');
    const flags = jobs.map((message) => (message['params'] as unknown[])[8]);
    assert.equal(flags[0], true);
    assert.ok(flags.slice(1).includes(true) && flags.includes(false));
    assert.equal(new Set(jobs.map((message) => (message['params'] as unknown[])[0])).size, jobs.length);
  });

  test('a difficulty goes out with the next job, or alone', async (t) => {
    const pool = await startPool(t, { difficulty: 8 });
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    pool.setDifficulty(16);
    pool.newJob();
    await client.notice('mining.notify', 2);
    assert.deepEqual(client.order.slice(-2), ['mining.set_difficulty', 'mining.notify']);
    assert.deepEqual(await client.notice('mining.set_difficulty', 2), [16]);
    pool.sendDifficulty(0.5, (connection) => connection.users.has('nobody'));
    pool.sendDifficulty(32);
    assert.deepEqual(await client.notice('mining.set_difficulty', 3), [32]);
    pool.newJob();
    await client.notice('mining.notify', 3);
    assert.deepEqual(client.order.slice(-2), ['mining.set_difficulty', 'mining.notify']);
    assert.equal(client.count('mining.set_difficulty'), 3);
  });

  test('a share counts at the difficulty that was in force when its job was sent', async (t) => {
    const { pool, client, params } = await stage(t, vector('share-mainnet'));
    pool.sendDifficulty(100_000);
    await client.notice('mining.set_difficulty', 2);
    assert.equal((await client.call('mining.submit', params))['result'], true);
    assert.equal(pool.stats.work, 512);
    const job = pool.newJob({ fields: fieldsOf(vector('share-mainnet')) });
    params[1] = job.id;
    assert.equal(codeOf(await client.call('mining.submit', params)), 23);
  });

  test('vardiff fits the difficulty to the pace', async (t) => {
    const pool = await startPool(t, {
      verify: false,
      difficulty: 4,
      vardiff: { targetPerMinute: 60, min: 1, max: 64 },
    });
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    for (const expected of [16, 64]) {
      const { id, work } = pool.newJob();
      const ntime = work.ntime.toString(16);
      for (let i = 0; i < 10; i++)
        await client.call('mining.submit', ['wallet.rig', id, '00000000', ntime, '00000000']);
      pool.newJob();
      const told = expected === 16 ? 2 : 3;
      assert.deepEqual(await client.notice('mining.set_difficulty', told), [expected]);
    }
  });
});

describe('extranonce', () => {
  test('changes are told to those who asked, a clean job behind them', async (t) => {
    const pool = await startPool(t);
    const asked = RawClient.open(t, pool.endpoint);
    const not = RawClient.open(t, pool.endpoint);
    await asked.login();
    await not.login();
    assert.equal((await asked.call('mining.extranonce.subscribe', []))['result'], true);
    assert.equal(pool.setExtranonce({ extranonce2Bytes: 6 }), 1);
    const [extranonce1, size] = await asked.notice('mining.set_extranonce');
    assert.match(String(extranonce1), /^[0-9a-f]{8}$/);
    assert.equal(size, 6);
    assert.equal((await asked.notice('mining.notify', 2))[8], true);
    assert.deepEqual(asked.order.slice(-2), ['mining.set_extranonce', 'mining.notify']);
    await not.notice('mining.notify', 2);
    assert.equal(not.count('mining.set_extranonce'), 0);
  });

  test('nobody gets one that another has, until there are none', async (t) => {
    const pool = await startPool(t, { extranonce1Bytes: 1, resume: false, jobTiming: 'after-authorize' });
    const seen = new Set<unknown>();
    const clients: RawClient[] = [];
    for (let i = 0; i < 256; i++) {
      const client = RawClient.open(t, pool.endpoint);
      clients.push(client);
      const result = (await client.call('mining.subscribe', []))['result'] as unknown[];
      seen.add(result[1]);
    }
    assert.equal(seen.size, 256);
    const late = RawClient.open(t, pool.endpoint);
    assert.equal(codeOf(await late.call('mining.subscribe', [])), 20);
    clients[0]?.end();
    await pool.waitFor((stats) => stats.connectionsNow === 256);
    assert.equal((await late.call('mining.subscribe', []))['error'], null);
  });
});

const sessionOf = (reply: Message): { id: string; extranonce1: string } => {
  const [subscriptions, extranonce1] = reply['result'] as [[string, string][], string];
  return { id: subscriptions[1]?.[1] ?? '', extranonce1 };
};

describe('resume', () => {
  test('a known session id gives the extranonce1 back, and its jobs', async (t) => {
    const share = vector('share-mainnet');
    const { pool, client, params } = await stage(t, share);
    const session = { id: pool.connections[0]?.sessionId ?? '', extranonce1: share.extranonce1 };
    client.end();
    await pool.waitFor((stats) => stats.connectionsNow === 0);
    const back = RawClient.open(t, pool.endpoint);
    assert.deepEqual(sessionOf(await back.call('mining.subscribe', ['raw/1', session.id])), session);
    await back.call('mining.authorize', [params[0], 'x']);
    assert.equal((await back.call('mining.submit', params))['result'], true);
    assert.equal(pool.stats.resumes, 1);
    assert.equal(pool.stats.lastSessionId, session.id);
  });

  test('a clean job while the client was away ends its jobs', async (t) => {
    const { pool, client, params } = await stage(t, vector('share-mainnet'));
    const id = pool.connections[0]?.sessionId;
    client.end();
    await pool.waitFor((stats) => stats.connectionsNow === 0);
    pool.newJob({ clean: true });
    const back = RawClient.open(t, pool.endpoint);
    await back.call('mining.subscribe', ['raw/1', id]);
    await back.call('mining.authorize', [params[0], 'x']);
    assert.equal(codeOf(await back.call('mining.submit', params)), 21);
  });

  test('an old connection of the session is closed; an unknown id is a new session', async (t) => {
    const pool = await startPool(t);
    const old = RawClient.open(t, pool.endpoint);
    const session = sessionOf(await old.call('mining.subscribe', []));
    const back = RawClient.open(t, pool.endpoint);
    assert.deepEqual(sessionOf(await back.call('mining.subscribe', ['x', session.id])), session);
    await old.until(() => old.closed, 'the end of the old connection');
    const other = RawClient.open(t, pool.endpoint);
    assert.notEqual(
      sessionOf(await other.call('mining.subscribe', ['x', 'deadbeef'])).extranonce1,
      session.extranonce1,
    );
  });

  test('switched off, or forgotten over a restart, it is a new session', async (t) => {
    const off = await startPool(t, { resume: false });
    const client = RawClient.open(t, off.endpoint);
    const session = sessionOf(await client.call('mining.subscribe', []));
    client.end();
    await off.waitFor((stats) => stats.connectionsNow === 0);
    const again = RawClient.open(t, off.endpoint);
    assert.notEqual(sessionOf(await again.call('mining.subscribe', ['x', session.id])).id, session.id);

    const pool = await startPool(t);
    for (const forget of [false, true]) {
      const before = sessionOf(await RawClient.open(t, pool.endpoint).call('mining.subscribe', []));
      const { port } = pool.endpoint;
      assert.equal((await pool.restart({ forget })).port, port);
      const after = sessionOf(
        await RawClient.open(t, pool.endpoint).call('mining.subscribe', ['x', before.id]),
      );
      assert.equal(after.id === before.id, !forget);
    }
  });
});

describe('failures on demand', () => {
  test('hanging it answers nothing, and afterwards what it was to keep', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    const heard = client.messages.length;
    pool.hang();
    client.write('{"id":"lost","method":"mining.ping","params":[]}\n');
    const newcomer = RawClient.open(t, pool.endpoint);
    newcomer.write('{"id":"lost","method":"mining.ping","params":[]}\n');
    await pool.waitFor((stats) => stats.heldLines === 2);
    pool.newJob();
    pool.unhang();
    await client.call('mining.ping', []);
    assert.equal(client.messages.length, heard + 1);
    pool.hang({ keep: true });
    client.write('{"id":"kept","method":"mining.ping","params":[]}\n');
    await pool.waitFor((stats) => stats.heldLines === 3);
    pool.unhang();
    await client.until(() => client.order.includes('reply kept'), 'the kept answer');
    assert.ok(!client.order.includes('reply lost'));
  });

  test('submits unanswered: judged and counted, or not even looked at; all else is answered', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    const submit = (id: string): void =>
      client.write(`{"id":"${id}","method":"mining.submit","params":[]}\n`);
    pool.manners.submits = 'judge-silently';
    submit('judged');
    await client.call('mining.ping', []);
    assert.equal(pool.stats.rejected.malformed, 1);
    pool.manners.submits = 'ignore';
    submit('ignored');
    await client.call('mining.ping', []);
    assert.equal(pool.stats.submitted, 1);
    pool.manners.submits = 'answer';
    submit('answered');
    await client.until(() => client.order.includes('reply answered'), 'the answer');
    assert.deepEqual(
      client.order.filter((what) => /judged|ignored/.test(what)),
      [],
    );
  });

  test('another size of extranonce2 for those who subscribe from now on', async (t) => {
    const pool = await startPool(t);
    const sizeOf = async (): Promise<unknown> =>
      ((await RawClient.open(t, pool.endpoint).call('mining.subscribe', []))['result'] as unknown[])[2];
    assert.equal(await sizeOf(), 4);
    pool.manners.extranonce2Bytes = 7;
    assert.equal(await sizeOf(), 7);
  });

  test('bytes that are no text, behind what was said before them', async (t) => {
    const pool = await startPool(t);
    const socket = connect(pool.endpoint.port, pool.endpoint.host);
    t.after(() => socket.destroy());
    const heard: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => heard.push(chunk));
    await pool.waitFor((stats) => stats.connectionsNow === 1);
    pool.sendRaw('said ');
    pool.sendBytes(Uint8Array.of(0xc3, 0x28, 0xff));
    pool.dropConnections();
    await new Promise((resolve) => {
      socket.once('close', resolve);
    });
    assert.deepEqual(Buffer.concat(heard), Buffer.from('said \xc3\x28\xff', 'latin1'));
  });

  test('silent it sends no jobs but answers', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    pool.silence();
    pool.newJob({ clean: true });
    const newcomer = RawClient.open(t, pool.endpoint);
    await newcomer.login();
    await client.call('mining.ping', []);
    assert.equal(client.count('mining.notify'), 1);
    assert.equal(newcomer.count('mining.notify'), 0);
    pool.speak();
    await newcomer.notice('mining.notify');
    assert.equal((await client.notice('mining.notify', 2))[8], true);
  });

  test('slow it keeps its order', async (t) => {
    const pool = await startPool(t, { replyDelayMs: 30 });
    const client = RawClient.open(t, pool.endpoint);
    const from = performance.now();
    client.write('{"id":1,"method":"mining.subscribe","params":[]}\n');
    await pool.waitFor((stats) => stats.subscribes === 1);
    pool.manners.replyDelayMs = 0;
    await client.call('mining.authorize', ['a', 'b'], 2);
    assert.ok(performance.now() - from >= 29);
    assert.deepEqual(client.order, ['reply 1', 'mining.set_difficulty', 'mining.notify', 'reply 2']);
  });

  test('the port closes while the connections stay, and opens again', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    await pool.closePort();
    const refused = RawClient.open(t, pool.endpoint);
    await refused.until(() => refused.closed, 'the refusal');
    assert.equal((await client.call('mining.ping', []))['result'], 'pong');
    await pool.openPort();
    await RawClient.open(t, pool.endpoint).login();
  });

  test('connections drop, by FIN or RST, all or some', async (t) => {
    const pool = await startPool(t);
    const clients = [RawClient.open(t, pool.endpoint), RawClient.open(t, pool.endpoint)] as const;
    await clients[0].login('first');
    await clients[1].login('second');
    pool.dropConnections({ reset: true, to: ({ users }) => users.has('first') });
    await clients[0].until(() => clients[0].closed, 'the end');
    assert.equal(clients[1].closed, false);
    pool.dropConnections();
    await clients[1].until(() => clients[1].closed, 'the end');
  });

  test('texts of any kind to everyone', async (t) => {
    const pool = await startPool(t);
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    pool.showMessage('moving house');
    assert.deepEqual(await client.notice('client.show_message'), ['moving house']);
    pool.reconnect('pool.example', 3333, 5);
    assert.deepEqual(await client.notice('client.reconnect'), ['pool.example', 3333, 5]);
    pool.reconnect();
    assert.deepEqual(await client.notice('client.reconnect', 2), []);
    pool.sendRaw('{"id":12345,"resu');
    pool.sendRaw('lt":true}\n');
    await client.until(() => client.order.includes('reply 12345'), 'the raw line');
  });

  test('starting twice on one port says so', async (t) => {
    const pool = await startPool(t);
    const other = new PracticePool({ log: silentLog, clock: systemClock }, { port: pool.endpoint.port });
    await assert.rejects(other.start(), { code: 'EADDRINUSE' });
  });

  test('a condition that does not come true is rejected with the state', async (t) => {
    const pool = await startPool(t);
    await assert.rejects(
      pool.waitFor((stats) => stats.accepted === 1, 10),
      (error: unknown) => error instanceof WaitTimeoutError && /accepted 0/.test(error.message),
    );
  });

  test('the list of submits is bounded', async (t) => {
    const pool = await startPool(t, { submitsKept: 5 });
    const client = RawClient.open(t, pool.endpoint);
    await client.login();
    for (let i = 0; i < 23; i++) await client.call('mining.submit', [String(i)]);
    assert.ok(pool.stats.submits.length >= 5 && pool.stats.submits.length < 10);
    assert.deepEqual(pool.stats.submits.at(-1)?.params, ['22']);
    assert.equal(pool.stats.submitted, 23);
  });
});

test('speaks TLS when given a key', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'practice-pool-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  try {
    execFileSync('openssl', [...args, '-subj', '/CN=localhost', '-keyout', keyFile, '-out', certFile], {
      stdio: 'ignore',
    });
  } catch {
    t.skip('no openssl here to make a certificate with');
    return;
  }
  const pool = await startPool(t, {
    tls: { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') },
  });
  const socket = connectTls({ ...pool.endpoint, rejectUnauthorized: false });
  t.after(() => socket.destroy());
  await new RawClient(socket).login();
});
