import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Endpoint, formatEndpoint } from '../../src/domain/endpoint.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { EthashMiner } from '../../src/practice/ethash-miner.ts';
import { EthashPool } from '../../src/practice/ethash-pool.ts';
import type { PracticeFlavour } from '../../src/practice/ethash-proof.ts';
import type { PrefixDialect } from '../../src/practice/prefix/coins.ts';
import { PrefixMiner } from '../../src/practice/prefix/miner.ts';
import { PrefixPool } from '../../src/practice/prefix/pool.ts';
import { sharesOf } from '../support/farm.ts';
import type { Figures } from '../support/figures.ts';
import {
  BY_HAND,
  type PracticeMiner,
  type PracticePool,
  startedMiner,
  startedPool,
} from '../support/practice.ts';
import { Program } from '../support/program.ts';

/**
 * One miner of each dialect through all that can happen to its pool, in the whole program: the pool dies, the backup takes over, the pool comes back and is
 * returned to, and a `PATCH` of the account moves it once more. Practice pools hash every share.
 */

const parts = { log: silentLog, clock: systemClock };
const FLAGS = ['--failover.returnAfterSeconds=1', '--upstream.retryMinMs=50', '--upstream.retryMaxMs=200'];

interface Case {
  readonly dialect: string;
  /** As the pool list has it. */
  readonly algorithm: string;
  /** As the pool's jobs name it, which is what figures are under. */
  readonly named: string;
  /** What of the miner matters here, for the name of the test. */
  readonly what: string;
  /** `shared`: behind the prefix of a pool it has a byte of its account's. */
  readonly mode: 'auto' | 'shared';
  /** Connections that each move costs the miner. */
  readonly reconnects: 0 | 1;
  readonly pool: () => PracticePool;
  readonly miner: (place: Endpoint & { readonly user: string }) => PracticeMiner;
}

function ethash(flavour: PracticeFlavour, what: string): Case {
  return {
    dialect: flavour,
    algorithm: 'etchash',
    named: flavour === 'eip1571' ? 'ethash' : 'etchash',
    what,
    mode: 'auto',
    reconnects: 0,
    pool: () => new EthashPool(parts, { ...BY_HAND, flavour, prefixBytes: 2 }),
    miner: (place) => new EthashMiner(parts, { ...place, flavour, reconnectMs: 20 }),
  };
}

function prefixed(
  dialect: PrefixDialect,
  algorithm: string,
  agent: string,
  extranonceSubscribe: boolean,
  reconnectMs = 20,
): Case {
  // Kaspa miners take another prefix unasked.
  const isTold = extranonceSubscribe || dialect === 'kaspa';
  return {
    dialect,
    algorithm,
    named: algorithm,
    what: extranonceSubscribe
      ? 'that asks for prefixes'
      : `that ${isTold ? 'is told them' : 'takes no other'}`,
    mode: 'auto',
    reconnects: isTold ? 0 : 1,
    pool: () => new PrefixPool(parts, { ...BY_HAND, dialect, hashesPerShare: 400 }),
    miner: (place) =>
      new PrefixMiner(parts, {
        ...place,
        dialect,
        agent,
        hashesPerSecond: 10_000,
        reconnectMs,
        extranonceSubscribe,
      }),
  };
}

const ALONE: readonly Case[] = [
  ethash('ethproxy', 'whose nonces are its own'),
  ethash('ethash-plain', 'whose nonces are its own'),
  ethash('ethereum-stratum', 'that asks for prefixes'),
  ethash('eip1571', 'that is told prefixes by mining.set'),
  prefixed('equihash', 'equihash', 'nheqminer/0.5c', true),
  prefixed('equihash', 'equihash', 'nheqminer/0.5c', false),
  prefixed('kawpow', 'kawpow', 'kawpowminer/1.2.4', true),
  prefixed('kawpow', 'kawpow', 'kawpowminer/1.2.4', false),
  prefixed('kaspa', 'kheavyhash', 'kaspa-miner/0.2.1', false),
  prefixed('autolykos', 'autolykos2', 'lolMiner 1.76', true),
  // Long enough for all that is not needed without the miner to be forgotten, as miners in the field wait.
  prefixed('autolykos', 'autolykos2', 'lolMiner 1.76', false, 2500),
];

/** Where the nonce is a prefix of the pool's, a byte of ours behind it is another way to move. */
const CASES: readonly Case[] = [
  ...ALONE,
  ...ALONE.filter(({ dialect }) => !['ethproxy', 'ethash-plain'].includes(dialect)).map(onSharedConnections),
];

function onSharedConnections(given: Case): Case {
  return { ...given, mode: 'shared', what: `${given.what}, on shared connections,` };
}

