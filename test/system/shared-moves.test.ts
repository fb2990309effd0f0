import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { Account } from '../../src/domain/account.ts';
import { ANY_LISTENER } from '../../src/domain/listener.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { PracticePool, type PracticePoolOptions } from '../../src/practice/practice-pool.ts';
import { ShareVerifier } from '../../src/proxy/share-verifier.ts';
import { eventually } from '../support/eventually.ts';
import type { Message } from '../support/line-peer.ts';
import { type ProxyBed, startProxyBed, testAccount, testSettings } from '../support/proxy-bed.ts';
import { connectMiner, type ScriptedMiner } from '../support/scripted-miner.ts';

/** What becomes of one miner and its shares when it, its pool or its account moves: in shared groups, where shares are hashed here. */

const NAME = '00112233445566aa';
const JOB = 'mining.notify';
/** Every hash meets it. */
const EASIEST = 2.3e-10;
/** No hash of a test does. */
const HARD = 1e9;

const pools: PracticePool[] = [];
const miners: ScriptedMiner[] = [];

afterEach(async () => {
  for (const miner of miners.splice(0)) miner.end();
  await Promise.all(pools.splice(0).map((pool) => pool.stop()));
});

async function startPool(options: Partial<PracticePoolOptions> = {}): Promise<PracticePool> {
  const pool = new PracticePool(
    { log: silentLog, clock: systemClock },
    {
      difficulty: EASIEST,
      extranonce2Bytes: 4,
      jobIntervalMs: 0,
      blockIntervalMs: 0,
      versionMask: null,
      ...options,
    },
  );
  await pool.start();
  pools.push(pool);
  return pool;
}

function account(of: readonly PracticePool[], change: Partial<Account> = {}): Account {
  const [first, ...rest] = of.map((pool) => testAccount(NAME, pool.endpoint, { user: 'wallet' }).entries[0]);
  assert.ok(first !== undefined);
  return {
    ...testAccount(NAME, { host: '127.0.0.1', port: 1 }),
    mode: 'auto',
    entries: [first, ...rest],
    ...change,
  };
}

async function mine(
  bed: ProxyBed,
  options: { sessionId?: string; password?: string; isAware?: boolean; worker?: string } = {},
): Promise<{ miner: ScriptedMiner; job: Message }> {
  const user = `${NAME}.${options.worker ?? 'one'}`;
  const miner = await connectMiner(bed.port, {
    user,
    agent: 'cpuminer/2.5.1',
    ...(options.sessionId === undefined ? {} : { sessionId: options.sessionId }),
  });
  miners.push(miner);
  await miner.subscribe();
  if (options.isAware === true)
    await miner.call({ id: 7, method: 'mining.extranonce.subscribe', params: [] });
  const params = [user, options.password ?? 'x'];
  assert.equal((await miner.call({ id: 2, method: 'mining.authorize', params }))['result'], true);
  return { miner, job: await miner.nextMethod(JOB) };
}

/** The share's answer: true, or the words of its refusal. */
async function share(
  miner: ScriptedMiner,
  job: Message,
  nonce: number,
  extranonce2 = 'ab'.repeat(miner.geometry.size),
): Promise<unknown> {
  const id = miner.submit(job, { nonce: nonce.toString(16).padStart(8, '0'), extranonce2 });
  const reply = await miner.nextWhere((message) => message['id'] === id);
  return reply['result'] === true ? true : (reply['error'] as readonly unknown[])[1];
}

const poolOf = (bed: ProxyBed): string | undefined => bed.proxy.report().sessions.find(({ up }) => up)?.pool;
const nameOf = (pool: PracticePool): string => `127.0.0.1:${pool.endpoint.port}`;

async function minesAt(bed: ProxyBed, pool: PracticePool, withinMs = 2000): Promise<void> {
  await eventually(
    () => poolOf(bed) === nameOf(pool),
    () => `on ${poolOf(bed)}, not on ${nameOf(pool)}`,
    withinMs,
  );
}

