import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../src/kit/clock.ts';
import { silentLog } from '../src/kit/log.ts';
import { EthashMiner, type EthashMinerOptions } from '../src/practice/ethash-miner.ts';
import { EthashPool, type EthashPoolOptions } from '../src/practice/ethash-pool.ts';
import { PRACTICE_FLAVOURS, type PracticeFlavour, practiceSeed } from '../src/practice/ethash-proof.ts';
import { DIALECTS } from '../src/wire/dialects/index.ts';
import { DialectRelay } from './support/dialect-relay.ts';

function dialectOf(name: PracticeFlavour): (typeof DIALECTS)[number] {
  const dialect = DIALECTS.find((one) => one.name === name);
  assert.ok(dialect !== undefined);
  return dialect;
}

interface Bed {
  readonly pool: EthashPool;
  readonly miner: EthashMiner;
  readonly relay: DialectRelay;
}

/** A practice miner of one flavour, a practice pool of another, and nothing but the two dialects between them. */
async function openBed(
  t: TestContext,
  flavours: { readonly miner: PracticeFlavour; readonly pool: PracticeFlavour },
  options: { readonly pool?: Partial<EthashPoolOptions>; readonly miner?: Partial<EthashMinerOptions> } = {},
): Promise<Bed> {
  const pool = new EthashPool(
    { log: silentLog },
    {
      flavour: flavours.pool,
      jobIntervalMs: 0,
      blockIntervalMs: 0,
      credentials: new Map([['account', 'secret']]),
      ...options.pool,
    },
  );
  const { port: poolPort } = await pool.start();
  const relay = new DialectRelay({
    miner: dialectOf(flavours.miner),
    pool: dialectOf(flavours.pool),
    poolPort,
    account: { user: 'account.rig', password: 'secret' },
  });
  const port = await relay.start();
  const miner = new EthashMiner(
    { log: silentLog, clock: systemClock },
    { flavour: flavours.miner, host: '127.0.0.1', port, user: 'demo', reconnectMs: 20, ...options.miner },
  );
  t.after(async () => {
    await miner.stop();
    await relay.stop();
    await pool.stop();
  });
  miner.start();
  return { pool, miner, relay };
}

async function acceptedMore(miner: EthashMiner, count: number): Promise<void> {
  const { accepted } = miner.stats;
  await miner.waitFor((stats) => stats.accepted >= accepted + count);
}

for (const minerFlavour of PRACTICE_FLAVOURS) {
  for (const poolFlavour of PRACTICE_FLAVOURS.filter(
    (name) => dialectOf(minerFlavour).pairing(name) === 'direct',
  )) {
    describe(`a miner of ${minerFlavour} at a pool of ${poolFlavour}`, () => {
      const flavours = { miner: minerFlavour, pool: poolFlavour };

      test('has every share accepted, over new jobs, blocks, difficulties and epochs', async (t) => {
        const { pool, miner, relay } = await openBed(t, flavours);
        await acceptedMore(miner, 5);
        pool.newJob();
        await acceptedMore(miner, 5);
        pool.setDifficulty(2e-7);
        pool.newJob({ clean: true });
        await miner.waitFor(({ difficulty }) => Math.abs(difficulty / 2e-7 - 1) < 1e-9);
        await acceptedMore(miner, 3);
        // Difficulty as before, so nothing but the job can tell.
        pool.newJob({ clean: true, epoch: 51 });
        const isTold = (): boolean => miner.task?.epoch === 51 || miner.task?.seed === practiceSeed(51);
        await miner.waitFor(isTold);
        await acceptedMore(miner, 3);
        await miner.reportHashrate();
        assert.deepEqual(miner.stats.violations, []);
        assert.deepEqual(relay.problems, []);
        assert.equal(pool.stats.faults, 0);
        assert.equal(pool.stats.unknownMethods.size, 0);
        // Stale is what was on its way when a block came.
        const { stale: _, ...others } = pool.stats.rejected;
        assert.equal(
          Object.values(others).reduce((sum, count) => sum + count, 0),
          0,
        );
        assert.equal(pool.stats.user('account.rig').accepted, pool.stats.accepted);
      });

      test("is told of a duplicate in the pool's words", async (t) => {
        const { pool, miner } = await openBed(t, flavours, {
          pool: { difficulty: 1e6 },
          miner: { hashesPerSecondLimit: 1 },
        });
        await miner.waitFor(({ jobs, authorized }) => authorized && jobs >= 1);
        const nonce = (miner.task?.prefix ?? '').padEnd(16, '7');
        miner.submitNonce(nonce);
        miner.submitNonce(nonce);
        await miner.waitFor(({ rejected }) => rejected === 2);
        assert.deepEqual([...miner.stats.reasons.keys()], ['Low difficulty share', 'Duplicate share']);
        assert.equal(pool.stats.rejected.duplicate, 1);
      });

      if (dialectOf(minerFlavour).miner.nonces.kind === 'prefix') {
        test('follows the prefix, and may submit whole nonces', async (t) => {
          const { pool, miner, relay } = await openBed(t, flavours, { miner: { submitsWholeNonce: true } });
          await acceptedMore(miner, 3);
          const before = miner.task?.prefix;
          assert.equal(before, pool.sessions[0]?.prefix);
          assert.equal(pool.changePrefixes(), 1);
          await miner.waitFor(() => miner.task?.prefix !== before);
          assert.equal(miner.task?.prefix, pool.sessions[0]?.prefix);
          await acceptedMore(miner, 3);
          assert.deepEqual(relay.problems, []);
          assert.equal(pool.stats.rejected.malformed, 0);
        });

        test('has a nonce outside of its prefix refused before it gets to the pool', async (t) => {
          const { pool, miner } = await openBed(t, flavours, {
            pool: { difficulty: 1e6 },
            miner: { hashesPerSecondLimit: 1, submitsWholeNonce: true },
          });
          await miner.waitFor(({ jobs, authorized }) => authorized && jobs >= 1);
          const { task } = miner;
          assert.ok(task !== null);
          const other = (Number.parseInt(task.prefix, 16) ^ 1).toString(16).padStart(task.prefix.length, '0');
          miner.submitNonce(other.padEnd(16, '7'));
          await miner.waitFor(({ rejected }) => rejected === 1);
          assert.deepEqual([...miner.stats.reasons.keys()], [`the nonce must begin with ${task.prefix}`]);
          assert.equal(pool.stats.submitted, 0);
        });
      }
    });
  }
}

test('a pool that writes short targets is understood', async (t) => {
  const { pool, miner } = await openBed(
    t,
    { miner: 'ethproxy', pool: 'ethproxy' },
    { pool: { writesShortTargets: true, difficulty: 3e-7 } },
  );
  await acceptedMore(miner, 3);
  assert.deepEqual(miner.stats.violations, []);
  assert.equal(pool.stats.rejected['low-difficulty'], 0);
});

test('a pool that pushes no jobs is asked for one at login', async (t) => {
  const { miner, relay } = await openBed(
    t,
    { miner: 'ethproxy', pool: 'ethproxy' },
    { pool: { pushesJobs: false } },
  );
  await acceptedMore(miner, 3);
  assert.deepEqual(relay.problems, []);
});
