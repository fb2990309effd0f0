import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, describe, test } from 'node:test';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type PrefixDialect, prefixCoin } from './coins.ts';
import { PrefixMiner, type PrefixMinerOptions } from './miner.ts';
import { PrefixPool, type PrefixPoolOptions } from './pool.ts';
import { solutionBytes, targetOf } from './proofs.ts';

const base = { log: silentLog, clock: systemClock };
const open: { stop(): Promise<void> }[] = [];

async function startPool(options: PrefixPoolOptions): Promise<PrefixPool> {
  const pool = new PrefixPool(base, {
    jobIntervalMs: 0,
    blockIntervalMs: 0,
    hashesPerShare: 100,
    ...options,
  });
  open.push(pool);
  await pool.start();
  return pool;
}

function startMiner(pool: PrefixPool, options: Omit<PrefixMinerOptions, 'host' | 'port'>): PrefixMiner {
  const miner = new PrefixMiner(base, {
    ...pool.endpoint,
    reconnectMs: 20,
    hashesPerSecond: 10_000,
    ...options,
  });
  open.push(miner);
  miner.start();
  return miner;
}

async function stopAll(): Promise<void> {
  for (const one of open.splice(0).toReversed()) await one.stop();
}

afterEach(stopAll);
after(stopAll);

/** A client by hand. */
class Talk {
  readonly #socket: Socket;
  #text = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      this.#text += chunk;
    });
  }

  static async open(pool: PrefixPool): Promise<Talk> {
    const socket = connect(pool.endpoint);
    await once(socket, 'connect');
    const talk = new Talk(socket);
    open.push({
      stop: () => {
        socket.destroy();
        return Promise.resolve();
      },
    });
    return talk;
  }

  say(id: number, method: string, params: readonly unknown[]): void {
    this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
  }

  /** The first line that `is` holds for. */
  async line(is: (message: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      const lines = this.#text.split('\n').slice(0, -1);
      const found = lines.map((text) => JSON.parse(text) as Record<string, unknown>).find(is);
      if (found !== undefined) return found;
      await once(this.#socket, 'data', { signal: AbortSignal.timeout(5000) });
    }
  }

  async ask(id: number, method: string, params: readonly unknown[]): Promise<Record<string, unknown>> {
    this.say(id, method, params);
    return this.line((message) => message['id'] === id && message['method'] === undefined);
  }
}

const DIALECTS: readonly PrefixDialect[] = ['equihash', 'kawpow', 'kaspa', 'autolykos'];

