import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { systemClock } from '../src/kit/clock.ts';
import { silentLog } from '../src/kit/log.ts';
import type { PrefixDialect } from '../src/practice/prefix/coins.ts';
import { PrefixMiner, type PrefixMinerOptions } from '../src/practice/prefix/miner.ts';
import { PrefixPool, type PrefixPoolOptions } from '../src/practice/prefix/pool.ts';
import type { Dialect } from '../src/wire/dialect.ts';
import { autolykos } from '../src/wire/dialects/autolykos/index.ts';
import { equihash } from '../src/wire/dialects/equihash/index.ts';
import { kaspa } from '../src/wire/dialects/kaspa/index.ts';
import { kawpow } from '../src/wire/dialects/kawpow/index.ts';
import { PrefixRelay } from './support/prefix-relay.ts';

const base = { log: silentLog, clock: systemClock };
const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.stop();
});

const DIALECTS: Readonly<Record<PrefixDialect, Dialect>> = { equihash, kawpow, kaspa, autolykos };

interface Line {
  readonly pool: PrefixPool;
  readonly relay: PrefixRelay;
  readonly miner: PrefixMiner;
}

async function mine(
  name: PrefixDialect,
  given: {
    readonly pool?: Partial<PrefixPoolOptions>;
    readonly miner?: Partial<PrefixMinerOptions>;
  } = {},
): Promise<Line> {
  const pool = new PrefixPool(base, {
    dialect: name,
    hashesPerShare: 100,
    jobIntervalMs: 0,
    blockIntervalMs: 0,
    credentials: new Map([['coin', 'x']]),
    ...given.pool,
  });
  const relay = new PrefixRelay(DIALECTS[name], {
    pool: await pool.start(),
    user: 'coin.relay',
    lane: '7f',
  });
  const miner = new PrefixMiner(base, {
    ...(await relay.start()),
    dialect: name,
    user: 'account.rig',
    hashesPerSecond: 10_000,
    reconnectMs: 20,
    ...given.miner,
  });
  open.push(pool, relay, miner);
  miner.start();
  return { pool, relay, miner };
}

/** Nothing was said that either side could not bear, and every share was worth what the miner took it for. */
function checkClean({ pool, relay, miner }: Line): void {
  assert.deepEqual(miner.stats.violations, []);
  assert.deepEqual(relay.faults, []);
  const { malformed, duplicate, unauthorized } = pool.stats.rejected;
  assert.deepEqual(
    { malformed, duplicate, unauthorized, low: pool.stats.rejected['low-difficulty'] },
    { malformed: 0, duplicate: 0, unauthorized: 0, low: 0 },
  );
}

for (const name of ['equihash', 'kawpow', 'kaspa', 'autolykos'] as const) {
  describe(`${name} between a pool and a miner that share no code with it`, () => {
    test('shares are found behind the prefix of both and accepted', async () => {
      const line = await mine(name);
      const { pool, miner } = line;
      await miner.waitFor((stats) => stats.accepted >= 30);
      assert.equal(miner.stats.extranonce1, `${pool.clients[0]?.prefix}7f`);
      assert.ok(pool.stats.user('coin.relay').accepted >= 30);
      checkClean(line);
    });

    test('jobs, blocks and what shares must meet change on the way', async () => {
      const line = await mine(name);
      const { pool, miner } = line;
      await miner.waitFor((stats) => stats.accepted >= 2);
      pool.newJob();
      pool.setHashesPerShare(300);
      pool.newJob({ clean: true });
      pool.newJob();
      await miner.waitFor((stats) => Math.round(stats.difficulty) === 300 && stats.jobs >= 4);
      const { accepted } = miner.stats;
      await miner.waitFor((stats) => stats.accepted >= accepted + 5);
      checkClean(line);
    });

    test('a pool that fixes nothing leaves the prefix to us', async () => {
      const line = await mine(name, { pool: { prefixBytes: 0 } });
      await line.miner.waitFor((stats) => stats.accepted >= 5);
      assert.equal(line.miner.stats.extranonce1, '7f');
      checkClean(line);
    });
  });
}

describe('a new prefix of a pool that says so', () => {
  // Ergo pools are not known to.
  for (const name of ['equihash', 'kawpow', 'kaspa'] as const) {
    test(`of ${name} reaches the miner with the job that it holds for`, async () => {
      const line = await mine(name, { miner: { extranonceSubscribe: true } });
      const { pool, miner } = line;
      await miner.waitFor((stats) => stats.accepted >= 2);
      assert.equal(pool.changePrefixes(), 1);
      await miner.waitFor((stats) => stats.extranonce1 === `${pool.clients[0]?.prefix}7f`);
      const { accepted } = miner.stats;
      await miner.waitFor((stats) => stats.accepted >= accepted + 5);
      checkClean(line);
    });
  }
});

describe('a claim of an equihash share', () => {
  for (const parameters of ['200_9', '144_5', '125_4']) {
    test(`of ${parameters} is what the pool makes of it`, async () => {
      const line = await mine('equihash', { pool: { parameters }, miner: { parameters } });
      const { pool, relay, miner } = line;
      await miner.waitFor((stats) => stats.accepted >= 20);
      const worths = new Map(
        pool.stats.submits.map((submit) => [submit.hashDifficulty, submit.verdict === 'accepted']),
      );
      for (const { claim, isAccepted } of relay.verdicts) {
        assert.ok(claim !== null);
        assert.equal(claim.meetsPool, isAccepted);
        assert.equal(worths.get(Math.floor(claim.hashes)), isAccepted, String(claim.hashes));
      }
      assert.equal(
        new Set(relay.verdicts.map(({ claim }) => claim?.fingerprint)).size,
        relay.verdicts.length,
      );
      checkClean(line);
    });
  }
});

describe('the two forms of kaspa jobs', () => {
  for (const [poolForm, agent, minerForm] of [
    ['array', 'BzMiner-v17.0.0', 'hex'],
    ['hex', 'BzMiner-v17.0.0', 'hex'],
    ['hex', 'lolMiner 1.76', 'array'],
    ['array', 'IceRiverMiner-v1.1', 'hex'],
  ] as const) {
    test(`${agent} mines at a pool that writes ${poolForm}`, async () => {
      const line = await mine('kaspa', {
        pool: { jobForm: poolForm },
        miner: { agent, jobForm: minerForm, isSuffixSent: agent.startsWith('IceRiver') },
      });
      await line.miner.waitFor((stats) => stats.accepted >= 10);
      checkClean(line);
    });
  }
});

describe('the factor of ergo targets', () => {
  test('is passed on, and the shares that it stands for are accepted', async () => {
    const line = await mine('autolykos', { pool: { scale: 16 }, miner: { isSuffixSent: true } });
    await line.miner.waitFor((stats) => stats.accepted >= 10);
    assert.equal(Math.round(line.miner.stats.difficulty), 100);
    checkClean(line);
  });
});
