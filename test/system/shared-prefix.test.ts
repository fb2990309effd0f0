import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { EthashMiner } from '../../src/practice/ethash-miner.ts';
import { EthashPool } from '../../src/practice/ethash-pool.ts';
import type { PracticeFlavour } from '../../src/practice/ethash-proof.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import type { PrefixDialect } from '../../src/practice/prefix/coins.ts';
import { PrefixMiner } from '../../src/practice/prefix/miner.ts';
import { PrefixPool } from '../../src/practice/prefix/pool.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { eventually } from '../support/eventually.ts';
import { BY_HAND, type PracticeMiner, type PracticePool, startedPool } from '../support/practice.ts';
import { type ProxyBed, startProxyBed } from '../support/proxy-bed.ts';

/**
 * Accounts that ask for shared connections in dialects whose nonces begin with the pool's prefix: a byte of ours behind it for each miner, and where the pool leaves no
 * room for that byte a connection for each. The practice pools refuse a nonce that does not begin with what that connection was told.
 */

const NAME = '00112233445566aa';
const parts = { log: silentLog, clock: systemClock };

interface Pool extends PracticePool {
  /** What it has told its clients of now. */
  readonly prefixes: () => readonly string[];
  newJob(options: { readonly clean: boolean }): unknown;
  changePrefixes(): number;
}

interface Case {
  readonly dialect: string;
  readonly algorithm: string;
  readonly divider: number;
  /** The longest prefix with room behind it, in bytes. */
  readonly roomUpTo: number;
  readonly pool: (prefixBytes: number) => Pool;
  readonly miner: (port: number, user: string, takesPrefixes: boolean) => PracticeMiner;
}

function ethash(flavour: PracticeFlavour): Case {
  return {
    dialect: flavour,
    algorithm: 'etchash',
    divider: 1,
    roomUpTo: 2,
    pool: (prefixBytes) => {
      const pool = new EthashPool(parts, { ...BY_HAND, flavour, prefixBytes });
      return Object.assign(pool, { prefixes: () => pool.sessions.map(({ prefix }) => prefix) });
    },
    miner: (port, user) =>
      new EthashMiner(parts, { host: '127.0.0.1', port, user, flavour, reconnectMs: 20 }),
  };
}

function prefixed(
  dialect: PrefixDialect,
  given: {
    readonly algorithm: string;
    readonly divider: number;
    readonly agent: string;
    readonly roomUpTo: number;
  },
): Case {
  const { agent, ...facts } = given;
  return {
    dialect,
    ...facts,
    pool: (prefixBytes) => {
      const pool = new PrefixPool(parts, { ...BY_HAND, dialect, prefixBytes, hashesPerShare: 400 });
      return Object.assign(pool, { prefixes: () => pool.clients.map(({ prefix }) => prefix) });
    },
    miner: (port, user, extranonceSubscribe) =>
      new PrefixMiner(parts, {
        host: '127.0.0.1',
        port,
        user,
        dialect,
        agent,
        hashesPerSecond: 10_000,
        reconnectMs: 20,
        extranonceSubscribe,
      }),
  };
}

const CASES: readonly Case[] = [
  ethash('ethereum-stratum'),
  ethash('eip1571'),
  prefixed('kawpow', {
    algorithm: 'kawpow',
    divider: 0.99609375,
    agent: 'kawpowminer/1.2.4',
    roomUpTo: 3,
  }),
];

interface Bed {
  readonly pool: Pool;
  readonly bed: ProxyBed;
  readonly miners: readonly PracticeMiner[];
}

/** Two miners that come at the same moment, as after a power cut. */
async function mine(t: TestContext, given: Case, prefixBytes: number, takesPrefixes = true): Promise<Bed> {
  const pool = given.pool(prefixBytes);
  await startedPool(t, pool);
  const account = dialectAccount(NAME, [pool], given, { mode: 'shared' });
  const bed = await startProxyBed([account], undefined, { dialects: DIALECTS });
  t.after(() => bed[Symbol.asyncDispose]());
  const miners = ['a', 'b'].map((rig) => given.miner(bed.port, `${NAME}.${rig}`, takesPrefixes));
  t.after(() => Promise.all(miners.map((miner) => miner.stop())));
  for (const miner of miners) miner.start();
  await mineOn(miners);
  return { pool, bed, miners };
}

async function mineOn(miners: readonly PracticeMiner[]): Promise<void> {
  const before = miners.map(({ stats }) => stats.accepted);
  await Promise.all(
    miners.map((miner, i) => miner.waitFor(({ accepted }) => accepted >= (before[i] ?? 0) + 5, 20_000)),
  );
}

/** Nobody was refused anything, and the three books agree. */
async function settle({ pool, bed, miners }: Bed): Promise<void> {
  await Promise.all(miners.map((miner) => miner.stop()));
  await eventually(
    () => bed.proxy.report().totals.every(({ inFlight }) => inFlight === 0),
    () => 'every share has its verdict',
  );
  for (const { stats } of miners) assert.deepEqual(stats.violations, []);
  const { stale, ...wrong } = pool.stats.rejected;
  assert.deepEqual(
    Object.values(wrong).filter((count) => count > 0),
    [],
    pool.stats.summary(),
  );
  assert.equal(rejectedTotal(pool.stats), stale);
  const total = bed.proxy.report().totals.find(({ pool: name }) => name !== '');
  assert.equal(total?.counts.accepted, pool.stats.accepted);
}

