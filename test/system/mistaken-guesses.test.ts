import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { EthashMiner } from '../../src/practice/ethash-miner.ts';
import { EthashPool } from '../../src/practice/ethash-pool.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import type { PrefixDialect } from '../../src/practice/prefix/coins.ts';
import { PrefixMiner, type PrefixMinerOptions } from '../../src/practice/prefix/miner.ts';
import { PrefixPool } from '../../src/practice/prefix/pool.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { eventually } from '../support/eventually.ts';
import { startedMiner, startedPool } from '../support/practice.ts';
import { type ProxyBed, startProxyBed } from '../support/proxy-bed.ts';

const KASPA = '00112233445566aa';
const ERGO = '00112233445566bb';
const FLAVOURS = '00112233445566cc';
const LOL_MINER = 'lolMiner 1.76';

async function prefixPool(t: TestContext, dialect: PrefixDialect): Promise<PrefixPool> {
  const pool = new PrefixPool(
    { log: silentLog },
    {
      dialect,
      hashesPerShare: 100,
      jobIntervalMs: 0,
      blockIntervalMs: 0,
      credentials: new Map([['coin', 'secret']]),
    },
  );
  return startedPool(t, pool);
}

async function ethashPool(t: TestContext, flavour: 'ethproxy' | 'ethereum-stratum'): Promise<EthashPool> {
  const pool = new EthashPool(
    { log: silentLog },
    { flavour, jobIntervalMs: 0, blockIntervalMs: 0, credentials: new Map([['coin', 'secret']]) },
  );
  return startedPool(t, pool);
}

function prefixMiner(
  t: TestContext,
  bed: ProxyBed,
  dialect: PrefixDialect,
  options: Partial<PrefixMinerOptions> & Pick<PrefixMinerOptions, 'user'>,
): PrefixMiner {
  const miner = new PrefixMiner(
    { log: silentLog, clock: systemClock },
    {
      host: '127.0.0.1',
      port: bed.port,
      dialect,
      agent: LOL_MINER,
      hashesPerSecond: 10_000,
      reconnectMs: 20,
      ...options,
    },
  );
  return startedMiner(t, miner);
}

/** One program mines both, and its first line says of neither which it is. */
async function coinsOfOneProgram(t: TestContext) {
  const ergo = await prefixPool(t, 'autolykos');
  const kaspa = await prefixPool(t, 'kaspa');
  const bed = await startProxyBed(
    [
      dialectAccount(KASPA, [kaspa], {
        dialect: 'kaspa',
        algorithm: 'kheavyhash',
        divider: 1,
        user: 'coin',
        password: 'secret',
      }),
      dialectAccount(ERGO, [ergo], {
        dialect: 'autolykos',
        algorithm: 'autolykos2',
        divider: 1,
        user: 'coin',
        password: 'secret',
      }),
    ],
    undefined,
    { dialects: DIALECTS },
  );
  t.after(() => bed[Symbol.asyncDispose]());
  return { ergo, kaspa, bed };
}

describe('a miner whose first line was taken for another coin of its program', () => {
  test('is answered as another when it leaves before its login, and mines', async (t) => {
    const { ergo, bed } = await coinsOfOneProgram(t);
    const miner = prefixMiner(t, bed, 'autolykos', { user: `${ERGO}.rig` });
    await miner.waitFor(({ accepted }) => accepted >= 5, 20_000);
    assert.ok(miner.stats.connections <= 3, `${miner.stats.connections} connections`);
    assert.equal(rejectedTotal(ergo.stats), 0, ergo.stats.summary());
    // And the next time at once.
    const { connections } = miner.stats;
    miner.disconnect();
    const { accepted } = miner.stats;
    await miner.waitFor((books) => books.accepted >= accepted + 3, 20_000);
    assert.equal(miner.stats.connections, connections + 1);
  });

  test('does not spoil it for those of the other coin at its place', async (t) => {
    const { ergo, kaspa, bed } = await coinsOfOneProgram(t);
    const first = prefixMiner(t, bed, 'autolykos', { user: `${ERGO}.rig` });
    await first.waitFor(({ accepted }) => accepted >= 1, 20_000);
    const second = prefixMiner(t, bed, 'kaspa', { user: `${KASPA}.rig` });
    await second.waitFor(({ accepted }) => accepted >= 3, 20_000);
    assert.ok(second.stats.connections <= 2, `${second.stats.connections} connections`);
    first.disconnect();
    const { accepted } = first.stats;
    await first.waitFor((books) => books.accepted >= accepted + 3, 20_000);
    assert.equal(rejectedTotal(ergo.stats) + rejectedTotal(kaspa.stats), 0);
  });
});

test('a miner whose login shows that it was mistaken has the right prefix when it comes back: one reconnect in all', async (t) => {
  const kawpow = await prefixPool(t, 'kawpow');
  const ergo = await prefixPool(t, 'autolykos');
  const facts = { divider: 1, user: 'coin', password: 'secret' };
  await using bed = await startProxyBed(
    [
      dialectAccount(KASPA, [kawpow], { dialect: 'kawpow', algorithm: 'kawpow', ...facts }),
      dialectAccount(ERGO, [ergo], { dialect: 'autolykos', algorithm: 'autolykos2', ...facts }),
    ],
    undefined,
    { dialects: DIALECTS },
  );
  const miner = prefixMiner(t, bed, 'autolykos', { user: `${ERGO}.rig`, agent: 'a program of nobody' });
  await miner.waitFor(({ accepted }) => accepted >= 3, 20_000);
  assert.equal(miner.stats.connections, 2);
  assert.equal(rejectedTotal(ergo.stats), 0, ergo.stats.summary());
});

describe('an account whose pools speak several flavours', () => {
  test('takes miners of each, and sends them to the pools that are for them', async (t) => {
    const getwork = await ethashPool(t, 'ethproxy');
    const stratum = await ethashPool(t, 'ethereum-stratum');
    const spare = await ethashPool(t, 'ethereum-stratum');
    const facts = { algorithm: 'etchash', divider: 1, user: 'coin', password: 'secret' };
    const ofGetwork = dialectAccount(FLAVOURS, [getwork], { dialect: 'ethproxy', ...facts });
    const ofStratum = dialectAccount(FLAVOURS, [stratum, spare], { dialect: 'ethereum-stratum', ...facts });
    const account = { ...ofGetwork, entries: [...ofGetwork.entries, ...ofStratum.entries] as const };
    await using bed = await startProxyBed([account], undefined, { dialects: DIALECTS });
    const miners = (['ethproxy', 'ethereum-stratum'] as const).map((flavour) => {
      const miner = new EthashMiner(
        { log: silentLog, clock: systemClock },
        { flavour, host: '127.0.0.1', port: bed.port, user: `${FLAVOURS}.${flavour}`, reconnectMs: 20 },
      );
      return startedMiner(t, miner);
    });
    await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 3, 20_000)));
    assert.equal(getwork.stats.connectionsNow, 1);
    assert.equal(stratum.stats.connectionsNow, 1);
    const { connections } = miners[1]?.stats ?? assert.fail();
    await stratum.stop();
    await eventually(
      () => spare.stats.accepted >= 3,
      () => `the backup of its own flavour takes it: ${spare.stats.summary()}`,
      20_000,
    );
    assert.equal(miners[1]?.stats.connections, connections, 'on the same socket');
    const { accepted } = miners[0]?.stats ?? assert.fail();
    await miners[0]?.waitFor((books) => books.accepted > accepted, 20_000);
    assert.equal(rejectedTotal(getwork.stats) + rejectedTotal(spare.stats), 0);
  });
});