for (const dialect of DIALECTS) {
  describe(`practice ${dialect}`, () => {
    test('shares that the miner finds are accepted, all of them', async () => {
      const pool = await startPool({ dialect, credentials: new Map([['coin', 'x']]) });
      const miner = startMiner(pool, { dialect, user: 'coin.rig' });
      await miner.waitFor((stats) => stats.accepted >= 20);
      pool.newJob();
      pool.newJob({ clean: true });
      await miner.waitFor((stats) => stats.jobs >= 3);
      await miner.waitFor((stats) => stats.accepted >= 40);
      await miner.stop();
      assert.deepEqual(miner.stats.violations, []);
      assert.equal(pool.stats.rejected.malformed, 0);
      assert.equal(pool.stats.rejected['low-difficulty'], 0);
      assert.equal(pool.stats.rejected.duplicate, 0);
      assert.equal(pool.stats.work, pool.stats.accepted * 100);
      assert.equal(pool.stats.user('coin.rig').accepted, pool.stats.accepted);
      // About one hash in a hundred is a share: what it is made for, by a wide margin.
      const perShare = miner.stats.hashes / miner.stats.found;
      assert.ok(perShare > 40 && perShare < 250, String(perShare));
    });

    test('a change of what shares must meet holds from the next job on', async () => {
      const pool = await startPool({ dialect });
      const miner = startMiner(pool, { dialect, user: 'u' });
      await miner.waitFor((stats) => stats.accepted >= 1);
      pool.setHashesPerShare(400);
      pool.newJob({ clean: true });
      await miner.waitFor((stats) => Math.round(stats.difficulty) === 400);
      await pool.waitFor((stats) => stats.submits.at(-1)?.difficulty === 400);
      assert.deepEqual(miner.stats.violations, []);
    });

    test('miners have prefixes of their own', async () => {
      const pool = await startPool({ dialect });
      const miners = ['a', 'b', 'c'].map((user) => startMiner(pool, { dialect, user }));
      await Promise.all(miners.map((miner) => miner.waitFor((stats) => stats.accepted >= 3)));
      assert.equal(new Set(miners.map(({ stats }) => stats.extranonce1)).size, 3);
      assert.equal(pool.stats.rejected.malformed, 0);
    });

    test('a new prefix is followed from the next job on', async () => {
      const pool = await startPool({ dialect });
      const miner = startMiner(pool, { dialect, user: 'u', extranonceSubscribe: true });
      await miner.waitFor((stats) => stats.accepted >= 1);
      await pool.waitFor(() => dialect === 'kaspa' || pool.clients[0]?.methods.length !== 2);
      const before = miner.stats.extranonce1;
      assert.equal(pool.changePrefixes(), 1);
      await miner.waitFor((stats) => stats.extranonce1 !== before);
      const { accepted } = miner.stats;
      await miner.waitFor((stats) => stats.accepted >= accepted + 5);
      assert.deepEqual(miner.stats.violations, []);
      assert.equal(pool.stats.rejected.malformed, 0);
    });

    test('a miner that is refused says so, one that is cut off comes back', async () => {
      const pool = await startPool({ dialect, credentials: new Map([['u', 'secret']]) });
      const stranger = startMiner(pool, { dialect, user: 'u', password: 'wrong' });
      await stranger.waitFor((stats) => stats.authorizeFailures >= 2);
      const miner = startMiner(pool, { dialect, user: 'u', password: 'secret' });
      await miner.waitFor((stats) => stats.accepted >= 1);
      pool.dropConnections();
      await miner.waitFor((stats) => stats.connections >= 2 && stats.authorized);
      assert.equal(stranger.stats.accepted, 0);
    });

    test('what no miner of the dialect would send is refused with its reason', async () => {
      const pool = await startPool({ dialect, hashesPerShare: 1e12 });
      const talk = await Talk.open(pool);
      const subscribe = dialect === 'equihash' ? ['a', null, 'pool', 1] : ['a'];
      const early = await talk.ask(1, 'mining.submit', ['u', '1', 'x']);
      assert.deepEqual(early['error'], [24, 'Unauthorized worker', null]);
      assert.deepEqual((await talk.ask(2, 'mining.subscribe', []))['error'], [
        20,
        'Not a subscribe of this dialect',
        null,
      ]);
      await talk.ask(3, 'mining.subscribe', subscribe);
      assert.equal((await talk.ask(4, 'mining.authorize', ['u', 'x']))['result'], true);
      const job = await talk.line((message) => message['method'] === 'mining.notify');
      const [jobId, ...fields] = job['params'] as readonly unknown[];
      const prefix = pool.clients[0]?.prefix ?? '';
      const nonce = prefix.padEnd(16, '0');
      const own: Readonly<Record<PrefixDialect, readonly unknown[]>> = {
        equihash: [fields[4], '0'.repeat(64 - prefix.length), `fd4005${'00'.repeat(1344)}`],
        kawpow: [`0x${nonce}`, `0x${String(fields[0])}`, `0x${'00'.repeat(32)}`],
        kaspa: [`0x${nonce}`],
        autolykos: [nonce.slice(prefix.length), '', nonce],
      };
      const first = own[dialect];
      const why = async (id: number, params: readonly unknown[]): Promise<unknown> => {
        const { error } = await talk.ask(id, 'mining.submit', params);
        return Array.isArray(error) ? error[0] : error;
      };
      assert.equal(await why(5, ['other', jobId, ...first]), 24);
      assert.equal(await why(6, ['u', 'none', ...first]), 21);
      assert.equal(await why(7, ['u', jobId]), 20);
      assert.equal(await why(8, ['u', jobId, ...first, 'more']), 20);
      for (let at = 0; at < first.length; at += 1) {
        if (dialect === 'autolykos' && at === 1) continue;
        assert.equal(await why(10 + at, ['u', jobId, ...first.with(at, 'zz')]), 20, String(at));
      }
      if (dialect !== 'equihash') {
        const foreign = first.map((value) =>
          typeof value === 'string'
            ? value.replace(
                nonce,
                `${prefix.replace(/.$/, (c) => (c === '0' ? '1' : '0'))}${'0'.repeat(16 - prefix.length)}`,
              )
            : value,
        );
        assert.equal(await why(20, ['u', jobId, ...foreign]), 20);
      }
      // kawpow's mix is checked before anything else can be.
      const verdicts = dialect === 'kawpow' ? [20, 20] : [23, 22];
      assert.deepEqual(
        [await why(21, ['u', jobId, ...first]), await why(22, ['u', jobId, ...first])],
        verdicts,
      );
      pool.newJob({ clean: true });
      assert.equal(await why(23, ['u', jobId, ...first]), 21);
      assert.equal(pool.stats.rejected.stale, 1);
      assert.equal(pool.stats.rejected['unknown-job'], 1);
      assert.equal(pool.stats.accepted, 0);
    });
  });
}

