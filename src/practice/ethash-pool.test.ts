import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { connectLines, type LinePeer, type Message } from '../../test/support/line-peer.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { EthashMiner, type EthashMinerOptions } from './ethash-miner.ts';
import { EthashPool, type EthashPoolOptions } from './ethash-pool.ts';
import {
  ethashMix,
  ethashPreimage,
  ethashResult,
  PRACTICE_FLAVOURS,
  type PracticeFlavour,
  practiceSeed,
} from './ethash-proof.ts';

const HAND = { jobIntervalMs: 0, blockIntervalMs: 0 } as const;

async function openPool(t: TestContext, options: EthashPoolOptions): Promise<EthashPool> {
  const pool = new EthashPool({ log: silentLog }, { ...HAND, ...options });
  await pool.start();
  t.after(() => pool.stop());
  return pool;
}

function openMiner(
  t: TestContext,
  pool: EthashPool,
  options: Partial<EthashMinerOptions> & Pick<EthashMinerOptions, 'flavour'>,
): EthashMiner {
  const miner = new EthashMiner(
    { log: silentLog, clock: systemClock },
    { ...pool.endpoint, user: 'demo', rig: 'rig1', reconnectMs: 20, ...options },
  );
  t.after(() => miner.stop());
  miner.start();
  return miner;
}

describe('the stand-in for ethash', () => {
  test('is keccak-256 of header and nonce, and of that', () => {
    assert.equal(practiceSeed(0), '0'.repeat(64));
    assert.equal(practiceSeed(1), '290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563');
    const result = ethashResult(ethashPreimage('00'.repeat(24), '00'.repeat(8)));
    assert.equal(result.toString('hex'), practiceSeed(1));
    assert.equal(ethashMix(result).toString('hex'), practiceSeed(2));
  });
});

