import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ANY_LISTENER } from '../../src/domain/listener.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { CryptonoteMiner, type CryptonoteMinerOptions } from '../../src/practice/cryptonote/miner.ts';
import { CryptonotePool, type CryptonotePoolOptions } from '../../src/practice/cryptonote/pool.ts';
import { EthashMiner, type EthashMinerOptions } from '../../src/practice/ethash-miner.ts';
import { EthashPool, type EthashPoolOptions } from '../../src/practice/ethash-pool.ts';
import { PRACTICE_FLAVOURS, type PracticeFlavour } from '../../src/practice/ethash-proof.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import type { PrefixDialect } from '../../src/practice/prefix/coins.ts';
import { PrefixMiner, type PrefixMinerOptions } from '../../src/practice/prefix/miner.ts';
import { PrefixPool, type PrefixPoolOptions } from '../../src/practice/prefix/pool.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { eventually } from '../support/eventually.ts';
import { startedMiner, startedPool } from '../support/practice.ts';
import { type ProxyBed, startProxyBed } from '../support/proxy-bed.ts';

const NAME = '00112233445566aa';
const ETCHASH = { algorithm: 'etchash', divider: 1, user: 'account', password: 'secret' };

async function ethashPool(
  t: TestContext,
  flavour: PracticeFlavour,
  options: Partial<EthashPoolOptions> = {},
): Promise<EthashPool> {
  const pool = new EthashPool(
    { log: silentLog },
    {
      flavour,
      jobIntervalMs: 0,
      blockIntervalMs: 0,
      credentials: new Map([['account', 'secret']]),
      ...options,
    },
  );
  return startedPool(t, pool);
}

function ethashMiner(t: TestContext, bed: ProxyBed, options: Partial<EthashMinerOptions> = {}): EthashMiner {
  const miner = new EthashMiner(
    { log: silentLog, clock: systemClock },
    {
      flavour: 'ethproxy',
      host: '127.0.0.1',
      port: bed.port,
      user: `${NAME}.rig`,
      reconnectMs: 20,
      ...options,
    },
  );
  return startedMiner(t, miner);
}

const SIBLINGS: Readonly<Record<PracticeFlavour, readonly PracticeFlavour[]>> = {
  ethproxy: ['ethproxy', 'ethash-plain'],
  'ethash-plain': ['ethash-plain', 'ethproxy'],
  'ethereum-stratum': ['ethereum-stratum', 'eip1571'],
  eip1571: ['eip1571', 'ethereum-stratum'],
};