async function listed(t: TestContext, program: Program, given: Case): Promise<PracticePool> {
  const pool = given.pool();
  await startedPool(t, pool);
  const { dialect, algorithm } = given;
  const body = { pool: formatEndpoint(pool.endpoint), algorithm, dialect };
  const { status, text } = await program.post('/api/v1/pools', body);
  assert.equal(status, 201, text);
  return pool;
}

/** Mines on until both the pool and the miner count shares that they had not before. */
async function minesAt(pool: PracticePool, miner: PracticeMiner): Promise<void> {
  const before = pool.stats.accepted;
  await pool.stats.waitFor(({ accepted }) => accepted >= before + 4, 20_000);
  const { accepted } = miner.stats;
  await miner.waitFor((books) => books.accepted > accepted, 10_000);
}

/** Shares of one pool by their result. */
function resultsAt(figures: Figures, pool: PracticePool): Readonly<Record<string, number>> {
  const series = figures.series('stratum_proxy_shares_total', { pool: formatEndpoint(pool.endpoint) });
  return Object.fromEntries(series.map(({ labels, value }) => [labels['result'] ?? '', value]));
}

describe('a pool that dies, one that comes back and a change of the account', { concurrency: 2 }, () => {
  for (const given of CASES) {
    const { dialect, named, what, reconnects } = given;
    const cost = reconnects === 0 ? 'no reconnect' : 'one reconnect';
    test(`each cost a ${dialect} miner ${what} ${cost}`, { timeout: 60_000 }, async (t) => {
      await using program = await Program.start({ flags: FLAGS });
      const primary = await listed(t, program, given);
      const backup = await listed(t, program, given);
      const [first, second] = [primary, backup].map(({ endpoint }) => formatEndpoint(endpoint));
      const entry = { user: 'wallet', password: 'x' };
      const registered = await program.post('/api/v1/users', {
        ...entry,
        mode: given.mode,
        pool: first,
        backups: [{ ...entry, pool: second }],
      });
      assert.equal(registered.status, 201, registered.text);
      const { name } = registered.json as { readonly name: string };
      const miner = given.miner({ ...program.stratum, user: `${name}.rig` });
      startedMiner(t, miner);
      await minesAt(primary, miner);
      const { connections } = miner.stats;
      assert.ok(connections <= 2, `${connections} connections until the prefix was right`);

      await primary.stop();
      await minesAt(backup, miner);
      assert.equal(miner.stats.connections, connections + reconnects, 'to the backup');

      await primary.start();
      await minesAt(primary, miner);
      assert.equal(miner.stats.connections, connections + 2 * reconnects, 'back to the first pool');

      const moved = await program.request('PATCH', `/api/v1/users/${name}`, {
        body: { ...entry, pool: second, backups: [] },
      });
      assert.equal(moved.status, 200, moved.text);
      await minesAt(backup, miner);
      assert.equal(miner.stats.connections, connections + 3 * reconnects, 'after the change of the account');
      assert.deepEqual(miner.stats.violations, []);

      await miner.stop();
      const figures = await program.metricsWhere(
        (now) => sharesOf(now).inFlight === 0 && now.sum('stratum_proxy_sessions') === 0,
        'every share to have its verdict',
      );
      // Every share ended in one bucket of the account, and none without one.
      const { received, byResult } = sharesOf(figures, name);
      const total = Object.values(byResult).reduce((sum, count) => sum + count, 0);
      assert.equal(total, received, figures.ours());
      assert.equal(sharesOf(figures).received, received, 'no share of anybody else');
      // On a connection that is closed under way, what the miner had sent may never have been read.
      if (reconnects === 0) assert.equal(received, miner.stats.submitted, miner.stats.summary());
      else assert.ok(received <= miner.stats.submitted);

      // What a pool accepted is under its name. A pool that dies may have accepted what it could no longer say.
      for (const pool of [primary, backup]) {
        const { accepted = 0, lost = 0, unanswered = 0 } = resultsAt(figures, pool);
        const said = `${pool.stats.summary()}\n${figures.ours()}`;
        assert.ok(accepted > 0 && accepted <= pool.stats.accepted, said);
        assert.ok(accepted + lost + unanswered >= pool.stats.accepted, said);
        const { rejected } = pool.stats;
        assert.deepEqual(
          [rejected.malformed, rejected['low-difficulty'], rejected.duplicate, rejected.unauthorized],
          [0, 0, 0, 0],
          said,
        );
        const labels = { pool: formatEndpoint(pool.endpoint), algorithm: named };
        assert.ok(figures.sum('stratum_proxy_pool_jobs_total', labels) >= 1, said);
      }
      assert.ok(figures.sum('stratum_proxy_pool_failures_total', { pool: first ?? '' }) > 0, figures.ours());
      assert.equal(figures.sum('stratum_proxy_pool_failures_total', { pool: second ?? '' }), 0);
    });
  }
});
