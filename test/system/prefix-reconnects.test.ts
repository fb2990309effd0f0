import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { EthashMiner } from '../../src/practice/ethash-miner.ts';
import { EthashPool } from '../../src/practice/ethash-pool.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import { PrefixMiner } from '../../src/practice/prefix/miner.ts';
import { PrefixPool } from '../../src/practice/prefix/pool.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { eventually } from '../support/eventually.ts';
import { startedMiner, startedPool } from '../support/practice.ts';
import { type ProxyBed, startProxyBed } from '../support/proxy-bed.ts';

const NAME = '00112233445566aa';

/** `prefixBytes`: of three pools, each another number. */
const COINS = {
  equihash: { algorithm: 'equihash', divider: 524_288, agent: 'nheqminer/0.5c', prefixBytes: [4, 6, 5] },
  kawpow: { algorithm: 'kawpow', divider: 0.99609375, agent: 'kawpowminer/1.2.4', prefixBytes: [2, 3, 1] },
  kaspa: { algorithm: 'kheavyhash', divider: 1, agent: 'kaspa-miner/0.2.1', prefixBytes: [2, 3, 1] },
  autolykos: { algorithm: 'autolykos2', divider: 1, agent: 'lolMiner 1.76', prefixBytes: [2, 3, 1] },
} as const;
const ETHASH = { algorithm: 'etchash', divider: 1 };

type Coin = keyof typeof COINS;
type Dialect = Coin | 'ethereum-stratum' | 'eip1571';
type Pool = PrefixPool | EthashPool;
type Miner = PrefixMiner | EthashMiner;

const PREFIX_BYTES = (dialect: Dialect): readonly number[] =>
  dialect in COINS ? COINS[dialect as Coin].prefixBytes : [2, 3, 1];

function isEthash(dialect: Dialect): dialect is 'ethereum-stratum' | 'eip1571' {
  return dialect === 'ethereum-stratum' || dialect === 'eip1571';
}

async function poolOf(t: TestContext, dialect: Dialect, prefixBytes: number): Promise<Pool> {
  const manners = { prefixBytes, jobIntervalMs: 0, blockIntervalMs: 0 };
  const pool = isEthash(dialect)
    ? new EthashPool({ log: silentLog }, { flavour: dialect, ...manners })
    : new PrefixPool({ log: silentLog }, { dialect, hashesPerShare: 400, ...manners });
  return startedPool(t, pool);
}

function accountOn(pool: Pool, dialect: Dialect, revision: number): ReturnType<typeof dialectAccount> {
  const coin = isEthash(dialect) ? ETHASH : COINS[dialect];
  return dialectAccount(NAME, [pool], { dialect, ...coin }, { revision });
}

/** `announces`: when it says that it takes another prefix: `after-login`, as nheqminer does, or never. Ethash miners do before it. */
function minerOf(
  t: TestContext,
  bed: ProxyBed,
  dialect: Dialect,
  announces: 'after-login' | 'never' = 'after-login',
): Miner {
  const parts = { log: silentLog, clock: systemClock };
  const place = { host: '127.0.0.1', port: bed.port, user: `${NAME}.rig`, reconnectMs: 20 };
  const miner = isEthash(dialect)
    ? new EthashMiner(parts, { ...place, flavour: dialect })
    : new PrefixMiner(parts, {
        ...place,
        dialect,
        agent: COINS[dialect].agent,
        hashesPerSecond: 10_000,
        extranonceSubscribe: announces === 'after-login',
      });
  return startedMiner(t, miner);
}

function bedOn(pool: Pool, dialect: Dialect): Promise<ProxyBed> {
  return startProxyBed([accountOn(pool, dialect, 1)], undefined, { dialects: DIALECTS });
}

async function minesAt(pool: Pool): Promise<void> {
  const { accepted } = pool.stats;
  await eventually(
    () => pool.stats.accepted >= accepted + 5,
    () => `shares at the pool: ${pool.stats.summary()}`,
    20_000,
  );
}

function checkClean(miner: Miner, pools: readonly Pool[]): void {
  assert.deepEqual(miner.stats.violations, []);
  for (const { stats } of pools) assert.equal(rejectedTotal(stats), 0, stats.summary());
}

const ANNOUNCING = ['equihash', 'kawpow', 'autolykos', 'kaspa', 'ethereum-stratum', 'eip1571'] as const;
const SILENT = ['equihash', 'kawpow', 'autolykos'] as const;