describe('shares of before', () => {
  test('a move to a pool with less room: those under way are taken as they were found, others refused, and nothing breaks', async () => {
    const wide = await startPool();
    const narrow = await startPool({ extranonce2Bytes: 3 });
    await using bed = await startProxyBed(
      [account([wide])],
      testSettings({ upstream: { lingerMs: 60_000 } }),
    );
    const { miner, job } = await mine(bed, { isAware: true });
    assert.equal(miner.geometry.size, 3);
    bed.change(account([narrow], { revision: 2 }));
    await miner.nextMethod('mining.set_extranonce');
    await miner.nextMethod(JOB);
    assert.equal(await share(miner, job, 1, '000001'), true);
    assert.match(String(await share(miner, job, 2, '0002')), /extranonce2 must have 3 bytes/);
    assert.equal(wide.stats.accepted, 1);
  });

  test('a reconnect meet the difficulty that they were sent at', async () => {
    const pool = await startPool({ difficulty: HARD, extranonce2Bytes: 8 });
    await using bed = await startProxyBed(
      [account([pool])],
      testSettings({ upstream: { lingerMs: 60_000 } }),
    );
    const before = await mine(bed, { password: 'd=1000' });
    pool.newJob({ clean: false, sameBlock: true });
    await before.miner.nextMethod(JOB);
    before.miner.end();
    await eventually(
      () => bed.proxy.report().facts.sessions === 0,
      () => 'still there',
    );
    const { sessionId } = before.miner.geometry;
    const { miner, job } = await mine(bed, { sessionId, password: 'd=1000' });
    assert.equal(miner.geometry.extranonce1, before.miner.geometry.extranonce1);
    assert.match(String(await share(miner, before.job, 1)), /low difficulty/i);
    assert.match(String(await share(miner, job, 1)), /low difficulty/i);
    const row = bed.proxy.report().sessions.find(({ up }) => up);
    assert.deepEqual([row?.counts['accepted-local'], row?.difficultyAccepted], [0, 0]);
  });

  test('a reconnect are credited in full', async () => {
    const pool = await startPool({ extranonce2Bytes: 8 });
    await using bed = await startProxyBed(
      [account([pool])],
      testSettings({ upstream: { lingerMs: 60_000 } }),
    );
    const before = await mine(bed);
    pool.newJob({ clean: false, sameBlock: true });
    await before.miner.nextMethod(JOB);
    before.miner.end();
    await eventually(
      () => bed.proxy.report().facts.sessions === 0,
      () => 'still there',
    );
    const { miner } = await mine(bed, { sessionId: before.miner.geometry.sessionId });
    assert.equal(await share(miner, before.job, 1), true);
    const total = bed.proxy.report().totals.find(({ account: name }) => name === NAME);
    assert.ok(total !== undefined && total.work > 0 && total.workAtPool > 0);
    assert.equal(total.workFound, total.work);
  });

  test('a switch are taken for the repeated job too', async () => {
    const first = await startPool({ difficulty: HARD, extranonce2Bytes: 8 });
    const second = await startPool({ extranonce2Bytes: 8 });
    await using bed = await startProxyBed(
      [account([first])],
      testSettings({ upstream: { lingerMs: 60_000 } }),
    );
    const { miner } = await mine(bed);
    await miner.call({ id: 9, method: 'mining.suggest_difficulty', params: [EASIEST] });
    const repeated = await miner.nextMethod(JOB);
    bed.change(account([second], { revision: 2 }));
    await miner.nextMethod(JOB);
    assert.equal(await share(miner, repeated, 1), true);
    const row = bed.proxy.report().sessions.find(({ pool }) => pool === nameOf(first));
    assert.equal(row?.counts['accepted-local'], 1);
  });
});

test('what was found and left unanswered by the pool counts as found', async () => {
  const pool = await startPool();
  await using bed = await startProxyBed(
    [account([pool])],
    testSettings({ upstream: { submitTimeoutMs: 300 } }),
  );
  const { miner, job } = await mine(bed);
  pool.hang();
  assert.equal(await share(miner, job, 1), 'Pool timeout');
  const total = bed.proxy.report().totals.find(({ account: name }) => name === NAME);
  assert.ok(total !== undefined && total.workFound > 0);
  assert.equal(total.workAtPool, 0);
});

describe('a change of the account', () => {
  test('to a new pool with the old one as its backup is a switch like any other', async () => {
    const old = await startPool();
    const next = await startPool();
    await using bed = await startProxyBed([account([old])]);
    await mine(bed);
    bed.change(account([next, old], { revision: 2 }));
    await minesAt(bed, next, 1000);
  });

  test('to a new pool that is down leaves the miners on the old one where that is the backup', async () => {
    const old = await startPool();
    const next = await startPool();
    await next.stop();
    await using bed = await startProxyBed([account([old])], testSettings(), { clock: ahead });
    const { miner } = await mine(bed);
    bed.change(account([next, old], { revision: 2 }));
    ahead.byMs += 31_000;
    await new Promise((resolve) => {
      setTimeout(resolve, 600);
    });
    old.newJob();
    await miner.nextMethod(JOB);
    assert.equal(poolOf(bed), nameOf(old));
  });

  test('to a pool that refuses takes them off the old one after half a minute, and lets them go to their own backup', async () => {
    const old = await startPool();
    const next = await startPool({ credentials: new Map([['wallet', 'another']]) });
    await using bed = await startProxyBed(
      [account([old])],
      testSettings({ upstream: { holdSeconds: 20, silenceMs: 600_000, lingerMs: 60_000 } }),
      { clock: ahead },
    );
    const { miner } = await mine(bed);
    bed.change(account([next], { revision: 2 }));
    ahead.byMs += 31_000;
    await eventually(
      () => poolOf(bed) === nameOf(next),
      () => 'still credited at the old pool',
    );
    assert.equal(miner.isClosed, false);
    ahead.byMs += 21_000;
    await miner.closed();
  });
});

