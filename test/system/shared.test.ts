import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { type Account, NO_ACCOUNT_DIFFICULTY } from '../../src/domain/account.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { CpuMiner, type CpuMinerOptions } from '../../src/practice/cpu-miner.ts';
import { HashThreads } from '../../src/practice/hash-threads.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import { PracticePool, type PracticePoolOptions } from '../../src/practice/practice-pool.ts';
import { connectLines, type LinePeer, type Message } from '../support/line-peer.ts';
import { type ProxyBed, startProxyBed, testAccount, testSettings } from '../support/proxy-bed.ts';
import { connectMiner } from '../support/scripted-miner.ts';

const NAME = '00112233445566aa';
const parts = { log: silentLog, clock: systemClock };

const pools: PracticePool[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop()));
});

async function startPool(options: Partial<PracticePoolOptions> = {}): Promise<PracticePool> {
  const pool = new PracticePool(parts, {
    difficulty: 2e-6,
    extranonce2Bytes: 4,
    jobIntervalMs: 0,
    ...options,
  });
  await pool.start();
  pools.push(pool);
  return pool;
}

interface Fleet extends AsyncDisposable {
  readonly miners: readonly CpuMiner[];
}

async function startMiners(
  bed: ProxyBed,
  count: number,
  options: Partial<CpuMinerOptions> = {},
): Promise<Fleet> {
  const threads = new HashThreads({ log: silentLog }, { threads: 1 });
  const miners = Array.from(
    { length: count },
    (_, i) =>
      new CpuMiner(
        { ...parts, threads },
        {
          host: '127.0.0.1',
          port: bed.port,
          user: `${NAME}.rig${i}`,
          hashesPerSecondLimit: 20_000,
          ...options,
        },
      ),
  );
  for (const miner of miners) miner.start();
  return {
    miners,
    async [Symbol.asyncDispose]() {
      await Promise.all(miners.map((miner) => miner.stop()));
      await threads.close();
    },
  };
}

function account(pools: readonly PracticePool[], change: Partial<Account> = {}): Account {
  const [first, ...rest] = pools.map(
    (pool) => testAccount(NAME, pool.endpoint, { user: 'wallet' }).entries[0],
  );
  if (first === undefined) throw new Error('no pool');
  return {
    ...testAccount(NAME, { host: '127.0.0.1', port: 1 }),
    mode: 'auto',
    entries: [first, ...rest],
    ...change,
  };
}