for (const flavour of PRACTICE_FLAVOURS) {
  describe(`practice in ${flavour}`, () => {
    const hasPrefix = flavour === 'ethereum-stratum' || flavour === 'eip1571';

    test('finds shares that the pool takes, and nothing to complain of', async (t) => {
      const pool = await openPool(t, { flavour, credentials: new Map([['demo', 'x']]) });
      const miner = openMiner(t, pool, { flavour });
      await miner.waitFor(({ accepted }) => accepted >= 5);
      pool.newJob({ clean: true });
      const { accepted } = miner.stats;
      await miner.waitFor((stats) => stats.accepted >= accepted + 5);
      await miner.reportHashrate();
      assert.deepEqual(miner.stats.violations, []);
      assert.equal(pool.stats.faults, 0);
      assert.equal(pool.stats.user('demo.rig1').accepted, pool.stats.accepted);
      assert.equal(pool.stats.rejected.malformed, 0);
      assert.equal(miner.task?.prefix.length, hasPrefix ? 4 : 0);
    });

    test('mines at a new difficulty and in a new epoch with the next job', async (t) => {
      const pool = await openPool(t, { flavour });
      const miner = openMiner(t, pool, { flavour });
      await miner.waitFor(({ jobs }) => jobs >= 1);
      pool.setDifficulty(2e-7);
      pool.newJob({ clean: true, epoch: 51 });
      await miner.waitFor(({ difficulty }) => Math.abs(difficulty / 2e-7 - 1) < 1e-9);
      const { task } = miner;
      assert.equal(task?.epoch ?? task?.seed, flavour === 'eip1571' ? 51 : practiceSeed(51));
      await miner.waitFor(({ accepted }) => accepted >= 2);
      assert.deepEqual(miner.stats.violations, []);
    });

    test('refuses a share twice, one that is too easy, and one that is over', async (t) => {
      const pool = await openPool(t, { flavour, difficulty: 1e6 });
      const miner = openMiner(t, pool, { flavour, hashesPerSecondLimit: 1 });
      await miner.waitFor(({ authorized, jobs }) => authorized && jobs >= 1);
      const nonce = (digit: string): string => (miner.task?.prefix ?? '').padEnd(16, digit);
      miner.submitNonce(nonce('1'));
      await pool.waitFor(({ rejected }) => rejected['low-difficulty'] === 1);
      miner.submitNonce(nonce('1'));
      await pool.waitFor(({ rejected }) => rejected.duplicate === 1);
      const [session] = pool.sessions;
      pool.newJob({ clean: true });
      // The same task once more, which the miner still holds until it has read the new one.
      miner.submitNonce(nonce('2'));
      await pool.waitFor(({ submitted }) => submitted === 3);
      assert.equal(pool.stats.rejected.stale, 1);
      assert.equal(session?.isAuthorized, true);
    });

    test('lets nobody in with a wrong password', async (t) => {
      const pool = await openPool(t, { flavour, credentials: new Map([['demo', 'secret']]) });
      const miner = openMiner(t, pool, { flavour });
      await miner.waitFor(({ authorizeFailures }) => authorizeFailures >= 2);
      assert.equal(miner.stats.jobs, 0);
      assert.equal(pool.stats.authorizes, 0);
    });

    test('is found by a miner that looks for its flavour', async (t) => {
      const pool = await openPool(t, { flavour });
      const miner = openMiner(t, pool, { flavour: 'detect' });
      await miner.waitFor(({ accepted }) => accepted >= 1);
      assert.equal(miner.flavour, flavour);
      const order: readonly PracticeFlavour[] = ['eip1571', 'ethereum-stratum', 'ethproxy', 'ethash-plain'];
      assert.equal(pool.stats.connectionsTotal, order.indexOf(flavour) + 1);
    });

    test('goes on after the connection was lost', async (t) => {
      const pool = await openPool(t, { flavour });
      const miner = openMiner(t, pool, { flavour });
      await miner.waitFor(({ accepted }) => accepted >= 1);
      miner.disconnect();
      await miner.waitFor(({ connections }) => connections === 2);
      const { accepted } = miner.stats;
      await miner.waitFor((stats) => stats.accepted > accepted);
      assert.deepEqual(miner.stats.violations, []);
    });

    if (hasPrefix) {
      test('follows another prefix', async (t) => {
        const pool = await openPool(t, { flavour });
        const miner = openMiner(t, pool, { flavour });
        await miner.waitFor(({ accepted }) => accepted >= 1);
        const before = miner.task?.prefix;
        assert.equal(pool.changePrefixes(), 1);
        await miner.waitFor(() => miner.task?.prefix !== before);
        const { accepted } = miner.stats;
        await miner.waitFor((stats) => stats.accepted > accepted);
        assert.equal(pool.stats.rejected.malformed, 0);
      });

      test('wants the digits behind the prefix alone', async (t) => {
        const pool = await openPool(t, { flavour });
        const miner = openMiner(t, pool, { flavour, submitsWholeNonce: true });
        await miner.waitFor(({ rejected }) => rejected >= 1);
        assert.equal(pool.stats.accepted, 0);
        assert.ok(pool.stats.rejected.malformed >= 1);
      });
    } else {
      test('has no prefix to change', async (t) => {
        const pool = await openPool(t, { flavour });
        assert.equal(pool.changePrefixes(), 0);
      });
    }
  });
}

test('an EthProxy pool that pushes nothing answers who asks', async (t) => {
  const pool = await openPool(t, { flavour: 'ethproxy', pushesJobs: false });
  const miner = openMiner(t, pool, { flavour: 'ethproxy' });
  await miner.waitFor(({ accepted, authorized }) => authorized && accepted >= 1);
  const { header } = pool.newJob();
  const { accepted } = miner.stats;
  await miner.waitFor((stats) => stats.accepted > accepted);
  assert.notEqual(miner.task?.header, header);
  await miner.askForWork();
  assert.equal(miner.task?.header, header);
});

