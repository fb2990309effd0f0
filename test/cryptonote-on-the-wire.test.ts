import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { RelayedWork } from '../src/domain/job.ts';
import { systemClock } from '../src/kit/clock.ts';
import { silentLog } from '../src/kit/log.ts';
import { CryptonoteMiner } from '../src/practice/cryptonote/miner.ts';
import { CryptonotePool, type CryptonotePoolOptions } from '../src/practice/cryptonote/pool.ts';
import type { JobView } from '../src/wire/dialect.ts';
import { cryptonote } from '../src/wire/dialects/cryptonote/index.ts';
import { LineFramer } from '../src/wire/framing/line-framer.ts';
import type { PoolEvent, PoolSubscription } from '../src/wire/messages.ts';

/**
 * The dialect between a strict pool and real miners: one connection to the pool, a byte of the nonce for each miner, a target of ours, and every claim held against the pool's
 * before it goes there.
 */

const { miner: toMiner, pool: toPool, claim } = cryptonote;
const parts = { log: silentLog, clock: systemClock };

interface Miner {
  readonly socket: Socket;
  readonly lane: string;
  /** The id of its login while that waits for a job. */
  login: string | null;
}

/** As little of a proxy as the dialect needs around it. */
class Relay {
  subscription: PoolSubscription | null = null;
  /** Shares that meet ours alone. */
  local = 0;
  readonly refusals: string[] = [];
  readonly #difficulty: number | null;
  readonly #upstream: Socket;
  readonly #server = createServer((socket) => this.#accept(socket));
  readonly #miners: Miner[] = [];
  readonly #jobs = new Map<string, RelayedWork>();
  readonly #shares = new Map<number, { miner: Miner; id: string }>();
  #nextCall = 2;
  #accepted = 0;