describe('a pool that takes so many connections of an account and no more', () => {
  test('is left alone with the rest: newcomers go where there is room, those that mine go on', async () => {
    const pool = await startPool();
    await using bed = await startProxyBed(
      [account([pool])],
      testSettings({ upstream: { maxSessions: 8, lingerMs: 60_000 } }),
    );
    for (let i = 0; i < 6; i += 1) await mine(bed, { worker: `rig${i}` });
    pool.refuseLogins(true);
    // The seventh has another connection opened ahead, which is refused; the eighth still has room on the first.
    for (let i = 6; i < 8; i += 1) await mine(bed, { worker: `rig${i}` });
    await eventually(
      () => pool.stats.authorizeFailures === 1 && pool.stats.connectionsNow === 1,
      () => `${pool.stats.authorizeFailures} refused logins, ${pool.stats.connectionsNow} connections`,
    );
    // The connection that is there may come back, whatever was said of a further one.
    pool.refuseLogins(false);
    pool.dropConnections();
    await eventually(
      () => pool.stats.connectionsNow === 1 && bed.proxy.report().pools[0]?.up === true,
      () => 'not back',
      3000,
    );
  });

  test('and loses one of two: its miners go where there is room, the rest to the backup', async () => {
    const pool = await startPool();
    const backup = await startPool();
    await using bed = await startProxyBed(
      [account([pool, backup])],
      testSettings({ upstream: { maxSessions: 4, lingerMs: 60_000, holdSeconds: 4 } }),
    );
    for (let i = 0; i < 6; i += 1) await mine(bed, { worker: `rig${i}` });
    await eventually(
      () => pool.stats.connectionsNow === 2,
      () => `${pool.stats.connectionsNow} connections`,
    );
    pool.refuseLogins(true);
    const [full] = pool.connections;
    pool.dropConnections({ to: (one) => one === full });
    const at = (of: PracticePool): number =>
      bed.proxy.report().sessions.filter(({ up, pool: name }) => up && name === nameOf(of)).length;
    await eventually(
      () => at(pool) === 4 && at(backup) === 2,
      () => `${at(pool)} at the pool, ${at(backup)} at the backup`,
      8000,
    );
    assert.ok(miners.every(({ isClosed }) => !isClosed));
    await eventually(
      () => backup.stats.connectionsNow >= 1,
      () => 'no connection to the backup',
    );
  });
});

test('a miner that was let go because its pool is down is refused when it comes again, and taken once the pool is up', async () => {
  const pool = await startPool();
  await pool.closePort();
  await using bed = await startProxyBed(
    [account([pool])],
    testSettings({
      upstream: { holdSeconds: 1, authorizeWaitMs: 100 },
      failover: { refuseAfterSeconds: 1 },
    }),
  );
  const log = async (): Promise<Message> => {
    const miner = await connectMiner(bed.port, { user: `${NAME}.one` });
    miners.push(miner);
    await miner.subscribe();
    return miner.authorize();
  };
  assert.equal((await log())['result'], true, 'nothing is known yet');
  await miners[0]?.closed();
  assert.match(String((await log())['error']), /No pool of this account is up/);
  assert.match(String((await log())['error']), /No pool of this account is up/);
  await pool.openPort();
  const deadlineMs = performance.now() + 5000;
  while ((await log())['result'] !== true) assert.ok(performance.now() < deadlineMs, 'still refused');
  assert.equal(pool.stats.connectionsNow, 1);
});