describe('ethash through the proxy', () => {
  for (const flavour of PRACTICE_FLAVOURS) {
    for (const spoken of SIBLINGS[flavour]) {
      test(`a ${flavour} miner mines on a pool that speaks ${spoken}`, async (t) => {
        const pool = await ethashPool(t, spoken);
        const account = dialectAccount(NAME, [pool], { dialect: spoken, ...ETCHASH });
        await using bed = await startProxyBed([account], undefined, { dialects: DIALECTS });
        const miner = ethashMiner(t, bed, { flavour });
        await miner.waitFor(({ accepted }) => accepted >= 5, 20_000);
        pool.newJob();
        const { accepted } = miner.stats;
        await miner.waitFor((books) => books.accepted >= accepted + 5, 20_000);
        await miner.stop();
        assert.deepEqual(miner.stats.violations, []);
        assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
        await eventually(
          () => bed.proxy.report().totals.every(({ inFlight }) => inFlight === 0),
          () => 'every share has its verdict',
        );
        const total = bed.proxy.report().totals.find((row) => row.pool !== '');
        assert.equal(total?.algorithm, 'etchash');
        assert.equal(total?.counts.accepted, pool.stats.accepted);
        // What the shares stand for: each at the pool's difficulty, as the dialect tells it.
        const expected = pool.stats.accepted * 1e-7 * 2 ** 32;
        assert.ok(Math.abs((total?.work ?? 0) / expected - 1) < 0.001, `${total?.work} of ${expected}`);
        assert.equal(miner.stats.connections, 1);
      });
    }
  }

  test('a miner that looks for its flavour finds the one that its pool can be reached with', async (t) => {
    const pool = await ethashPool(t, 'ethproxy');
    const account = dialectAccount(NAME, [pool], { dialect: 'ethproxy', ...ETCHASH });
    await using bed = await startProxyBed([account], undefined, { dialects: DIALECTS });
    const miner = ethashMiner(t, bed, { flavour: 'detect' });
    await miner.waitFor(({ accepted }) => accepted >= 5, 30_000);
    assert.equal(rejectedTotal(pool.stats), 0);
  });

  for (const flavour of PRACTICE_FLAVOURS) {
    test(`a change of pool reaches a ${flavour} miner in the smallest step that its dialect allows`, async (t) => {
      const first = await ethashPool(t, flavour);
      const second = await ethashPool(t, flavour);
      const account = dialectAccount(NAME, [first], { dialect: flavour, ...ETCHASH });
      await using bed = await startProxyBed([account], undefined, { dialects: DIALECTS });
      const miner = ethashMiner(t, bed, { flavour });
      await miner.waitFor(({ accepted }) => accepted >= 3, 20_000);
      const { connections } = miner.stats;
      bed.change(dialectAccount(NAME, [second], { dialect: flavour, ...ETCHASH }, { revision: 2 }));
      await eventually(
        () => second.stats.accepted >= 3,
        () => `shares at the second pool: ${second.stats.summary()}`,
        20_000,
      );
      assert.equal(miner.stats.connections, connections, 'on the same socket');
      assert.deepEqual(miner.stats.violations, []);
      assert.equal(rejectedTotal(second.stats), 0, second.stats.summary());
    });
  }

  test('a wrong pool password is told, and a miner of another family is told what its account speaks', async (t) => {
    const pool = await ethashPool(t, 'ethproxy');
    const wrong = dialectAccount(NAME, [pool], { dialect: 'ethproxy', ...ETCHASH, password: 'no' });
    await using bed = await startProxyBed([wrong], undefined, { dialects: DIALECTS });
    const refused = ethashMiner(t, bed, { flavour: 'ethproxy', reconnect: false });
    await refused.waitFor(({ authorizeFailures }) => authorizeFailures > 0, 10_000);
    const foreign = ethashMiner(t, bed, { flavour: 'ethereum-stratum', reconnect: false });
    await eventually(
      () => /speaks ethproxy|another flavour/.test(foreign.stats.lastError),
      () => `told what to do: ${foreign.stats.lastError}`,
    );
  });
});

const RANDOMX = { dialect: 'cryptonote', algorithm: 'randomx', divider: 2 ** 32 };

async function cryptonotePool(
  t: TestContext,
  options: Partial<CryptonotePoolOptions> = {},
): Promise<CryptonotePool> {
  const pool = new CryptonotePool(
    { log: silentLog, clock: systemClock },
    { difficulty: 2000, jobIntervalMs: 0, blockIntervalMs: 0, ...options },
  );
  return startedPool(t, pool);
}

function cryptonoteMiners(
  t: TestContext,
  bed: ProxyBed,
  count: number,
  options: Partial<CryptonoteMinerOptions> = {},
): readonly CryptonoteMiner[] {
  return Array.from({ length: count }, (_, i) => {
    const miner = new CryptonoteMiner(
      { log: silentLog, clock: systemClock },
      {
        host: '127.0.0.1',
        port: bed.port,
        user: `${NAME}.rig${i}`,
        hashesPerSecond: 3000,
        reconnectMs: 50,
        ...options,
      },
    );
    return startedMiner(t, miner);
  });
}