  /** `difficulty`: what miners are to meet; null: what the pool says. */
  constructor(poolPort: number, difficulty: number | null) {
    this.#difficulty = difficulty;
    this.#upstream = createConnection({ host: '127.0.0.1', port: poolPort });
    lines(this.#upstream, (line) => this.#onPool(toPool.decode(line)));
    const [login] = toPool.login;
    const facts = { user: 'wallet', password: 'x', agent: 'relay', host: '', port: 0, algorithm: 'randomx' };
    const said = login?.write(1, { ...facts, sessionId: null, versionMask: 0, isPlain: false });
    this.#upstream.write(said ?? '');
  }

  async listen(t: TestContext): Promise<{ host: string; port: number }> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    t.after(() => {
      this.#server.close();
      this.#upstream.destroy();
      for (const { socket } of this.#miners) socket.destroy();
    });
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  #onPool(event: PoolEvent): void {
    if (event.kind === 'several') {
      for (const one of event.events) this.#onPool(one);
    } else if (event.kind === 'job' && event.work.family === 'cryptonote') {
      this.#onWork(event.work);
    } else if (event.kind === 'reply' && event.id === 1) {
      const outcome = toPool.login[0]?.read(event.result, event.refusal);
      assert.ok(outcome?.kind === 'taken', JSON.stringify(outcome));
      this.subscription = outcome.subscription ?? null;
      if (outcome.work?.family === 'cryptonote') this.#onWork(outcome.work);
    } else if (event.kind === 'reply') {
      const share = this.#shares.get(event.id);
      this.#shares.delete(event.id);
      const { refusal } = event;
      const reason = refusal === null ? null : toPool.classify(refusal);
      share?.miner.socket.write(
        refusal === null || reason === null
          ? toMiner.yes(share.id)
          : toMiner.refuse(share.id, { reason, ...refusal }),
      );
      if (refusal !== null) this.refusals.push(refusal.message);
    }
  }

  #onWork(work: RelayedWork): void {
    const jobId = (this.#jobs.size + 1).toString(16);
    this.#jobs.set(jobId, work);
    for (const miner of this.#miners) this.#tell(miner, jobId, work);
  }

  #tell(miner: Miner, jobId: string, work: RelayedWork): void {
    const view: JobView = {
      jobId,
      work,
      coinb1Insert: '',
      lane: this.subscription?.extranonce2Bytes === 0 ? '' : miner.lane,
      ntime: 0,
      clean: true,
      difficulty: this.#difficulty ?? work.target?.hashes ?? 0,
      target: this.#difficulty === null ? work.target : null,
      scale: 1,
      divider: 2 ** 32,
      algorithm: 'randomx',
      sessionId: miner.lane,
    };
    if (miner.login === null) {
      miner.socket.write(toMiner.job(view));
    } else {
      miner.socket.write(toMiner.authorized(miner.login, { sessionId: miner.lane, job: view }));
      miner.login = null;
    }
  }

  #accept(socket: Socket): void {
    const lane = (255 - this.#accepted).toString(16).padStart(2, '0');
    this.#accepted += 1;
    const miner: Miner = { socket, lane, login: null };
    lines(socket, (line) => this.#onMiner(miner, line));
  }

  #onMiner(miner: Miner, line: string): void {
    const request = toMiner.decode(line);
    if (request.kind === 'login') {
      miner.login = request.id;
      this.#miners.push(miner);
      const newest = [...this.#jobs].at(-1);
      if (newest !== undefined) this.#tell(miner, ...newest);
    } else if (request.kind === 'ping') {
      miner.socket.write(toMiner.pong(request.id));
    } else if (request.kind === 'submit' && request.family === 'cryptonote') {
      const work = this.#jobs.get(request.jobId);
      assert.ok(work !== undefined && this.subscription !== null && claim !== null);
      const assembled = toMiner.assemble(request, {
        user: 'wallet',
        work,
        poolJobId: work.poolJobId,
        version: 0,
        ntime: 0,
        extranonce1: '',
        extranonce2Bytes: 0,
        lane: this.subscription.extranonce2Bytes === 0 ? '' : miner.lane,
        versionMask: 0,
        isRolling: false,
        judges: true,
      });
      if (assembled.kind === 'malformed') {
        const refusal = { reason: 'malformed', message: assembled.problem, code: null } as const;
        miner.socket.write(toMiner.refuse(request.id, refusal));
        return;
      }
      const { hashes, meetsPool } = claim(assembled.share, work, null);
      assert.ok(hashes >= (this.#difficulty ?? 0), `${hashes}`);
      if (!meetsPool) {
        this.local += 1;
        miner.socket.write(toMiner.yes(request.id));
        return;
      }
      const call = this.#nextCall;
      this.#nextCall += 1;
      this.#shares.set(call, { miner, id: request.id });
      this.#upstream.write(toPool.submit(call, assembled.share, this.subscription));
    }
  }
}

function lines(socket: Socket, onLine: (line: string) => void): void {
  const framer = new LineFramer();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const sink = {
      onLine: (line: string): boolean => {
        onLine(line);
        return true;
      },
    };
    assert.equal(framer.push(chunk, 65_536, sink), null);
  });
}

interface Bed {
  readonly pool: CryptonotePool;
  readonly relay: Relay;
  readonly addMiner: (isNicehash?: boolean) => CryptonoteMiner;
}

async function bed(t: TestContext, options: CryptonotePoolOptions, difficulty: number | null): Promise<Bed> {
  const pool = new CryptonotePool(parts, {
    jobIntervalMs: 0,
    blockIntervalMs: 0,
    difficulty: 40,
    ...options,
  });
  await pool.start();
  const relay = new Relay(pool.endpoint.port, difficulty);
  const place = await relay.listen(t);
  t.after(() => pool.stop());
  const addMiner = (isNicehash = true): CryptonoteMiner => {
    const miner = new CryptonoteMiner(parts, { ...place, user: 'w', hashesPerSecond: 800, isNicehash });
    t.after(() => miner.stop());
    miner.start();
    return miner;
  };
  return { pool, relay, addMiner };
}

test('three miners on one connection: nothing twice, nothing wrong, low shares judged here', async (t) => {
  const { pool, relay, addMiner } = await bed(t, {}, 8);
  const miners = [addMiner(), addMiner(), addMiner()];
  for (const miner of miners) await miner.waitFor((stats) => stats.accepted >= 20);
  pool.newBlock();
  for (const miner of miners) await miner.waitFor((stats) => stats.jobs === 2);
  await pool.waitFor(({ accepted }) => accepted >= 8, 10_000);
  assert.equal(new Set(miners.map(({ fixedByte }) => fixedByte)).size, 3);
  assert.deepEqual(
    miners.map(({ stats }) => stats.violations),
    [[], [], []],
  );
  assert.deepEqual(
    miners.map(({ stats }) => stats.difficulty),
    [8, 8, 8],
  );
  assert.ok(
    relay.local > pool.stats.accepted,
    `${relay.local} judged here, ${pool.stats.accepted} at the pool`,
  );
  const refused = Object.entries(pool.stats.rejected).filter(
    ([reason, count]) => count > 0 && reason !== 'stale',
  );
  assert.deepEqual(refused, []);
  assert.equal(pool.stats.connectionsTotal, 1);
});

test('a miner that takes the whole nonce is refused here, and the pool hears nothing of it', async (t) => {
  const { pool, addMiner } = await bed(t, {}, 8);
  const rude = addMiner(false);
  await rude.waitFor((stats) => stats.rejected >= 3);
  assert.deepEqual([...rude.stats.reasons.keys()], ['Invalid nonce; is miner not compatible with NiceHash?']);
  assert.equal(pool.stats.submitted, 0);
});

for (const [what, options] of [
  ['a pool that fixes the byte, in the answer to login', { fixedByte: 0xe5 }],
  ['one that fixes it at 00 and says so in words alone', { fixedByte: 0 }],
  [
    'one that sends its first job apart, with 8 bytes of target and no algorithm',
    { jobInLogin: false, targetBytes: 8, algo: null },
  ],
] as const) {
  test(`a miner alone at ${what}`, async (t) => {
    const { pool, relay, addMiner } = await bed(t, options, null);
    const miner = addMiner();
    await miner.waitFor((stats) => stats.accepted >= 5);
    pool.newJob();
    await miner.waitFor((stats) => stats.jobs === 2);
    await miner.waitFor((stats) => stats.accepted >= 10);
    assert.deepEqual(miner.stats.violations, []);
    assert.deepEqual(relay.refusals, []);
    if ('fixedByte' in options) {
      assert.equal(relay.subscription?.extranonce2Bytes, 0);
      assert.equal(miner.fixedByte, options.fixedByte);
    }
  });
}