describe('a broken device with a pool connection of its own', () => {
  test('is judged here once the pool has refused most of its shares, and let back when they are good', async () => {
    const pool = await startPool({ difficulty: HARD });
    await using bed = await startProxyBed([account([pool], { mode: 'dedicated' })]);
    const { miner, job } = await mine(bed);
    for (let nonce = 0; nonce < 20; nonce += 1)
      assert.match(String(await share(miner, job, nonce)), /low difficulty|above target/i);
    assert.equal(pool.stats.submitted, 8, 'from the ninth on none reaches the pool');
    const { facts } = bed.proxy.report();
    assert.deepEqual([facts.quarantinedSessions, facts.quarantines], [1, 1]);
    pool.setDifficulty(EASIEST);
    pool.newJob();
    const good = await miner.nextMethod(JOB);
    for (let nonce = 0; nonce < 7; nonce += 1)
      assert.match(String(await share(miner, good, nonce)), /held back/i);
    assert.equal(await share(miner, good, 7), true);
    assert.equal(await share(miner, good, 8), true);
    assert.equal(pool.stats.accepted, 2);
    assert.equal(bed.proxy.report().facts.quarantinedSessions, 0);
  });

  test('is let through once in a while where its shares cannot be judged here', async () => {
    const pool = await startPool({ difficulty: HARD });
    await using bed = await startProxyBed(
      [account([pool], { mode: 'dedicated' })],
      testSettings({ upstream: { silenceMs: 600_000 } }),
      { clock: ahead, verifier: new ShareVerifier([]) },
    );
    const { miner, job } = await mine(bed);
    for (let nonce = 0; nonce < 20; nonce += 1) await share(miner, job, nonce);
    assert.equal(pool.stats.submitted, 9, 'eight, and one to see');
    ahead.byMs += 30_000;
    for (let nonce = 20; nonce < 30; nonce += 1) await share(miner, job, nonce);
    assert.equal(pool.stats.submitted, 10);
  });
});

async function quietFor(
  bed: ProxyBed,
  pool: PracticePool,
  seconds: number,
  connections: number,
): Promise<void> {
  ahead.byMs += seconds * 1000;
  await new Promise((resolve) => {
    setTimeout(resolve, 400);
  });
  await eventually(
    () => pool.stats.connectionsTotal === connections && bed.proxy.report().pools[0]?.up === true,
    () => `${pool.stats.connectionsTotal} connections, not ${connections}`,
  );
}

describe('a pool that has no job for five minutes', () => {
  const settings = testSettings({ upstream: { silenceMs: 600_000_000, refreshMs: 0 } });

  test('is dialled anew, and given more time where it is on the same block still', async () => {
    const pool = await startPool();
    await using bed = await startProxyBed([account([pool])], settings, { clock: ahead });
    await mine(bed);
    await quietFor(bed, pool, 299, 1);
    await quietFor(bed, pool, 2, 2);
    await quietFor(bed, pool, 800, 2);
    await quietFor(bed, pool, 150, 3);
  });

  test('is given no more where it had one to tell', async () => {
    const pool = await startPool();
    await using bed = await startProxyBed([account([pool])], settings, { clock: ahead });
    await mine(bed);
    pool.hang();
    pool.newJob({ clean: true, sameBlock: false });
    ahead.byMs += 301_000;
    await eventually(
      () => pool.stats.connectionsTotal === 2,
      () => 'not dialled anew',
    );
    pool.unhang();
    await quietFor(bed, pool, 0, pool.stats.connectionsTotal);
    const { connectionsTotal } = pool.stats;
    await quietFor(bed, pool, 301, connectionsTotal + 1);
  });
});

/** The first difficulty that a miner of this account is told at this port. */
async function difficultyOf(name: string, port: number): Promise<unknown> {
  const miner = await connectMiner(port, { user: `${name}.one` });
  miners.push(miner);
  await miner.subscribe();
  await miner.authorize();
  return (await miner.nextMethod('mining.set_difficulty'))['params'];
}

test('a port’s rules of difficulty hold for its miners where their account has none', async () => {
  const pool = await startPool({ difficulty: HARD, extranonce2Bytes: 8 });
  const own = { min: 64, max: 64, sharesPerMinute: null };
  const other = { ...account([pool], { difficulty: own }), name: '00112233445566bb' };
  await using bed = await startProxyBed([account([pool]), other]);
  const { port } = await bed.proxy.listen(
    { host: '127.0.0.1', port: 0 },
    { ...ANY_LISTENER, difficulty: { min: 4096, max: 4096, sharesPerMinute: null } },
  );
  assert.deepEqual(await difficultyOf(NAME, port), [4096]);
  assert.deepEqual(await difficultyOf(other.name, port), [64]);
  assert.notDeepEqual(await difficultyOf(NAME, bed.port), [4096]);
});

const ahead = {
  ...systemClock,
  byMs: 0,
  monotonicMs(): number {
    return systemClock.monotonicMs() + this.byMs;
  },
};