describe('cryptonote through the proxy', () => {
  test('many miners share one connection, each with a byte of the nonce, and the pool refuses nothing', async (t) => {
    const pool = await cryptonotePool(t);
    await using bed = await startProxyBed([dialectAccount(NAME, [pool], RANDOMX)], undefined, {
      dialects: DIALECTS,
    });
    const miners = cryptonoteMiners(t, bed, 12);
    await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 3, 30_000)));
    pool.newJob();
    await eventually(
      () => pool.stats.accepted >= 10,
      () => `shares at the pool: ${pool.stats.summary()}`,
      20_000,
    );
    assert.equal(pool.stats.connectionsNow, 1);
    await Promise.all(miners.map((miner) => miner.stop()));
    await eventually(
      () => bed.proxy.report().totals.every(({ inFlight }) => inFlight === 0),
      () => 'every share has its verdict',
    );
    assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
    for (const miner of miners) {
      assert.deepEqual(miner.stats.violations, []);
      assert.equal(miner.stats.connections, 1);
    }
    const total = bed.proxy.report().totals.find((row) => row.pool !== '');
    assert.equal(total?.algorithm, 'randomx');
    assert.equal(total?.counts.accepted, pool.stats.accepted);
    assert.equal(total?.received, (total?.counts.accepted ?? 0) + (total?.counts['accepted-local'] ?? 0));
    // Each at the pool's difficulty, in hashes.
    const atPool = (total?.workAtPool ?? 0) / ((total?.sharesAtPool ?? 0) * 2000);
    assert.ok(Math.abs(atPool - 1) < 0.001, `${atPool}`);
  });

  test('a pool that fixes the byte itself gets a connection for each miner', async (t) => {
    const pool = await cryptonotePool(t, { fixedByte: 0x5a });
    await using bed = await startProxyBed([dialectAccount(NAME, [pool], RANDOMX)], undefined, {
      dialects: DIALECTS,
    });
    const miners = cryptonoteMiners(t, bed, 3);
    await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 2, 30_000)));
    await eventually(
      () => pool.stats.connectionsNow === 3,
      () => `${pool.stats.connectionsNow} connections`,
    );
    assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
  });

  test('a change of pool is the next job, on the same socket', async (t) => {
    const first = await cryptonotePool(t);
    const second = await cryptonotePool(t, { difficulty: 4000 });
    await using bed = await startProxyBed([dialectAccount(NAME, [first], RANDOMX)], undefined, {
      dialects: DIALECTS,
    });
    const miners = cryptonoteMiners(t, bed, 4);
    await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 2, 30_000)));
    bed.change(dialectAccount(NAME, [second], RANDOMX, { revision: 2 }));
    await eventually(
      () => second.stats.accepted >= 4,
      () => `shares at the second pool: ${second.stats.summary()}`,
      30_000,
    );
    for (const miner of miners) {
      assert.equal(miner.stats.connections, 1);
      assert.deepEqual(miner.stats.violations, []);
    }
    assert.equal(rejectedTotal(second.stats), 0, second.stats.summary());
  });

  test('a pool that goes down hands its miners to the backup, and in-flight shares end in a bucket', async (t) => {
    const first = await cryptonotePool(t);
    const second = await cryptonotePool(t);
    await using bed = await startProxyBed([dialectAccount(NAME, [first, second], RANDOMX)], undefined, {
      dialects: DIALECTS,
    });
    const miners = cryptonoteMiners(t, bed, 4);
    await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 2, 30_000)));
    await first.stop();
    await eventually(
      () => second.stats.accepted >= 4,
      () => `shares at the backup: ${second.stats.summary()}`,
      30_000,
    );
    for (const miner of miners) assert.equal(miner.stats.connections, 1);
  });
});

/** The algorithm that stands for a dialect, its divider as in the catalogue, and a program that mines it. */
const PREFIXED = {
  equihash: { algorithm: 'equihash', divider: 524_288, agent: 'nheqminer/0.5c' },
  kawpow: { algorithm: 'kawpow', divider: 0.99609375, agent: 'kawpowminer/1.2.4' },
  kaspa: { algorithm: 'kheavyhash', divider: 1, agent: 'kaspa-miner/0.2.1' },
  autolykos: { algorithm: 'autolykos2', divider: 1, agent: 'lolMiner 1.76' },
} as const satisfies Readonly<Record<PrefixDialect, object>>;
const HASHES_PER_SHARE = 400;

async function prefixPool(
  t: TestContext,
  dialect: PrefixDialect,
  options: Partial<PrefixPoolOptions> = {},
): Promise<PrefixPool> {
  const pool = new PrefixPool(
    { log: silentLog },
    { dialect, hashesPerShare: HASHES_PER_SHARE, jobIntervalMs: 0, blockIntervalMs: 0, ...options },
  );
  return startedPool(t, pool);
}

function prefixMiner(
  t: TestContext,
  bed: ProxyBed,
  dialect: PrefixDialect,
  options: Partial<PrefixMinerOptions> = {},
): PrefixMiner {
  const miner = new PrefixMiner(
    { log: silentLog, clock: systemClock },
    {
      host: '127.0.0.1',
      port: bed.port,
      user: `${NAME}.rig`,
      dialect,
      agent: PREFIXED[dialect].agent,
      hashesPerSecond: 10_000,
      reconnectMs: 20,
      ...options,
    },
  );
  return startedMiner(t, miner);
}

