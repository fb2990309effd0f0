import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { CryptonoteMiner } from '../../src/practice/cryptonote/miner.ts';
import { CryptonotePool } from '../../src/practice/cryptonote/pool.ts';
import { EthashMiner } from '../../src/practice/ethash-miner.ts';
import { EthashPool } from '../../src/practice/ethash-pool.ts';
import { PRACTICE_FLAVOURS, type PracticeFlavour } from '../../src/practice/ethash-proof.ts';
import type { PrefixDialect } from '../../src/practice/prefix/coins.ts';
import { PrefixMiner } from '../../src/practice/prefix/miner.ts';
import { PrefixPool } from '../../src/practice/prefix/pool.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { HandClock } from '../support/hand-clock.ts';
import { startedMiner, startedPool } from '../support/practice.ts';
import { type ProxyBed, startProxyBed, testSettings } from '../support/proxy-bed.ts';

const NAME = '00112233445566aa';
/** Three sweeps and the way to the miner. */
const SWEPT_MS = 900;

interface Bed extends AsyncDisposable {
  readonly bed: ProxyBed;
  readonly clock: HandClock;
}

/** A proxy whose clock is turned by hand, and which takes no pool for dead. */
async function openBed(
  pool: EthashPool | CryptonotePool | PrefixPool,
  given: Parameters<typeof dialectAccount>[2],
  refreshMs = 45_000,
): Promise<Bed> {
  const clock = new HandClock();
  const settings = testSettings({ upstream: { silenceMs: 100_000_000, refreshMs } });
  const account = dialectAccount(NAME, [pool], given);
  const [entry] = account.entries;
  const patient = {
    ...entry,
    pool: { ...entry.pool, options: { ...entry.pool.options, jobTimeoutSeconds: 100_000 } },
  };
  const bed = await startProxyBed([{ ...account, entries: [patient] }], settings, {
    dialects: DIALECTS,
    clock,
  });
  return { bed, clock, [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose]() };
}

async function ethash(
  t: TestContext,
  flavour: PracticeFlavour,
  refreshMs?: number,
): Promise<Bed & { readonly pool: EthashPool; readonly miner: EthashMiner }> {
  const pool = new EthashPool(
    { log: silentLog },
    {
      flavour,
      difficulty: 1e6,
      jobIntervalMs: 0,
      blockIntervalMs: 0,
      credentials: new Map([['account', 'secret']]),
    },
  );
  await startedPool(t, pool);
  const facts = { dialect: flavour, algorithm: 'etchash', divider: 1, user: 'account', password: 'secret' };
  const opened = await openBed(pool, facts, refreshMs);
  t.after(() => opened[Symbol.asyncDispose]());
  const miner = new EthashMiner(
    { log: silentLog, clock: systemClock },
    {
      flavour,
      host: '127.0.0.1',
      port: opened.bed.port,
      user: `${NAME}.rig`,
      reconnectMs: 20,
      hashesPerSecondLimit: 1,
    },
  );
  startedMiner(t, miner);
  await miner.waitFor(({ jobs, authorized }) => authorized && jobs >= 1);
  // The answer to a request and the push that goes with it.
  await sleep(SWEPT_MS);
  return { ...opened, pool, miner };
}

async function prefixed(
  t: TestContext,
  dialect: PrefixDialect,
): Promise<Bed & { readonly pool: PrefixPool; readonly miner: PrefixMiner }> {
  const facts = { dialect, algorithm: dialect, divider: 1, user: 'account' };
  const pool = new PrefixPool({ log: silentLog }, { dialect, jobIntervalMs: 0, blockIntervalMs: 0 });
  await startedPool(t, pool);
  const opened = await openBed(pool, facts);
  t.after(() => opened[Symbol.asyncDispose]());
  const miner = new PrefixMiner(
    { log: silentLog, clock: systemClock },
    {
      host: '127.0.0.1',
      port: opened.bed.port,
      user: `${NAME}.rig`,
      dialect,
      hashesPerSecond: 1,
      reconnectMs: 20,
      // Whoever says nothing of it is waited for, by the clock that stands still.
      extranonceSubscribe: true,
    },
  );
  startedMiner(t, miner);
  await miner.waitFor(({ jobs }) => jobs >= 1);
  await sleep(SWEPT_MS);
  return { ...opened, pool, miner };
}