describe('the strictness of the practice pool', () => {
  const LOGINS: Readonly<Record<PracticeFlavour, readonly Message[]>> = {
    ethproxy: [{ id: 1, method: 'eth_submitLogin', params: ['demo', 'x'] }],
    'ethash-plain': [
      { id: 1, jsonrpc: '2.0', method: 'mining.subscribe', params: [] },
      { id: 2, jsonrpc: '2.0', method: 'mining.authorize', params: ['demo', 'x'] },
    ],
    'ethereum-stratum': [
      { id: 1, method: 'mining.subscribe', params: ['x', 'EthereumStratum/1.0.0'] },
      { id: 2, method: 'mining.authorize', params: ['demo', 'x'] },
    ],
    eip1571: [
      {
        id: 0,
        method: 'mining.hello',
        params: { agent: 'x', host: 'h', port: '4d2', proto: 'EthereumStratum/2.0.0' },
      },
      { id: 1, method: 'mining.subscribe' },
      { id: 2, method: 'mining.authorize', params: ['demo', 'x'] },
    ],
  };

  /** Logs in by hand; each answer in turn. */
  async function talk(t: TestContext, pool: EthashPool, flavour: PracticeFlavour): Promise<LinePeer> {
    const peer = await connectLines(pool.endpoint.port);
    t.after(() => peer.end());
    for (const message of LOGINS[flavour]) peer.send(message);
    await pool.waitFor(({ authorizes }) => authorizes >= 1);
    return peer;
  }

  const header = 'ab'.repeat(32);
  const H = `0x${header}`;
  for (const [flavour, what, message] of [
    ['ethproxy', 'a nonce without 0x', { method: 'eth_submitWork', params: ['0000000000000001', H, H] }],
    ['ethproxy', 'a short nonce', { method: 'eth_submitWork', params: ['0x1', H, H] }],
    ['ethproxy', 'upper case', { method: 'eth_submitWork', params: ['0x00000000000000AA', H, H] }],
    ['ethproxy', 'no mix hash', { method: 'eth_submitWork', params: ['0x0000000000000001', H] }],
    [
      'ethash-plain',
      'a missing element',
      { jsonrpc: '2.0', method: 'mining.submit', params: ['demo', header, '0x0000000000000001', H] },
    ],
    ['ethereum-stratum', 'a fourth element', { method: 'mining.submit', params: ['demo', 'x', '1', 'y'] }],
    [
      'ethereum-stratum',
      'a nonce with 0x',
      { method: 'mining.submit', params: ['demo', 'x', '0x1234567890'] },
    ],
    ['eip1571', 'a short nonce', { method: 'mining.submit', params: ['x', '12', 'w-1'] }],
  ] as const) {
    test(`${flavour}: a share with ${what} is malformed`, async (t) => {
      const pool = await openPool(t, { flavour });
      const peer = await talk(t, pool, flavour);
      peer.send({ id: 40, ...message });
      await pool.waitFor(({ rejected }) => rejected.malformed === 1);
    });
  }

  for (const [flavour, what, message] of [
    ['ethash-plain', 'no jsonrpc', { id: 9, method: 'eth_submitHashrate', params: [] }],
    ['eip1571', 'jsonrpc', { id: 9, jsonrpc: '2.0', method: 'mining.noop' }],
    ['eip1571', 'an id of null', { id: null, method: 'mining.noop' }],
    ['eip1571', 'a text for an id', { id: '9', method: 'mining.noop' }],
    ['eip1571', 'an id of 65536', { id: 65_536, method: 'mining.noop' }],
    ['eip1571', 'params of null', { id: 9, method: 'mining.noop', params: null }],
  ] as const) {
    test(`${flavour}: a message with ${what} is a fault`, async (t) => {
      const pool = await openPool(t, { flavour });
      const peer = await talk(t, pool, flavour);
      peer.send(message);
      await pool.waitFor(({ faults }) => faults === 1);
    });
  }

  test('a mix hash that is not the one of the result is refused', async (t) => {
    const pool = await openPool(t, { flavour: 'ethproxy', difficulty: 1e-9 });
    const peer = await talk(t, pool, 'ethproxy');
    const work = `0x${pool.job?.header}`;
    const submit = (mix: string): void =>
      peer.send({ id: 40, method: 'eth_submitWork', params: ['0x0000000000000001', work, `0x${mix}`] });
    submit(header);
    await pool.waitFor(({ rejected }) => rejected.malformed === 1);
  });

  test('a line above 1024 bytes ends the connection', async (t) => {
    const pool = await openPool(t, { flavour: 'ethproxy' });
    const peer = await talk(t, pool, 'ethproxy');
    peer.send({ id: 40, method: 'x'.repeat(1100) });
    await pool.waitFor(({ faults, connectionsNow }) => faults === 1 && connectionsNow === 0);
  });

  test('a refusal may end the connection', async (t) => {
    const pool = await openPool(t, { flavour: 'ethproxy', closesOnRefusal: true });
    const peer = await talk(t, pool, 'ethproxy');
    peer.send({ id: 40, method: 'eth_nonsense', params: [] });
    await pool.waitFor(({ connectionsNow }) => connectionsNow === 0);
    assert.equal(pool.stats.unknownMethods.get('eth_nonsense'), 1);
  });
});