function prefixBed(
  dialect: PrefixDialect,
  pools: readonly PrefixPool[],
  mode: 'auto' | 'shared' = 'auto',
): Promise<ProxyBed> {
  const account = dialectAccount(NAME, pools, { dialect, ...PREFIXED[dialect] }, { mode });
  return startProxyBed([account], undefined, { dialects: DIALECTS });
}

describe('coins whose nonces begin with a prefix, through the proxy', () => {
  for (const dialect of ['equihash', 'kawpow', 'kaspa', 'autolykos'] as const) {
    for (const extranonceSubscribe of [true, false]) {
      test(`a ${dialect} miner ${extranonceSubscribe ? 'that takes another prefix' : 'that never asks for another'} mines, after one reconnect at most`, async (t) => {
        const pool = await prefixPool(t, dialect);
        await using bed = await prefixBed(dialect, [pool]);
        const miner = prefixMiner(t, bed, dialect, { extranonceSubscribe });
        await miner.waitFor(({ accepted }) => accepted >= 5, 20_000);
        pool.newJob();
        const { accepted } = miner.stats;
        await miner.waitFor((books) => books.accepted >= accepted + 5, 20_000);
        await miner.stop();
        assert.equal(miner.stats.connections, extranonceSubscribe || dialect === 'kaspa' ? 1 : 2);
        assert.deepEqual(miner.stats.violations, []);
        assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
        await eventually(
          () => bed.proxy.report().totals.every(({ inFlight }) => inFlight === 0),
          () => 'every share has its verdict',
        );
        const total = bed.proxy.report().totals.find((row) => row.pool !== '');
        assert.equal(total?.counts.accepted, pool.stats.accepted);
        const work = (total?.work ?? 0) / (pool.stats.accepted * HASHES_PER_SHARE);
        assert.ok(Math.abs(work - 1) < 0.01, `${work} of the work`);
      });
    }

    test(`a ${dialect} miner has the right prefix at once on a port that has an account`, async (t) => {
      const pool = await prefixPool(t, dialect);
      await using bed = await prefixBed(dialect, [pool]);
      const port = { host: '127.0.0.1', port: 0 };
      const listener = await bed.proxy.listen(port, { ...ANY_LISTENER, dialect, account: NAME });
      const miner = prefixMiner(t, bed, dialect, { port: listener.port, user: 'anybody' });
      await miner.waitFor(({ accepted }) => accepted >= 3, 20_000);
      assert.equal(miner.stats.connections, 1);
      assert.deepEqual(miner.stats.violations, []);
    });

    test(`${dialect} miners share a connection where their account asks for it, a byte of the prefix each`, async (t) => {
      const pool = await prefixPool(t, dialect);
      await using bed = await prefixBed(dialect, [pool], 'shared');
      const miners = Array.from({ length: 4 }, () =>
        prefixMiner(t, bed, dialect, { extranonceSubscribe: true }),
      );
      await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 4, 30_000)));
      assert.equal(pool.stats.connectionsNow, 1);
      for (const miner of miners) assert.deepEqual(miner.stats.violations, []);
      assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
    });

    test(`a change of pool reaches a ${dialect} miner that takes another prefix on its socket`, async (t) => {
      const first = await prefixPool(t, dialect);
      const second = await prefixPool(t, dialect);
      await using bed = await prefixBed(dialect, [first]);
      const miner = prefixMiner(t, bed, dialect, { extranonceSubscribe: true });
      await miner.waitFor(({ accepted }) => accepted >= 3, 20_000);
      const { connections } = miner.stats;
      bed.change(dialectAccount(NAME, [second], { dialect, ...PREFIXED[dialect] }, { revision: 2 }));
      await eventually(
        () => second.stats.accepted >= 3,
        () => `shares at the second pool: ${second.stats.summary()}`,
        20_000,
      );
      assert.equal(miner.stats.connections, connections);
      assert.deepEqual(miner.stats.violations, []);
      assert.equal(rejectedTotal(second.stats), 0, second.stats.summary());
    });
  }
});