describe('a pool that has no new job for minutes', { concurrency: 5 }, () => {
  for (const flavour of PRACTICE_FLAVOURS) {
    test(`${flavour} miners, which leave after 180 s, hear the newest job again in time and no sooner`, async (t) => {
      const { clock, miner, pool } = await ethash(t, flavour);
      const { jobs, connections } = miner.stats;
      clock.nowMs += 140_000;
      await sleep(SWEPT_MS);
      assert.equal(miner.stats.jobs, jobs, 'not before it would be missed');
      for (let i = 1; i <= 3; i += 1) {
        clock.nowMs += i === 1 ? 10_000 : 150_000;
        await miner.waitFor((books) => books.jobs >= jobs + i);
        await sleep(SWEPT_MS);
        assert.equal(miner.stats.jobs, jobs + i, 'once');
      }
      // A share of it is one for the pool's job.
      miner.submitNonce((miner.task?.prefix ?? '').padEnd(16, '7'));
      await miner.waitFor(({ rejected }) => rejected === 1);
      assert.deepEqual([...miner.stats.reasons.keys()], ['Low difficulty share']);
      assert.equal(pool.stats.submitted, 1);
      pool.newJob();
      await miner.waitFor((books) => books.jobs >= jobs + 4);
      assert.equal(miner.stats.connections, connections);
    });
  }

  for (const flavour of ['ethproxy', 'ethereum-stratum'] as const) {
    test(`a ${flavour} miner that finds its shares again with the repeated job is not taken for broken`, async (t) => {
      const { clock, miner, pool } = await ethash(t, flavour);
      const nonce = (miner.task?.prefix ?? '').padEnd(16, '7');
      miner.submitNonce(nonce);
      await miner.waitFor(({ rejected }) => rejected === 1);
      const { jobs } = miner.stats;
      clock.nowMs += 150_000;
      await miner.waitFor((books) => books.jobs === jobs + 1);
      for (let i = 0; i < 50; i += 1) {
        miner.submitNonce(nonce);
        await miner.waitFor(({ rejected }) => rejected === 2 + i);
      }
      assert.deepEqual([...miner.stats.reasons.keys()], ['Low difficulty share', 'Duplicate share']);
      assert.equal(pool.stats.submitted, 51);
    });
  }

  test('kawpow miners too', async (t) => {
    const { clock, miner, pool } = await prefixed(t, 'kawpow');
    const { jobs } = miner.stats;
    clock.nowMs += 149_000;
    await sleep(SWEPT_MS);
    assert.equal(miner.stats.jobs, jobs);
    clock.nowMs += 1000;
    await miner.waitFor((books) => books.jobs === jobs + 1);
    pool.newJob();
    await miner.waitFor((books) => books.jobs === jobs + 2);
    assert.deepEqual(miner.stats.violations, []);
  });

  test('nobody hears it again where the operator has switched that off', async (t) => {
    const { clock, miner } = await ethash(t, 'ethproxy', 0);
    const { jobs } = miner.stats;
    clock.nowMs += 200_000;
    await sleep(SWEPT_MS);
    assert.equal(miner.stats.jobs, jobs);
  });

  for (const dialect of ['equihash', 'autolykos'] as const) {
    test(`${dialect} miners, of which none is known to leave, are left to their search`, async (t) => {
      const { clock, miner } = await prefixed(t, dialect);
      const { jobs } = miner.stats;
      clock.nowMs += 250_000;
      await sleep(SWEPT_MS);
      assert.equal(miner.stats.jobs, jobs);
    });
  }

  test('cryptonote miners, which a job like the one before sends away, do not hear the repeats of their pool', async (t) => {
    const pool = new CryptonotePool(
      { log: silentLog, clock: systemClock },
      { difficulty: 1e9, jobIntervalMs: 0, blockIntervalMs: 0 },
    );
    await startedPool(t, pool);
    const { bed, clock } = await openBed(pool, {
      dialect: 'cryptonote',
      algorithm: 'randomx',
      divider: 2 ** 32,
    });
    t.after(() => bed[Symbol.asyncDispose]());
    const miner = new CryptonoteMiner(
      { log: silentLog, clock: systemClock },
      { host: '127.0.0.1', port: bed.port, user: `${NAME}.rig`, hashesPerSecond: 1, reconnectMs: 50 },
    );
    startedMiner(t, miner);
    await miner.waitFor(({ jobs }) => jobs >= 1);
    const { jobs } = miner.stats;
    clock.nowMs += 250_000;
    pool.repeatJob();
    await sleep(SWEPT_MS);
    assert.equal(miner.stats.jobs, jobs);
    assert.deepEqual(miner.stats.violations, []);
  });
});