describe('practice coins', () => {
  for (const parameters of ['144_5', '192_7', '125_4', '96_5', '210_9']) {
    test(`of equihash ${parameters} are named in their jobs and mined by a miner of the same`, async () => {
      const pool = await startPool({ dialect: 'equihash', parameters });
      const miner = startMiner(pool, { dialect: 'equihash', parameters, user: 'u' });
      await miner.waitFor((stats) => stats.accepted >= 3);
      assert.deepEqual(miner.stats.violations, []);
      const other = startMiner(pool, { dialect: 'equihash', user: 'v' });
      await other.waitFor((stats) => stats.violations.length > 0);
      assert.match(other.stats.violations[0] ?? '', /solution parameters are incorrect/);
    });
  }

  test('have solutions of the sizes of the real ones', () => {
    const sizes = ['200_9', '144_5', '192_7', '125_4', '150_5', '96_5', '210_9'].map(solutionBytes);
    assert.deepEqual(sizes, [1344, 100, 400, 52, 104, 68, 1408]);
  });

  test('of kaspa in the other form are read by a miner of that form, and by no other', async () => {
    const pool = await startPool({ dialect: 'kaspa', jobForm: 'hex' });
    const miner = startMiner(pool, { dialect: 'kaspa', jobForm: 'hex', user: 'u' });
    await miner.waitFor((stats) => stats.accepted >= 3);
    const other = startMiner(pool, { dialect: 'kaspa', user: 'v' });
    await other.waitFor((stats) => stats.violations.length > 0);
    assert.equal(other.stats.jobs, 0);
  });

  test('of ergo multiply the target by their factor', async () => {
    const pool = await startPool({ dialect: 'autolykos', scale: 16 });
    const miner = startMiner(pool, { dialect: 'autolykos', user: 'u' });
    await miner.waitFor((stats) => stats.accepted >= 10);
    assert.equal(Math.round(miner.stats.difficulty), 100);
    assert.equal(pool.stats.rejected['low-difficulty'], 0);
  });

  test('ask for the hashes that they are told to', () => {
    for (const hashesPerShare of [1, 2, 100, 2 ** 20]) {
      assert.equal(2n ** 256n / (targetOf(hashesPerShare) + 1n), BigInt(hashesPerShare));
      for (const dialect of DIALECTS) {
        const job = prefixCoin(dialect, {}).job('1', { height: 1, parent: '0'.repeat(64) });
        const ratio = Number(2n ** 256n / (job.most({ prefix: '', hashesPerShare }) + 1n)) / hashesPerShare;
        assert.ok(Math.abs(ratio - 1) < 1e-4, `${dialect} ${hashesPerShare} ${ratio}`);
      }
    }
  });

  test('a miner that passes over kept jobs stays on the job before', async () => {
    const pool = await startPool({ dialect: 'equihash' });
    const miner = startMiner(pool, { dialect: 'equihash', user: 'u', passesKeptJobs: true });
    await miner.waitFor((stats) => stats.jobs === 1);
    const first = miner.stats.jobId;
    pool.newJob();
    await miner.waitFor((stats) => stats.jobs === 2);
    assert.equal(miner.stats.jobId, first);
    const clean = pool.newJob({ clean: true });
    await miner.waitFor((stats) => stats.jobId === clean);
  });
});
