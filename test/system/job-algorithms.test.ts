import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { CryptonoteMiner } from '../../src/practice/cryptonote/miner.ts';
import { CryptonotePool, type CryptonotePoolOptions } from '../../src/practice/cryptonote/pool.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import type { Figures } from '../support/figures.ts';
import { startedMiner, startedPool } from '../support/practice.ts';
import { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const parts = { log: silentLog, clock: systemClock };
/** Hashes behind a share of the pool. */
const DIFFICULTY = 2000;

/** The whole program, a pool that is listed as mining RandomX, and miners on it. */
async function start(t: TestContext, options: CryptonotePoolOptions, mode: 'dedicated' | 'shared') {
  const pool = new CryptonotePool(parts, {
    difficulty: DIFFICULTY,
    jobIntervalMs: 0,
    blockIntervalMs: 0,
    ...options,
  });
  await startedPool(t, pool);
  const program = await Program.start();
  t.after(() => program[Symbol.asyncDispose]());
  const address = formatEndpoint(pool.endpoint);
  await program.addPool(address, 'randomx');
  const { json } = await program.post('/api/v1/users', { pool: address, user: 'wallet', mode });
  const { name } = json as { readonly name: string };
  const miners = [1, 2].map((number) => {
    const miner = new CryptonoteMiner(parts, {
      ...program.stratum,
      user: `${name}.rig${number}`,
      algos: ['rx/0', 'rx/wow', 'ghostrider', 'rx/nowhere'],
      hashesPerSecond: 5000,
      reconnectMs: 50,
    });
    return startedMiner(t, miner);
  });
  const mined = async (shares: number): Promise<void> => {
    const before = miners.map(({ stats }) => stats.accepted);
    await Promise.all(
      miners.map((miner, at) =>
        miner.waitFor(({ accepted }) => accepted >= (before[at] ?? 0) + shares, 30_000),
      ),
    );
  };
  return { pool, program, address, miners, mined };
}

/** Sum by algorithm. */
function byAlgorithm(
  figures: Figures,
  series: string,
  label = 'algorithm',
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { labels, value } of figures.series(series)) {
    const name = labels[label] ?? '';
    if (name !== '') sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

describe('what jobs say they are hashed with', { concurrency: 2 }, () => {
  for (const mode of ['shared', 'dedicated'] as const) {
    test(`is what shares are counted under, from the first one on and when it changes (${mode})`, async (t) => {
      const { pool, program, address, miners, mined } = await start(t, { algo: 'rx/wow' }, mode);
      await mined(3);
      let figures = await program.metrics();
      assert.deepEqual(Object.keys(byAlgorithm(figures, 'stratum_proxy_shares_received_total')), [
        'randomx-wow',
      ]);
      assert.deepEqual(byAlgorithm(figures, 'proxy_pool_up', 'hash'), { 'randomx-wow': 1 });
      assert.ok((byAlgorithm(figures, 'proxy_worker_accepted', 'hash')['randomx-wow'] ?? 0) >= 6);

      pool.manners.algo = 'rx/0';
      pool.newBlock();
      await mined(3);
      const calm = (): boolean =>
        miners.every(({ stats }) => stats.submitted === stats.accepted + stats.rejected + stats.unanswered);
      for (const miner of miners) await miner.stop();
      figures = await program.metricsWhere(
        (now) => calm() && now.sum('stratum_proxy_shares_in_flight') === 0,
        'every share with its verdict',
      );
      const shares = byAlgorithm(figures, 'stratum_proxy_shares_received_total');
      assert.deepEqual(Object.keys(shares).toSorted(), ['randomx', 'randomx-wow']);
      // Every share in one bucket of one algorithm, and the work of each in hashes.
      const results = byAlgorithm(figures, 'stratum_proxy_shares_total');
      assert.deepEqual(results, shares);
      const atPool = byAlgorithm(figures, 'stratum_proxy_work_at_pool_total');
      const worth = Object.values(atPool).reduce((sum, hashes) => sum + hashes, 0);
      const ratio = worth / (pool.stats.accepted * DIFFICULTY);
      assert.ok(Math.abs(ratio - 1) < 0.01, `${ratio} of the work`);
      assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
      for (const { stats } of miners) assert.deepEqual([stats.connections, stats.violations], [1, []]);
      const told = program.lines().filter(({ msg }) => msg.startsWith('jobs name another algorithm'));
      assert.deepEqual(
        told.map(({ pool: at, listed, algorithm }) => [at, listed, algorithm]),
        [[address, 'randomx', 'randomx-wow']],
      );
    });
  }

  test('changes nothing where nobody knows the name, and is logged once', async (t) => {
    const { program, pool, mined } = await start(t, { algo: 'rx/nowhere' }, 'shared');
    await mined(2);
    pool.newBlock();
    await mined(2);
    const figures = await program.metrics();
    assert.deepEqual(Object.keys(byAlgorithm(figures, 'stratum_proxy_shares_received_total')), ['randomx']);
    assert.deepEqual(byAlgorithm(figures, 'proxy_pool_up', 'hash'), { randomx: 1 });
    const told = program.lines().filter(({ msg }) => msg.startsWith('jobs name an algorithm that'));
    assert.deepEqual(
      told.map(({ named, algorithm }) => [named, algorithm]),
      [['rx/nowhere', 'randomx']],
    );
  });

  test('a pool that leaves the name out again is counted as the pool list says', async (t) => {
    const { program, pool, mined } = await start(t, { algo: 'rx/wow' }, 'shared');
    await mined(2);
    pool.manners.algo = null;
    pool.newBlock();
    await until(
      async () => {
        const up = byAlgorithm(await program.metrics(), 'proxy_pool_up', 'hash');
        return up['randomx'] === 1 && Object.keys(up).length === 1;
      },
      () => 'the series of the pool under its own name alone',
    );
  });
});