for (const given of CASES) {
  const { dialect, roomUpTo } = given;
  describe(`two ${dialect} miners of an account that shares connections`, { timeout: 60_000 }, () => {
    for (const prefixBytes of [0, 1, roomUpTo]) {
      test(`have a byte each behind the ${prefixBytes} of the pool, on one connection`, async (t) => {
        const line = await mine(t, given, prefixBytes);
        const { pool, miners } = line;
        const check = (): void => {
          const [prefix] = pool.prefixes();
          assert.equal(prefix?.length, prefixBytes * 2);
          const own = miners.map(({ stats }) => stats.extranonce1);
          for (const one of own) {
            assert.ok(one.startsWith(prefix ?? ' '), `${one} behind ${prefix}`);
            assert.equal(one.length, prefixBytes * 2 + 2);
          }
          assert.equal(new Set(own).size, 2, own.join());
        };
        assert.equal(pool.stats.connectionsTotal, 1);
        check();
        pool.newJob({ clean: true });
        await mineOn(miners);
        check();
        await settle(line);
        assert.equal(pool.stats.connectionsTotal, 1);
      });
    }

    test(`follow the pool to another prefix, each with its byte`, async (t) => {
      const line = await mine(t, given, roomUpTo);
      const { pool, miners } = line;
      const before = miners.map(({ stats }) => [stats.extranonce1, stats.connections]);
      assert.equal(pool.changePrefixes(), 1);
      const [prefix = ' '] = pool.prefixes();
      await Promise.all(
        miners.map((miner) => miner.waitFor(({ extranonce1 }) => extranonce1.startsWith(prefix))),
      );
      await mineOn(miners);
      const after = miners.map(({ stats }) => [stats.extranonce1, stats.connections]);
      assert.equal(new Set(after.map(([own]) => own)).size, 2);
      for (const [i, [own, connections]] of after.entries()) {
        assert.equal(String(own).length, roomUpTo * 2 + 2);
        assert.equal(connections, before[i]?.[1], 'on the same socket');
      }
      await settle(line);
      assert.equal(pool.stats.connectionsTotal, 1);
    });

    test(`have a connection each where the pool's prefix of ${roomUpTo + 1} bytes leaves no room, and its whole prefix`, async (t) => {
      const line = await mine(t, given, roomUpTo + 1);
      const { pool, miners } = line;
      const own = new Set(miners.map(({ stats }) => stats.extranonce1));
      assert.equal(own.size, 2);
      // One connection more is kept ready for the next miner.
      assert.ok(
        [...own].every((one) => pool.prefixes().includes(one)),
        `${[...own].join()} of ${pool.prefixes().join()}`,
      );
      for (const { stats } of miners)
        assert.ok(stats.connections <= 2, `${stats.connections} connections of a miner`);
      await settle(line);
      assert.ok(pool.stats.connectionsTotal <= 3, `${pool.stats.connectionsTotal} connections to the pool`);
    });

    test('go to a pool that leaves no room and back to the one that does, on their sockets', async (t) => {
      const line = await mine(t, given, roomUpTo);
      const { pool, bed, miners } = line;
      const narrow = given.pool(roomUpTo + 1);
      await narrow.start();
      t.after(() => narrow.stop());
      const connections = miners.map(({ stats }) => stats.connections);
      for (const [revision, to] of [narrow, pool].entries()) {
        const mode = { mode: 'shared', revision: revision + 2 } as const;
        bed.change(dialectAccount(NAME, [to], given, mode));
        const isThere = (prefix: string): boolean => to.prefixes().some((one) => prefix.startsWith(one));
        await Promise.all(miners.map((miner) => miner.waitFor(({ extranonce1 }) => isThere(extranonce1))));
        await mineOn(miners);
        assert.equal(new Set(miners.map(({ stats }) => stats.extranonce1)).size, 2);
        for (const { stats } of miners)
          assert.equal(
            stats.extranonce1.length,
            roomUpTo * 2 + 2,
            'either all of the pool or a byte of ours',
          );
      }
      assert.deepEqual(
        miners.map(({ stats }) => stats.connections),
        connections,
      );
      await Promise.all(miners.map((miner) => miner.stop()));
      for (const { stats } of miners) assert.deepEqual(stats.violations, []);
      for (const { stats } of [pool, narrow]) {
        const { malformed, duplicate, unauthorized } = stats.rejected;
        assert.deepEqual([malformed, duplicate, unauthorized], [0, 0, 0], stats.summary());
      }
    });
  });
}

const [, , kawpow] = CASES;
test('kawpow miners that take no other prefix share a connection after one reconnect each', async (t) => {
  assert.ok(kawpow !== undefined);
  const line = await mine(t, kawpow, 2, false);
  const { pool, miners } = line;
  assert.equal(new Set(miners.map(({ stats }) => stats.extranonce1)).size, 2);
  for (const { stats } of miners) assert.ok(stats.connections <= 2, `${stats.connections} connections`);
  await settle(line);
  assert.equal(pool.stats.connectionsTotal, 1);
});
