import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { EthashMiner, type EthashMinerOptions } from '../../src/practice/ethash-miner.ts';
import { EthashPool, type EthashPoolOptions } from '../../src/practice/ethash-pool.ts';
import { PRACTICE_FLAVOURS, type PracticeFlavour } from '../../src/practice/ethash-proof.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { eventually } from '../support/eventually.ts';
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
  await pool.start();
  t.after(() => pool.stop());
  return pool;
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
  t.after(() => miner.stop());
  miner.start();
  return miner;
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
        assert.ok(miner.stats.connections <= 2, `${miner.stats.connections} connections`);
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
      bed.proxy.onAccountChanged(
        dialectAccount(NAME, [second], { dialect: flavour, ...ETCHASH }, { revision: 2 }),
      );
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