async function waitFor(condition: () => boolean, what: string, timeoutMs = 8000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

const everyOne = (fleet: Fleet, condition: (miner: CpuMiner) => boolean) => () =>
  fleet.miners.every(condition);

describe('a shared group', () => {
  test('carries many miners over one connection, all shares valid, none twice', async () => {
    const pool = await startPool();
    await using bed = await startProxyBed([account([pool])]);
    await using fleet = await startMiners(bed, 20);
    await waitFor(
      everyOne(fleet, (miner) => miner.stats.accepted >= 3),
      'three shares of every miner',
    );
    assert.equal(pool.stats.connectionsNow, 1);
    assert.equal(rejectedTotal(pool.stats), 0);
    for (const miner of fleet.miners) {
      assert.equal(miner.stats.connections, 1);
      assert.deepEqual(miner.stats.violations, []);
    }
  });

  test('opens another connection when the first has upstream.maxSessions', async () => {
    const pool = await startPool();
    await using bed = await startProxyBed([account([pool])], testSettings({ upstream: { maxSessions: 8 } }));
    await using fleet = await startMiners(bed, 20, { hashesPerSecondLimit: 20_000 });
    await waitFor(
      everyOne(fleet, (miner) => miner.stats.accepted >= 1),
      'a share of every miner',
    );
    assert.ok(
      pool.stats.connectionsNow >= 3 && pool.stats.connectionsNow <= 4,
      `${pool.stats.connectionsNow} connections`,
    );
    assert.equal(rejectedTotal(pool.stats), 0);
  });
});

describe('a miner of a shared group', () => {
  test('that comes back has its lane again, on the connection where it rests', async () => {
    const pool = await startPool({ blockIntervalMs: 0 });
    await using bed = await startProxyBed([account([pool])]);
    const stays = await connectMiner(bed.port, { user: `${NAME}.stays` });
    const goes = await connectMiner(bed.port, { user: `${NAME}.goes` });
    const jobs: Message[] = [];
    for (const miner of [stays, goes]) {
      await miner.subscribe();
      await miner.authorize();
      jobs.push(await miner.nextMethod('mining.notify'));
    }
    goes.end();
    await waitFor(() => bed.proxy.report().facts.sessions === 1, 'the one to be gone');
    const { sessionId, extranonce1 } = goes.geometry;
    const back = await connectMiner(bed.port, { user: `${NAME}.goes`, sessionId });
    assert.equal((await back.subscribe()).extranonce1, extranonce1);
    await back.authorize();
    const again = await back.nextMethod('mining.notify');
    const [before, after] = [jobs[1], again].map(
      (job) => (job?.['params'] as string[] | undefined)?.[7] ?? '',
    );
    assert.ok(
      Number.parseInt(after ?? '', 16) > Number.parseInt(before ?? '', 16),
      'it would search the same again',
    );
    assert.equal(pool.stats.connectionsNow, 1, 'nobody but it may search there, so there is room for it');
    for (const miner of [stays, back]) miner.end();
  });

  test('has a difficulty of its own, never above the pool’s', async () => {
    const pool = await startPool({ difficulty: 1e-4 });
    await using bed = await startProxyBed([account([pool])]);
    await using fleet = await startMiners(bed, 4, { hashesPerSecondLimit: 50_000 });
    await waitFor(
      everyOne(fleet, (miner) => miner.stats.accepted >= 4),
      'four shares of every miner',
      40_000,
    );
    for (const miner of fleet.miners) {
      assert.equal(miner.stats.rejected, 0);
      assert.ok(miner.stats.difficulties.length >= 1);
      assert.ok(miner.stats.difficulties.every((difficulty) => difficulty <= 1e-4));
      assert.deepEqual(miner.stats.violations, []);
    }
    // Below the pool's difficulty the verdict is ours, and only what meets it is forwarded.
    const row = bed.proxy.report().totals.find(({ pool: name }) => name !== '');
    assert.ok((row?.counts['accepted-local'] ?? 0) > 0);
    assert.equal(rejectedTotal(pool.stats), 0);
    assert.equal(row?.counts.accepted, pool.stats.accepted);
    assert.equal(row?.sharesAtPool, pool.stats.accepted);
  });

  test('gets the fixed difficulty of its password and the floor that it asks for', async () => {
    const pool = await startPool({ difficulty: 1 });
    await using bed = await startProxyBed([account([pool])]);
    await using fixed = await startMiners(bed, 1, { password: 'x,d=0.25', hashesPerSecondLimit: 1000 });
    await using floored = await startMiners(bed, 1, { password: 'md=0.5', hashesPerSecondLimit: 1000 });
    await waitFor(
      everyOne(fixed, (miner) => miner.stats.jobs > 0),
      'a job',
    );
    await waitFor(
      everyOne(floored, (miner) => miner.stats.jobs > 0),
      'a job',
    );
    assert.deepEqual(fixed.miners[0]?.stats.difficulties, [0.25]);
    assert.ok((floored.miners[0]?.stats.difficulties[0] ?? 0) >= 0.5);
  });

  test('is given an easier start where vardiff.sharesPerMinute asks for more shares', async () => {
    const pool = await startPool({ difficulty: 1e9 });
    const starts: number[] = [];
    for (const sharesPerMinute of [6, 600]) {
      await using bed = await startProxyBed(
        [account([pool])],
        testSettings({ vardiff: { sharesPerMinute } }),
      );
      const miner = await connectLines(bed.port);
      await miner.call({ id: 1, method: 'mining.subscribe', params: ['cgminer/4.12.1'] });
      await miner.call({ id: 2, method: 'mining.authorize', params: [NAME, 'x'] });
      starts.push(((await miner.nextMethod('mining.set_difficulty'))['params'] as number[])[0] ?? 0);
      miner.end();
    }
    const [few, many] = starts;
    assert.ok((many ?? 0) > 0 && (many ?? 0) < (few ?? 0), String(starts));
  });

  test('is given the start that its account asks for with a share rate of its own', async () => {
    const pool = await startPool({ difficulty: 1e9 });
    const starts: number[] = [];
    for (const sharesPerMinute of [null, 600]) {
      const own = { ...NO_ACCOUNT_DIFFICULTY, sharesPerMinute };
      await using bed = await startProxyBed([account([pool], { difficulty: own })]);
      const miner = await connectLines(bed.port);
      await miner.call({ id: 1, method: 'mining.subscribe', params: ['cgminer/4.12.1'] });
      await miner.call({ id: 2, method: 'mining.authorize', params: [NAME, 'x'] });
      starts.push(((await miner.nextMethod('mining.set_difficulty'))['params'] as number[])[0] ?? 0);
      miner.end();
    }
    const [usual, own] = starts;
    assert.ok((own ?? 0) > 0 && (own ?? 0) < (usual ?? 0), String(starts));
  });

  test('is refused here what the pool would refuse, with the standard codes', async () => {
    const pool = await startPool({ difficulty: 1, versionMask: null });
    await using bed = await startProxyBed([account([pool])]);
    const miner = await connectLines(bed.port);
    await miner.call({ id: 1, method: 'mining.subscribe', params: ['raw/1'] });
    await miner.call({ id: 2, method: 'mining.authorize', params: [`${NAME}.raw`, 'd=2.3e-10'] });
    const job = (await miner.nextMethod('mining.notify'))['params'] as string[];
    const submit = async (id: number, change: Record<number, string> = {}): Promise<unknown> => {
      const params = [`${NAME}.raw`, job[0], '000000', job[7], '00000000'];
      for (const [index, value] of Object.entries(change)) params[Number(index)] = value;
      return (await miner.call({ id, method: 'mining.submit', params }))['error'];
    };
    assert.equal(await submit(3), null, 'every hash meets 2.3e-10');
    assert.deepEqual(await submit(4), [22, 'Duplicate share', null]);
    assert.deepEqual(await submit(5, { 3: '00000001' }), [20, 'ntime out of range', null]);
    assert.deepEqual(await submit(6, { 1: 'ffffffff' }), [21, 'Job not found', null]);
    assert.deepEqual(await submit(7, { 2: '0000' }), [20, 'extranonce2 must have 3 bytes', null]);
    assert.equal(pool.stats.submitted, 0);
    const [row] = bed.proxy.report().sessions;
    assert.deepEqual(
      [
        row?.received,
        row?.counts['accepted-local'],
        row?.counts.duplicate,
        row?.counts.malformed,
        row?.counts['unknown-job'],
      ],
      [5, 1, 1, 2, 1],
    );
    miner.end();
  });

  test('is credited for a share of the job before, when its difficulty has changed and when the pool has sent another job', async () => {
    const pool = await startPool({ difficulty: 1, versionMask: null });
    await using bed = await startProxyBed([account([pool])]);
    const miner = await connectLines(bed.port);
    await miner.call({ id: 1, method: 'mining.subscribe', params: ['raw/1'] });
    await miner.call({ id: 2, method: 'mining.authorize', params: [`${NAME}.raw`, 'x'] });
    const jobs = [(await miner.nextMethod('mining.notify'))['params'] as string[]];
    // Each wish that changes the difficulty brings the job again; at the last one every hash is a share.
    for (const [id, wish] of [2 ** -29, 2 ** -30, 2 ** -32].entries()) {
      await miner.call({ id: 10 + id, method: 'mining.suggest_difficulty', params: [wish] });
      jobs.push((await miner.nextMethod('mining.notify'))['params'] as string[]);
    }
    pool.newJob();
    jobs.push((await miner.nextMethod('mining.notify'))['params'] as string[]);
    assert.equal(new Set(jobs.map(([id]) => id)).size, 5);
    for (const [index, job] of jobs.slice(2).entries()) {
      const params = [`${NAME}.raw`, job[0], '000000', job[7], '00000000'];
      const { error } = await miner.call({ id: 20 + index, method: 'mining.submit', params });
      assert.equal(error, null, `job ${index}: ${JSON.stringify(error)}`);
    }
    miner.end();
  });

  test('may go on rolling while the pool is asked anew: what cannot be handed in then is lost, not malformed', async () => {
    const pool = await startPool({ difficulty: 2.3e-10 });
    await using bed = await startProxyBed(
      [account([pool])],
      testSettings({ upstream: { silenceMs: 600_000 } }),
    );
    const miner = await connectLines(bed.port);
    const asked = [['version-rolling'], { 'version-rolling.mask': '1fffe000' }];
    await miner.call({ id: 1, method: 'mining.configure', params: asked });
    await miner.call({ id: 2, method: 'mining.subscribe', params: ['raw/1'] });
    await miner.call({ id: 3, method: 'mining.authorize', params: [`${NAME}.raw`, 'x'] });
    const job = (await miner.nextMethod('mining.notify'))['params'] as string[];
    const { subscribes } = pool.stats;
    pool.manners.configure = 'ignore';
    pool.dropConnections();
    await pool.waitFor(({ configures }) => configures >= 2);
    pool.hang();
    // The pool has not answered configure in time, and is asked to subscribe.
    await pool.waitFor(({ heldLines }) => heldLines >= 1);
    assert.equal(pool.stats.subscribes, subscribes);
    const share = [`${NAME}.raw`, job[0], '000000', job[7], '00000000', '00002000'];
    const { error } = await miner.call({ id: 10, method: 'mining.submit', params: share });
    assert.deepEqual(error, [20, 'Pool connection lost', null]);
    miner.end();
  });

  test('is held to the difficulty that its job was sent with, however often that has risen since', async () => {
    const pool = await startPool({ difficulty: 1, versionMask: null });
    await using bed = await startProxyBed([account([pool])]);
    const miner = await connectLines(bed.port);
    await miner.call({ id: 1, method: 'mining.subscribe', params: ['raw/1'] });
    await miner.call({ id: 2, method: 'mining.authorize', params: [`${NAME}.raw`, 'x'] });
    await miner.nextMethod('mining.notify');
    const jobs: string[][] = [];
    for (const [id, wish] of [2 ** -32, 2 ** -24, 2 ** -16].entries()) {
      await miner.call({ id: 10 + id, method: 'mining.suggest_difficulty', params: [wish] });
      jobs.push((await miner.nextMethod('mining.notify'))['params'] as string[]);
    }
    const [first] = jobs;
    assert.ok(first !== undefined);
    for (let nonce = 0; nonce < 8; nonce += 1) {
      const params = [`${NAME}.raw`, first[0], '000000', first[7], `0000000${nonce}`];
      const { error } = await miner.call({ id: 20 + nonce, method: 'mining.submit', params });
      assert.equal(error, null, JSON.stringify(error));
    }
    miner.end();
  });

  test('has its wish for itself: the pool does not hear of it, after a new extranonce either', async () => {
    const pool = await startPool();
    await using bed = await startProxyBed([account([pool])]);
    await using fleet = await startMiners(bed, 2, { sendSuggestDifficulty: 2 ** -24 });
    await waitFor(
      everyOne(fleet, (miner) => miner.stats.accepted >= 3 && miner.stats.difficulty === 2 ** -24),
      'shares at the wished difficulty',
    );
    pool.setExtranonce({ force: true });
    const jobs = fleet.miners.map((miner) => miner.stats.cleanJobs);
    await waitFor(
      () => fleet.miners.every((miner, i) => miner.stats.cleanJobs > (jobs[i] ?? 0)),
      'new lanes',
    );
    const before = pool.stats.accepted;
    await waitFor(() => pool.stats.accepted > before, 'a share at the pool');
    const [connection] = pool.connections;
    assert.equal(connection?.difficulty, 2e-6);
    assert.ok(!connection.methods.includes('mining.suggest_difficulty'), connection.methods.join());
  });

  test('keeps its difficulty over a time in dedicated mode, in which nothing is learnt of its rate', async () => {
    const pool = await startPool({ difficulty: 2 ** -20 });
    let aheadMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
    await using bed = await startProxyBed(
      [account([pool])],
      testSettings({ upstream: { silenceMs: 600_000 } }),
      { clock },
    );
    await using fleet = await startMiners(bed, 1);
    const [miner] = fleet.miners;
    assert.ok(miner !== undefined);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    const change = async (mode: 'auto' | 'dedicated', revision: number): Promise<void> => {
      const { cleanJobs } = miner.stats;
      bed.change(account([pool], { mode, revision }));
      await miner.waitFor((books) => books.cleanJobs > cleanJobs);
    };
    await change('dedicated', 2);
    aheadMs = 30_000;
    await change('auto', 3);
    const { accepted } = miner.stats;
    await miner.waitFor((books) => books.accepted > accepted);
    assert.deepEqual(
      miner.stats.difficulties.filter((difficulty) => difficulty < 2 ** -20),
      [],
    );
  });

  test('most of whose shares are invalid is kept from the pool until they are clean again', async () => {
    const pool = await startPool({ difficulty: 2.3e-10, versionMask: null });
    await using bed = await startProxyBed([account([pool])]);
    const miner = await connectLines(bed.port);
    await miner.call({ id: 1, method: 'mining.subscribe', params: ['raw/1'] });
    await miner.call({ id: 2, method: 'mining.authorize', params: [`${NAME}.raw`, 'x'] });
    const job = (await miner.nextMethod('mining.notify'))['params'] as string[];
    const submit = async (id: number, nonce: number): Promise<unknown> =>
      (
        await miner.call({
          id,
          method: 'mining.submit',
          params: [`${NAME}.raw`, job[0], '000000', job[7], nonce.toString(16).padStart(8, '0')],
        })
      )['error'];
    assert.equal(await submit(10, 0), null);
    for (let id = 11; id < 25; id += 1) assert.deepEqual(await submit(id, 0), [22, 'Duplicate share', null]);
    const before = pool.stats.submitted;
    assert.deepEqual(await submit(30, 1), [20, 'Held back: too many invalid shares from this miner', null]);
    assert.equal(pool.stats.submitted, before);
    for (let nonce = 2; nonce < 8; nonce += 1) await submit(30 + nonce, nonce);
    assert.equal(await submit(50, 100), null, 'eight valid ones in a row');
    assert.equal(pool.stats.submitted, before + 1);
    miner.end();
  });

  test('does not have its wish passed on to the pool, which would be every other miner’s difficulty too', async () => {
    const pool = await startPool({ difficulty: 1, suggestDifficulty: 'set' });
    await using bed = await startProxyBed([account([pool])]);
    const miner = await connectLines(bed.port);
    // Before it is known where it will mine, and after.
    await miner.call({ id: 1, method: 'mining.subscribe', params: ['NerdMinerV2'] });
    await miner.call({ id: 2, method: 'mining.suggest_difficulty', params: [0.001] });
    await miner.call({ id: 3, method: 'mining.authorize', params: [`${NAME}.nerd`, 'x'] });
    assert.deepEqual((await miner.nextMethod('mining.set_difficulty'))['params'], [2 ** -10]);
    await miner.call({ id: 4, method: 'mining.suggest_difficulty', params: [0.25] });
    assert.deepEqual((await miner.nextMethod('mining.set_difficulty'))['params'], [0.25]);
    assert.equal(pool.connections.length, 1);
    assert.ok(pool.connections.every((one) => !one.methods.includes('mining.suggest_difficulty')));
    miner.end();
  });

  test('is named at the pool by the account’s template, where the pool takes several names', async () => {
    const pool = await startPool();
    await using bed = await startProxyBed([account([pool], { workerTemplate: '{user}.{worker}' })]);
    await using fleet = await startMiners(bed, 3);
    await waitFor(
      () => [0, 1, 2].every((i) => (pool.stats.users.get(`wallet.rig${i}`)?.accepted ?? 0) > 0),
      'shares under every name',
    );
    assert.equal(pool.stats.connectionsNow, 1);
    assert.ok(everyOne(fleet, (miner) => miner.stats.rejected === 0)());
  });

  test('is named by the login for shares that are sent again on another connection, on which its name is not known yet', async () => {
    const pool = await startPool({ difficulty: 2e-7 });
    await using bed = await startProxyBed([account([pool], { workerTemplate: '{user}.{worker}' })]);
    await using fleet = await startMiners(bed, 3);
    await waitFor(
      () => [0, 1, 2].every((i) => (pool.stats.users.get(`wallet.rig${i}`)?.accepted ?? 0) > 0),
      'shares under every name',
    );
    pool.manners.submits = 'ignore';
    await waitFor(
      () => (bed.proxy.report().totals.find((row) => row.inFlight >= 3)?.inFlight ?? 0) >= 3,
      'shares in flight',
    );
    const before = pool.stats.submitted;
    pool.manners.submits = 'answer';
    pool.dropConnections();
    await waitFor(() => pool.stats.resumes === 1 && pool.stats.submitted >= before + 3, 'the resume');
    await waitFor(
      everyOne(fleet, ({ stats }) => stats.submitted > 0),
      'shares',
    );
    assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
  });

  test('is named by the login where the pool takes one name only', async () => {
    const pool = await startPool({ credentials: new Map([['wallet', 'x']]) });
    await using bed = await startProxyBed([account([pool], { workerTemplate: '{worker}' })]);
    await using fleet = await startMiners(bed, 3);
    await waitFor(
      everyOne(fleet, (miner) => miner.stats.accepted >= 3),
      'shares',
    );
    assert.equal(rejectedTotal(pool.stats), 0);
    assert.deepEqual(
      [...pool.stats.users.keys()].filter(
        (name) => name !== 'wallet' && (pool.stats.users.get(name)?.accepted ?? 0) > 0,
      ),
      [],
    );
  });

  test('is refused at login once all pools of its account have been down for failover.refuseAfterSeconds', async () => {
    const pool = await startPool();
    const settings = testSettings({
      failover: { refuseAfterSeconds: 1 },
      upstream: { authorizeWaitMs: 100 },
    });
    await using bed = await startProxyBed([account([pool])], settings);
    await pool.closePort();
    const held = await connectLines(bed.port);
    await held.call({ id: 1, method: 'mining.subscribe', params: ['raw/1'] });
    assert.equal(
      (await held.call({ id: 2, method: 'mining.authorize', params: [NAME, 'x'] }))['result'],
      true,
    );
    await waitFor(() => (bed.proxy.report().pools[0]?.failures ?? 0) > 0, 'a failed dial');
    await new Promise((resolve) => {
      setTimeout(resolve, 1100);
    });
    const late = await connectLines(bed.port);
    await late.call({ id: 1, method: 'mining.subscribe', params: ['raw/1'] });
    const answer = await late.call({ id: 2, method: 'mining.authorize', params: [NAME, 'x'] });
    assert.match(String((answer['error'] as unknown[])[1]), /No pool of this account is up/);
    assert.equal(held.isClosed, false);
    held.end();
    late.end();
  });
});

describe('failover', () => {
  for (const standby of ['cold', 'warm'] as const) {
    test(`failover.standby ${standby}: the backup is ${standby === 'warm' ? 'kept connected' : 'left alone'} while the primary works`, async () => {
      const primary = await startPool();
      const backup = await startPool();
      await using bed = await startProxyBed(
        [account([primary, backup])],
        testSettings({ failover: { standby } }),
      );
      await using fleet = await startMiners(bed, 1);
      await waitFor(
        everyOne(fleet, (miner) => miner.stats.accepted >= 2),
        'mining on the primary',
      );
      if (standby === 'warm')
        await waitFor(() => backup.stats.connectionsNow === 1, 'the backup to be connected');
      assert.equal(backup.stats.connectionsTotal, standby === 'warm' ? 1 : 0);
    });
  }

  test('is no choice of who comes up first: a warm standby that is quicker than the primary gets no miner', async () => {
    const primary = await startPool({ replyDelayMs: 300 });
    const backup = await startPool();
    await using bed = await startProxyBed(
      [account([primary, backup])],
      testSettings({ failover: { standby: 'warm' } }),
    );
    await using fleet = await startMiners(bed, 3);
    await waitFor(
      everyOne(fleet, (miner) => miner.stats.accepted >= 1),
      'mining',
    );
    assert.equal(backup.stats.connectionsNow, 1);
    assert.deepEqual([backup.stats.accepted, primary.stats.connectionsNow], [0, 1]);
  });

  test('moves every miner to the backup on its socket when the pool dies, and back after failover.returnAfterSeconds', async () => {
    const primary = await startPool();
    const backup = await startPool();
    const settings = testSettings({ failover: { returnAfterSeconds: 1 }, upstream: { retryMaxMs: 200 } });
    await using bed = await startProxyBed([account([primary, backup])], settings);
    await using fleet = await startMiners(bed, 10);
    await waitFor(
      everyOne(fleet, (miner) => miner.stats.accepted >= 1),
      'mining on the primary',
    );
    const { port } = primary.endpoint;
    const diedAt = performance.now();
    await primary.closePort();
    primary.dropConnections();
    const before = backup.stats.accepted;
    await waitFor(() => backup.stats.connectionsNow === 1, 'the backup to be dialled');
    await waitFor(
      () =>
        bed.proxy
          .report()
          .sessions.filter(
            (row) => row.up && row.pool.endsWith(`:${backup.endpoint.port}`) && row.difficulty > 0,
          ).length === 10,
      'jobs of the backup',
      2000,
    );
    assert.ok(performance.now() - diedAt < 1500, `moved after ${Math.round(performance.now() - diedAt)} ms`);
    await waitFor(() => backup.stats.accepted >= before + 10, 'shares at the backup');
    await primary.openPort();
    assert.equal(primary.endpoint.port, port);
    await waitFor(
      () =>
        bed.proxy.report().sessions.filter((row) => row.up && row.pool.endsWith(`:${port}`)).length === 10,
      'the return',
      6000,
    );
    const returned = primary.stats.accepted;
    await waitFor(() => primary.stats.accepted >= returned + 10, 'shares at the primary again');
    assert.equal(rejectedTotal(backup.stats), 0);
    for (const miner of fleet.miners) assert.equal(miner.stats.connections, 1);
    for (const row of bed.proxy.report().totals) {
      const sum = Object.values(row.counts).reduce((a, b) => a + b, 0);
      assert.equal(row.received, sum + row.inFlight);
    }
  });
});

for (const mode of ['auto', 'dedicated'] as const) {
  test(`answers at the backup do not wait long behind shares that the lost pool has not answered (${mode})`, async () => {
    const first = await startPool({ difficulty: 2.3e-10 });
    const second = await startPool({ difficulty: 2.3e-10 });
    const settings = testSettings({ upstream: { submitTimeoutMs: 30_000 } });
    await using bed = await startProxyBed([account([first, second], { mode })], settings);
    const miner = await connectLines(bed.port);
    await miner.call({ id: 1, method: 'mining.subscribe', params: ['raw/1'] });
    await miner.call({ id: 2, method: 'mining.authorize', params: [`${NAME}.raw`, 'x'] });
    const submit = (id: number, [jobId, , , , , , , ntime]: string[]): void => {
      miner.send({
        id,
        method: 'mining.submit',
        params: [`${NAME}.raw`, jobId, '0000aa', ntime, '00000001'],
      });
    };
    const old = (await miner.nextMethod('mining.notify'))['params'] as string[];
    first.manners.submits = 'ignore';
    submit(10, old);
    await waitFor(
      () => bed.proxy.report().totals.some(({ inFlight }) => inFlight === 1),
      'it to be on its way',
    );
    await first.stop();
    const now = (await miner.nextMethod('mining.notify'))['params'] as string[];
    const beganMs = performance.now();
    submit(11, now);
    const lost = await miner.nextWhere(({ method }) => method === undefined);
    assert.deepEqual([lost['id'], lost['error']], [10, [20, 'Pool connection lost', null]]);
    const found = await miner.nextWhere(({ method }) => method === undefined);
    assert.deepEqual([found['id'], found['result']], [11, true]);
    assert.ok(performance.now() - beganMs < 4500, 'and not after thirty seconds');
    const counts = bed.proxy
      .report()
      .totals.map((row) => [row.counts.lost, row.counts.accepted, row.inFlight]);
    assert.deepEqual(
      counts.slice(1).toSorted(([a = 0], [b = 0]) => a - b),
      [
        [0, 1, 0],
        [1, 0, 0],
      ],
    );
    miner.end();
  });
}

describe('a live switch', () => {
  for (const mode of ['auto', 'dedicated'] as const) {
    test(`gives every miner a job of the new pool on its socket (${mode})`, async () => {
      const first = await startPool();
      const second = await startPool({ extranonce2Bytes: 8 });
      await using bed = await startProxyBed([account([first], { mode })]);
      await using fleet = await startMiners(bed, 10);
      await waitFor(
        everyOne(fleet, (miner) => miner.stats.accepted >= 1),
        'mining on the first',
      );
      const at = performance.now();
      bed.change(account([second], { mode, revision: 2 }));
      await waitFor(
        () =>
          bed.proxy
            .report()
            .sessions.filter(
              (row) => row.up && row.pool.endsWith(`:${second.endpoint.port}`) && row.difficulty > 0,
            ).length === 10,
        'the move',
        2000,
      );
      assert.ok(performance.now() - at < 1000);
      await waitFor(() => second.stats.accepted >= 20, 'shares at the second');
      await waitFor(() => first.stats.connectionsNow === 0, 'the first to be left');
      for (const miner of fleet.miners) {
        assert.equal(miner.stats.connections, 1);
        assert.deepEqual(miner.stats.violations, []);
      }
      assert.equal(rejectedTotal(second.stats), 0);
    });
  }

  for (const mode of ['auto', 'dedicated'] as const) {
    test(`loses no share that was found before it (${mode})`, async () => {
      const first = await startPool({ difficulty: 2.3e-10 });
      const second = await startPool({ difficulty: 2.3e-10 });
      await using bed = await startProxyBed([account([first], { mode })]);
      const miner = await connectLines(bed.port);
      await miner.call({ id: 1, method: 'mining.subscribe', params: ['raw/1'] });
      await miner.call({ id: 2, method: 'mining.authorize', params: [`${NAME}.raw`, 'x'] });
      const old = (await miner.nextMethod('mining.notify'))['params'] as string[];
      bed.change(account([second], { mode, revision: 2 }));
      const now = (await miner.nextMethod('mining.notify'))['params'] as string[];
      assert.notEqual(old[1], now[1], 'another block');
      for (const [id, [jobId, , , , , , , ntime]] of [old, now].entries()) {
        const params = [`${NAME}.raw`, jobId, '0000aa', ntime, '00000001'];
        const reply = await miner.call({ id: 10 + id, method: 'mining.submit', params });
        assert.equal(reply['result'], true, JSON.stringify(reply));
      }
      assert.deepEqual([first.stats.accepted, second.stats.accepted], [1, 1], 'each at its own pool');
      const accepted = bed.proxy
        .report()
        .totals.filter(({ pool }) => pool !== '')
        .map(({ counts }) => counts.accepted);
      assert.deepEqual(accepted, [1, 1], 'and in its own books');
      // It ends with the old connection.
      await waitFor(() => first.stats.connectionsNow === 0, 'the old connection to be left');
      const params = [`${NAME}.raw`, old[0], '0000ab', old[7], '00000002'];
      const late = await miner.call({ id: 20, method: 'mining.submit', params });
      assert.deepEqual(late['error'], [21, 'Stale share', null]);
      miner.end();
    });
  }

  test('sessions that are measured are counted through switches and ends', async () => {
    const first = await startPool();
    const second = await startPool();
    await using bed = await startProxyBed([account([first])]);
    const { proxy } = bed;
    await using fleet = await startMiners(bed, 6);
    await waitFor(() => proxy.measuringSessions === 6, 'six newcomers');
    proxy.onAccountChanged(account([second], { revision: 2 }));
    await waitFor(() => first.stats.connectionsNow === 0, 'the first to be left');
    await waitFor(() => proxy.measuringSessions === 6, 'six at the second');
    await Promise.all(fleet.miners.slice(0, 3).map((miner) => miner.stop()));
    await waitFor(() => proxy.measuringSessions === 3, 'three to have ended');
    proxy.onAccountChanged(account([second], { mode: 'dedicated', revision: 3 }));
    await waitFor(() => proxy.measuringSessions === 0, 'none where the pool judges');
  });

  test('to and fro within a block gives a miner of its own upstream another one each time its lane rests', async () => {
    const first = await startPool({ blockIntervalMs: 0 });
    const second = await startPool({ blockIntervalMs: 0 });
    await using bed = await startProxyBed(
      [account([first], { mode: 'dedicated' })],
      testSettings({ upstream: { lingerMs: 60_000 } }),
    );
    await using fleet = await startMiners(bed, 1);
    const [miner] = fleet.miners;
    assert.ok(miner !== undefined);
    await miner.waitFor(({ accepted }) => accepted > 0);
    for (let revision = 2; revision < 8; revision += 1) {
      const pool = revision % 2 === 0 ? second : first;
      const { accepted } = pool.stats;
      bed.change(account([pool], { mode: 'dedicated', revision }));
      await pool.waitFor((books) => books.accepted > accepted);
    }
    assert.equal(miner.stats.connections, 1);
    assert.deepEqual(miner.stats.violations, []);
  });

  test('removing the account closes its miners', async () => {
    const pool = await startPool();
    await using bed = await startProxyBed([account([pool])]);
    await using fleet = await startMiners(bed, 3, { reconnect: false });
    await waitFor(
      everyOne(fleet, (miner) => miner.stats.accepted >= 1),
      'mining',
    );
    bed.accounts.delete(NAME);
    bed.proxy.onAccountRemoved(NAME);
    await waitFor(() => bed.proxy.report().facts.sessions === 0, 'the miners to be closed');
  });
});

/** Logs in as a market does, and reads the first difficulty. */
async function rent(
  bed: ProxyBed,
  agent = 'NiceHash/1.0.0',
): Promise<{
  readonly market: LinePeer;
  readonly extranonce2Bytes: unknown;
  readonly difficulty: number | undefined;
}> {
  const market = await connectLines(bed.port);
  const reply = await market.call({ id: 1, method: 'mining.subscribe', params: [agent] });
  await market.call({ id: 2, method: 'mining.authorize', params: [`${NAME}.rented`, 'x'] });
  const difficulty = ((await market.nextMethod('mining.set_difficulty'))['params'] as number[])[0];
  await market.nextMethod('mining.notify');
  return { market, extranonce2Bytes: (reply['result'] as unknown[])[2], difficulty };
}
const suggested = (pool: PracticePool): boolean[] =>
  pool.connections.map((one) => one.methods.includes('mining.suggest_difficulty'));

const refusing = { credentials: new Map([['wallet', 'another password']]) };

describe('a miner that comes while its first pool refuses the login', () => {
  test('waits for the backup that is on its way, and mines there', async () => {
    const first = await startPool(refusing);
    const backup = await startPool();
    await using bed = await startProxyBed([account([first, backup])]);
    for (const worker of ['one', 'two']) {
      const miner = await connectMiner(bed.port, { user: `${NAME}.${worker}` });
      await miner.subscribe();
      assert.equal((await miner.authorize())['result'], true, worker);
      await miner.nextMethod('mining.notify');
      miner.end();
    }
    assert.equal(first.stats.authorizeFailures, 1);
  });

  test('hears the refusal when the backup refuses too', async () => {
    const first = await startPool(refusing);
    const backup = await startPool(refusing);
    await using bed = await startProxyBed(
      [account([first, backup])],
      testSettings({ upstream: { authorizeWaitMs: 60_000 } }),
    );
    const miner = await connectMiner(bed.port, { user: `${NAME}.one` });
    await miner.subscribe();
    assert.match(String((await miner.authorize())['error']), /pool refused the account's login/i);
    miner.end();
  });
});

// rental.mode and rental.minDifficulty
describe('rented hashrate', () => {
  test('has a pool connection of its own beside the shared one, four bytes of extranonce2, and the least difficulty asked for', async () => {
    const pool = await startPool({ difficulty: 1000, extranonce2Bytes: 8, suggestDifficulty: 'set' });
    await using bed = await startProxyBed(
      [account([pool])],
      testSettings({ rental: { minDifficulty: 4000 } }),
    );
    await using fleet = await startMiners(bed, 3, { hashesPerSecondLimit: 100 });
    await waitFor(
      everyOne(fleet, (miner) => miner.stats.jobs > 0),
      'a job',
    );
    const one = await rent(bed);
    const other = await rent(bed, 'MRR/1.0');
    assert.equal(pool.stats.connectionsNow, 3, 'one for three miners, one for each market');
    assert.deepEqual([one.extranonce2Bytes, other.extranonce2Bytes], [4, 4]);
    await waitFor(() => suggested(pool).filter((it) => it).length === 2, 'both are asked for');
    pool.newJob();
    assert.deepEqual((await one.market.nextMethod('mining.set_difficulty'))['params'], [4000]);
    for (const miner of fleet.miners) assert.deepEqual(miner.stats.violations, []);
    one.market.end();
    other.market.end();
  });

  test('follows a change of its account’s pool on the same socket', async () => {
    const before = await startPool({ difficulty: 1000, extranonce2Bytes: 8 });
    const next = await startPool({ difficulty: 2000, extranonce2Bytes: 8 });
    await using bed = await startProxyBed([account([before])]);
    const { market } = await rent(bed);
    bed.change(account([next], { revision: 2 }));
    assert.deepEqual((await market.nextMethod('mining.set_difficulty'))['params'], [2000]);
    await market.nextMethod('mining.notify');
    assert.equal(market.isClosed, false);
    market.end();
  });

  test('shares the account’s connection where it is so configured, with its least difficulty as the floor', async () => {
    const pool = await startPool({ difficulty: 1e6, extranonce2Bytes: 8 });
    await using bed = await startProxyBed(
      [account([pool])],
      testSettings({ rental: { mode: 'account', minDifficulty: 600_000 } }),
    );
    const one = await rent(bed);
    const other = await rent(bed);
    assert.equal(pool.stats.connectionsNow, 1);
    assert.equal(one.difficulty, 600_000, 'between it and the pool’s there is no power of two');
    assert.deepEqual(suggested(pool), [false]);
    one.market.end();
    other.market.end();
  });

  test('is shared by an account that says so itself', async () => {
    const pool = await startPool({ difficulty: 1e6, extranonce2Bytes: 8 });
    await using bed = await startProxyBed([account([pool], { mode: 'shared' })]);
    const markets = [await rent(bed), await rent(bed)];
    assert.equal(pool.stats.connectionsNow, 1);
    for (const { market } of markets) market.end();
  });

  test('is closed with its account', async () => {
    const pool = await startPool({ difficulty: 1000, extranonce2Bytes: 8 });
    await using bed = await startProxyBed([account([pool])]);
    const { market } = await rent(bed);
    assert.deepEqual(bed.proxy.accountsInUse(), [NAME]);
    bed.proxy.onAccountRemoved(NAME);
    await market.closed();
  });
});