for (const dialect of ANNOUNCING) {
  describe(`a miner of ${dialect} that takes another prefix`, () => {
    test('has one connection from its first line on, and through pools of all lengths of prefix', async (t) => {
      const pools: Pool[] = [];
      for (const bytes of [...PREFIX_BYTES(dialect), 0, PREFIX_BYTES(dialect)[0] ?? 0])
        pools.push(await poolOf(t, dialect, bytes));
      const [first] = pools;
      assert.ok(first !== undefined);
      await using bed = await bedOn(first, dialect);
      const miner = minerOf(t, bed, dialect);
      for (const [index, pool] of pools.entries()) {
        if (index > 0) bed.change(accountOn(pool, dialect, index + 1));
        await minesAt(pool);
      }
      assert.equal(miner.stats.connections, 1);
      checkClean(miner, pools);
    });

    test('comes back over one connection', async (t) => {
      const pool = await poolOf(t, dialect, PREFIX_BYTES(dialect)[0] ?? 0);
      await using bed = await bedOn(pool, dialect);
      const miner = minerOf(t, bed, dialect);
      await minesAt(pool);
      miner.disconnect();
      await miner.waitFor(({ connections }) => connections === 2);
      await minesAt(pool);
      assert.equal(miner.stats.connections, 2);
      checkClean(miner, []);
    });
  });
}

for (const dialect of SILENT) {
  describe(`a miner of ${dialect} that never asks for another prefix`, () => {
    test('reconnects once for its first pool, not at all when it comes back, and once for a pool of another prefix', async (t) => {
      const [shorter = 0, longer = 0] = PREFIX_BYTES(dialect);
      const first = await poolOf(t, dialect, shorter);
      const second = await poolOf(t, dialect, longer);
      await using bed = await bedOn(first, dialect);
      const miner = minerOf(t, bed, dialect, 'never');
      await minesAt(first);
      assert.equal(miner.stats.connections, 2, 'told the right one at the second');
      miner.disconnect();
      await miner.waitFor(({ connections }) => connections === 3);
      await minesAt(first);
      assert.equal(miner.stats.connections, 3, 'known when it comes back');
      bed.change(accountOn(second, dialect, 2));
      await minesAt(second);
      assert.equal(miner.stats.connections, 4, 'once for the other pool');
      checkClean(miner, [second]);
    });

    test('keeps what it was told where the pool fixes nothing, and reconnects once for one that does', async (t) => {
      const open = await poolOf(t, dialect, 0);
      const [bytes = 0] = PREFIX_BYTES(dialect);
      const other = await poolOf(t, dialect, bytes);
      const alsoOpen = await poolOf(t, dialect, 0);
      await using bed = await bedOn(open, dialect);
      const miner = minerOf(t, bed, dialect, 'never');
      await minesAt(open);
      assert.equal(miner.stats.connections, 1);
      assert.notEqual(miner.stats.extranonce1, '');
      bed.change(accountOn(other, dialect, 2));
      await minesAt(other);
      assert.equal(miner.stats.connections, 2);
      const { extranonce1 } = miner.stats;
      bed.change(accountOn(alsoOpen, dialect, 3));
      await minesAt(alsoOpen);
      assert.equal(miner.stats.connections, 2);
      assert.equal(miner.stats.extranonce1, extranonce1);
      miner.disconnect();
      await miner.waitFor(({ connections }) => connections === 3);
      await minesAt(alsoOpen);
      assert.equal(miner.stats.connections, 3, 'known when it comes back');
      assert.notEqual(miner.stats.extranonce1, '');
      checkClean(miner, [open]);
    });

    test('reconnects once where miners share a connection, a byte of the prefix each', async (t) => {
      const pool = await poolOf(t, dialect, PREFIX_BYTES(dialect)[0] ?? 0);
      const account = { ...accountOn(pool, dialect, 1), mode: 'shared' } as const;
      await using bed = await startProxyBed([account], undefined, { dialects: DIALECTS });
      const miners = Array.from({ length: 3 }, () => minerOf(t, bed, dialect, 'never'));
      await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 5, 20_000)));
      assert.deepEqual(
        miners.map(({ stats }) => stats.connections),
        [2, 2, 2],
      );
      for (const miner of miners) checkClean(miner, [pool]);
    });
  });
}
