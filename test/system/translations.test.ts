import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import { makeCache } from '../../src/algorithms/ethash/light.ts';
import { Mixes } from '../../src/algorithms/ethash/mixes.ts';
import type { Account } from '../../src/domain/account.ts';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { EthashMiner, type EthashMinerOptions } from '../../src/practice/ethash-miner.ts';
import { EthashPool, type EthashPoolOptions } from '../../src/practice/ethash-pool.ts';
import {
  type EthashProof,
  ethashProof,
  PRACTICE_FLAVOURS,
  type PracticeFlavour,
} from '../../src/practice/ethash-proof.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import type { ProxyParts } from '../../src/proxy/proxy.ts';
import type { ShareMix } from '../../src/proxy/share-mix.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { eventually } from '../support/eventually.ts';
import { Farm } from '../support/farm.ts';
import { connectLines } from '../support/line-peer.ts';
import { startedMiner, startedPool } from '../support/practice.ts';
import { type ProxyBed, startProxyBed, testSettings } from '../support/proxy-bed.ts';

const NAME = '00112233445566aa';
const ETCHASH = { algorithm: 'etchash', divider: 1, user: 'account', password: 'secret' };
/** Ethash itself takes milliseconds a hash here. */
const HASHES_PER_SHARE = 2;
const REAL_DIFFICULTY = HASHES_PER_SHARE / 2 ** 32;
const REAL_RATE = 10;

const mixes = new Mixes({ log: silentLog }, { caches: 1 });
after(() => mixes.close());
let proof: EthashProof | null = null;
/** Of the first epoch, the smallest there is. */
const real = (): EthashProof => {
  proof ??= ethashProof(makeCache(0, new Uint8Array(32)));
  return proof;
};

async function poolOf(
  t: TestContext,
  flavour: PracticeFlavour,
  options: Partial<EthashPoolOptions> = {},
): Promise<EthashPool> {
  const quiet = { jobIntervalMs: 0, blockIntervalMs: 0, credentials: new Map([['account', 'secret']]) };
  const pool = new EthashPool({ log: silentLog }, { flavour, ...quiet, ...options });
  return startedPool(t, pool);
}

/** With ethash itself, so that the pool can check the mix hash that the proxy has computed. */
const realPool = (t: TestContext, flavour: PracticeFlavour): Promise<EthashPool> =>
  poolOf(t, flavour, { proof: real(), epoch: 0, difficulty: REAL_DIFFICULTY });

function minerOf(
  t: TestContext,
  bed: Pick<ProxyBed, 'port'>,
  flavour: PracticeFlavour,
  options: Partial<EthashMinerOptions> = {},
): EthashMiner {
  const miner = new EthashMiner(
    { log: silentLog, clock: systemClock },
    { flavour, host: '127.0.0.1', port: bed.port, user: `${NAME}.rig`, reconnectMs: 20, ...options },
  );
  return startedMiner(t, miner);
}

const realMiner = (
  t: TestContext,
  bed: Pick<ProxyBed, 'port'>,
  flavour: PracticeFlavour,
  options: Partial<EthashMinerOptions> = {},
): EthashMiner =>
  minerOf(t, bed, flavour, {
    proof: real(),
    hashesPerSecondLimit: REAL_RATE,
    agent: 'lolMiner 1.88',
    ...options,
  });

function bedOf(accounts: readonly Account[], parts: Partial<ProxyParts> = {}): Promise<ProxyBed> {
  return startProxyBed(
    accounts,
    testSettings({ upstream: { submitTimeoutMs: 20_000, callTimeoutMs: 10_000 } }),
    {
      dialects: DIALECTS,
      mix: mixes,
      ...parts,
    },
  );
}

async function acceptedMore(miner: EthashMiner, count: number): Promise<void> {
  const { accepted } = miner.stats;
  await miner.waitFor((stats) => stats.accepted >= accepted + count, 60_000);
}

async function allAnswered(bed: ProxyBed): Promise<void> {
  await eventually(
    () => bed.proxy.report().totals.every(({ inFlight }) => inFlight === 0),
    () => 'every share has its verdict',
  );
}

/** What was on its way when a block came is stale and nobody's fault. */
function rejectedButStale({ stats }: EthashPool): number {
  return rejectedTotal(stats) - stats.rejected.stale;
}

const pairingOf = (miner: PracticeFlavour, pool: PracticeFlavour): string | undefined =>
  DIALECTS.find(({ name }) => name === miner)?.pairing(pool);
const PAIRS = PRACTICE_FLAVOURS.flatMap((miner) => PRACTICE_FLAVOURS.map((pool) => ({ miner, pool })));

test('every pair of flavours is mined, or refused at login with the reason', () => {
  const kinds = PAIRS.map(({ miner, pool }) => pairingOf(miner, pool));
  // The eight direct ones are mined in dialects.test.ts, the others below.
  for (const [kind, count] of [
    ['direct', 8],
    ['completed', 4],
    ['whole-nonce', 4],
  ] as const)
    assert.equal(kinds.filter((one) => one === kind).length, count);
});

describe('a miner that leaves out the mix hash', () => {
  for (const { miner: flavour, pool: spoken } of PAIRS.filter(
    ({ miner, pool }) => pairingOf(miner, pool) === 'completed',
  )) {
    test(`of ${flavour} mines at a pool of ${spoken}, which checks it`, async (t) => {
      const pool = await realPool(t, spoken);
      await using bed = await bedOf([dialectAccount(NAME, [pool], { dialect: spoken, ...ETCHASH })]);
      const miner = realMiner(t, bed, flavour);
      await acceptedMore(miner, 4);
      const { connections } = miner.stats;
      const prefix = miner.task?.prefix;
      assert.equal(prefix?.length, 4, 'a prefix of ours');
      pool.newJob();
      await acceptedMore(miner, 3);
      pool.setDifficulty(REAL_DIFFICULTY * 2);
      const { cleanJobs } = miner.stats;
      pool.newJob({ clean: true });
      await miner.waitFor(({ difficulty }) => Math.abs(difficulty / (REAL_DIFFICULTY * 2) - 1) < 1e-6);
      assert.equal(miner.stats.cleanJobs, cleanJobs + 1, 'a new block voids what was before');
      await acceptedMore(miner, 3);
      await miner.stop();
      await allAnswered(bed);
      assert.deepEqual(miner.stats.violations, []);
      assert.equal(miner.stats.connections, connections);
      assert.equal(rejectedButStale(pool), 0, pool.stats.summary());
      assert.equal(pool.stats.faults, 0);
      assert.equal(
        pool.stats.user('account.rig').accepted + pool.stats.user('account').accepted,
        pool.stats.accepted,
      );
      const total = bed.proxy.report().totals.find((row) => row.pool !== '');
      assert.equal(total?.counts.accepted, pool.stats.accepted);
      assert.equal(total?.counts['low-difficulty'], 0);
    });
  }

  test('has what is too easy, or found twice, refused, the former before it gets to the pool', async (t) => {
    const pool = await realPool(t, 'ethproxy');
    await using bed = await bedOf([dialectAccount(NAME, [pool], { dialect: 'ethproxy', ...ETCHASH })]);
    const miner = realMiner(t, bed, 'ethereum-stratum', { hashesPerSecondLimit: 1e-6 });
    await miner.waitFor(({ jobs, authorized }) => authorized && jobs >= 1);
    const { task } = miner;
    assert.ok(task !== null && pool.job !== null);
    const { header } = pool.job;
    const meets = (nonce: string): boolean =>
      Buffer.from(real().result(Buffer.from(header + nonce, 'hex'))).toString('hex') <= task.target;
    const nonces = Array.from({ length: 64 }, (_, i) => task.prefix + i.toString(16).padStart(12, '0'));
    const good = nonces.find(meets);
    const bad = nonces.find((nonce) => !meets(nonce));
    assert.ok(good !== undefined && bad !== undefined);
    miner.submitNonce(bad);
    miner.submitNonce(good);
    miner.submitNonce(good);
    await miner.waitFor(({ accepted, rejected }) => accepted === 1 && rejected === 2);
    assert.deepEqual([...miner.stats.reasons.keys()], ['Low difficulty share', 'Duplicate share']);
    assert.equal(pool.stats.submitted, 2);
  });

  test('of many on one pool no two search the same nonces, on one connection or on several', async (t) => {
    for (const mode of ['shared', 'dedicated'] as const) {
      const pool = await realPool(t, 'ethproxy');
      await using bed = await bedOf([
        dialectAccount(NAME, [pool], { dialect: 'ethproxy', ...ETCHASH }, { mode }),
      ]);
      const miners = Array.from({ length: 4 }, (_, i) =>
        realMiner(t, bed, i % 2 === 0 ? 'ethereum-stratum' : 'eip1571', {
          user: `${NAME}.rig${i}`,
          hashesPerSecondLimit: 3,
        }),
      );
      await Promise.all(miners.map((miner) => acceptedMore(miner, 1)));
      const prefixes = new Set(miners.map((miner) => miner.task?.prefix));
      assert.equal(prefixes.size, miners.length);
      assert.equal(pool.stats.connectionsNow, mode === 'shared' ? 1 : miners.length);
      await Promise.all(miners.map((miner) => miner.stop()));
      assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
    }
  });

  test('goes from a pool of its own flavour to one of another and back on the same socket', async (t) => {
    for (const flavour of ['ethereum-stratum', 'eip1571'] as const) {
      const own = await realPool(t, flavour);
      const other = await realPool(t, 'ethproxy');
      const onOwn = dialectAccount(NAME, [own], { dialect: flavour, ...ETCHASH });
      const onOther = dialectAccount(NAME, [other], { dialect: 'ethproxy', ...ETCHASH });
      await using bed = await bedOf([onOwn]);
      const miner = realMiner(t, bed, flavour);
      await acceptedMore(miner, 2);
      const { connections } = miner.stats;
      const prefix = miner.task?.prefix;
      bed.change({ ...onOther, revision: 2 });
      await eventually(
        () => other.stats.accepted >= 3,
        () => `shares at the other pool: ${other.stats.summary()}`,
        60_000,
      );
      assert.equal(miner.task?.prefix, prefix, 'any prefix will do there');
      bed.change({ ...onOwn, revision: 3 });
      const before = own.stats.accepted;
      await eventually(
        () => own.stats.accepted >= before + 3,
        () => `shares back at its own: ${own.stats.summary()}`,
        60_000,
      );
      await miner.stop();
      await allAnswered(bed);
      assert.equal(miner.stats.connections, connections);
      assert.deepEqual(miner.stats.violations, []);
      for (const pool of [own, other]) assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
    }
  });

  test('with the prefix of another gets one of ours', async (t) => {
    const [one, two] = [await realPool(t, 'ethereum-stratum'), await realPool(t, 'ethereum-stratum')];
    const shared = await realPool(t, 'ethproxy');
    const OTHER = '00112233445566bb';
    const given = { dialect: 'ethereum-stratum', ...ETCHASH };
    await using bed = await bedOf([dialectAccount(NAME, [one], given), dialectAccount(OTHER, [two], given)]);
    const miners = [NAME, OTHER].map((name) =>
      realMiner(t, bed, 'ethereum-stratum', { user: `${name}.rig`, hashesPerSecondLimit: 5 }),
    );
    await Promise.all(miners.map((miner) => miner.waitFor(({ jobs }) => jobs >= 1, 20_000)));
    for (const pool of [one, two]) {
      for (const session of pool.sessions) session.setPrefix('af4c07');
      pool.newJob({ clean: true });
    }
    await Promise.all(miners.map((miner) => miner.waitFor(() => miner.task?.prefix === 'af4c07', 20_000)));
    for (const name of [NAME, OTHER]) {
      const moved = dialectAccount(name, [shared], { dialect: 'ethproxy', ...ETCHASH }, { revision: 2 });
      bed.change(moved);
    }
    await eventually(
      () => shared.stats.connectionsNow === 2 && new Set(miners.map(({ task }) => task?.prefix)).size === 2,
      () => `prefixes ${miners.map(({ task }) => task?.prefix).join()}`,
      20_000,
    );
    await Promise.all(miners.map((miner) => acceptedMore(miner, 1)));
    assert.ok(
      miners.some(({ task }) => task?.prefix === 'af4c07'),
      'the first keeps it',
    );
    for (const miner of miners) assert.deepEqual(miner.stats.violations, []);
    await Promise.all(miners.map((miner) => miner.stop()));
    assert.equal(shared.stats.rejected.duplicate, 0);
  });

  test('that takes no change of its prefix comes to a pool of its own flavour by one reconnect', async (t) => {
    const own = await realPool(t, 'ethereum-stratum');
    const other = await realPool(t, 'ethproxy');
    await using bed = await bedOf([dialectAccount(NAME, [other], { dialect: 'ethproxy', ...ETCHASH })]);
    const miner = await connectLines(bed.port);
    t.after(() => miner.socket.destroy());
    const subscribed = await miner.call({
      id: 1,
      method: 'mining.subscribe',
      params: ['lolMiner 1.88', 'EthereumStratum/1.0.0'],
    });
    assert.match(JSON.stringify(subscribed['result']), /,"[0-9a-f]{4}"\]$/);
    await miner.call({ id: 2, method: 'mining.authorize', params: [`${NAME}.rig`, 'x'] });
    await miner.nextMethod('mining.notify', 30_000);
    const moved = dialectAccount(NAME, [own], { dialect: 'ethereum-stratum', ...ETCHASH }, { revision: 2 });
    bed.change(moved);
    await miner.closed(20_000);
  });

  test('gets its job, or leaves the pool before, once its shares can be completed', async (t) => {
    let isReady = false;
    const waiting: (() => void)[] = [];
    const slow: ShareMix = {
      canMix: () => true,
      prepare: (_algorithm, _seed, then) => isReady || (waiting.push(then), false),
      compute: (question, then) => mixes.compute(question, then),
    };
    const own = await realPool(t, 'ethereum-stratum');
    const other = await realPool(t, 'ethproxy');
    const onOther = dialectAccount(NAME, [other], { dialect: 'ethproxy', ...ETCHASH });
    await using bed = await bedOf([onOther], { mix: slow });
    const miner = realMiner(t, bed, 'ethereum-stratum');
    await miner.waitFor(({ authorized }) => authorized);
    await eventually(
      () => waiting.length > 0 && other.stats.authorizes > 0,
      () => 'the cache is asked for',
    );
    assert.equal(miner.stats.jobs, 0);
    isReady = true;
    for (const then of waiting.splice(0)) then();
    await acceptedMore(miner, 1);

    const onOwn = dialectAccount(NAME, [own], { dialect: 'ethereum-stratum', ...ETCHASH }, { revision: 2 });
    bed.change(onOwn);
    await eventually(
      () => own.stats.accepted >= 1,
      () => 'shares at its own',
      60_000,
    );
    // Another epoch at the other pool, by the time that it comes back.
    await eventually(
      () => other.stats.connectionsNow === 0,
      () => 'nobody is there any more',
      20_000,
    );
    isReady = false;
    other.newJob({ clean: true, epoch: 1 });
    bed.change({ ...onOther, revision: 3 });
    await eventually(
      () => waiting.length > 0,
      () => 'the next cache is asked for',
      20_000,
    );
    const { accepted } = own.stats;
    await eventually(
      () => own.stats.accepted > accepted,
      () => 'it goes on where it was',
      60_000,
    );
  });

  test('fails over between entries of different flavours of one account', async (t) => {
    const first = await realPool(t, 'ethereum-stratum');
    const backup = await realPool(t, 'ethash-plain');
    const account = dialectAccount(NAME, [first], { dialect: 'ethereum-stratum', ...ETCHASH });
    const { entries } = dialectAccount(NAME, [backup], { dialect: 'ethash-plain', ...ETCHASH });
    await using bed = await bedOf([{ ...account, entries: [account.entries[0], ...entries] }]);
    const miner = realMiner(t, bed, 'ethereum-stratum');
    await acceptedMore(miner, 2);
    const { connections } = miner.stats;
    await first.stop();
    await eventually(
      () => backup.stats.accepted >= 3,
      () => `shares at the backup: ${backup.stats.summary()}`,
      60_000,
    );
    assert.equal(miner.stats.connections, connections);
    assert.equal(rejectedTotal(backup.stats), 0, backup.stats.summary());
    assert.deepEqual(miner.stats.violations, []);
  });

  test('is told at login what to do where it cannot be computed', async (t) => {
    const pool = await poolOf(t, 'ethproxy');
    const given = { dialect: 'ethproxy', ...ETCHASH, algorithm: 'ubqhash' };
    await using bed = await bedOf([dialectAccount(NAME, [pool], given)]);
    for (const flavour of ['ethereum-stratum', 'eip1571'] as const) {
      const miner = minerOf(t, bed, flavour, { agent: 'lolMiner 1.88' });
      await eventually(
        () => /not computed here for ubqhash: have it speak ethproxy/.test(miner.stats.lastError),
        () => `told why: ${miner.stats.lastError}`,
      );
    }
    assert.equal(pool.stats.connectionsNow, 0);
  });

  test('and looks for its flavour comes to the one that its pool speaks', async (t) => {
    const pool = await realPool(t, 'ethproxy');
    await using bed = await bedOf([dialectAccount(NAME, [pool], { dialect: 'ethproxy', ...ETCHASH })]);
    const miner = new EthashMiner(
      { log: silentLog, clock: systemClock },
      {
        flavour: 'detect',
        host: '127.0.0.1',
        port: bed.port,
        user: `${NAME}.rig`,
        proof: real(),
        hashesPerSecondLimit: REAL_RATE,
      },
    );
    startedMiner(t, miner);
    await acceptedMore(miner, 2);
    assert.equal(miner.flavour, 'ethproxy');
    // One that is set to a flavour is refused once, and means it when it comes back.
    const set = realMiner(t, bed, 'ethereum-stratum', { agent: 'ethminer-0.19.0' });
    await acceptedMore(set, 2);
    assert.equal(set.stats.connections, 2);
  });
});

/** The program on a pool of EthProxy, and a miner of EthereumStratum. */
async function startProgram(
  t: TestContext,
  flags: readonly string[],
): Promise<{ miner: EthashMiner; pool: EthashPool }> {
  const farm = await Farm.open({ flags });
  t.after(() => farm[Symbol.asyncDispose]());
  const pool = await realPool(t, 'ethproxy');
  const address = formatEndpoint(pool.endpoint);
  const given = { pool: address, algorithm: 'etchash', dialect: 'ethproxy' };
  assert.equal((await farm.program.post('/api/v1/pools', given)).status, 201);
  const login = { pool: address, user: 'account', password: 'secret' };
  const { json, text } = await farm.program.post('/api/v1/users', login);
  const { name } = json as { readonly name: string };
  assert.ok(name !== '', text);
  const bed = { port: farm.program.stratum.port };
  return { miner: realMiner(t, bed, 'ethereum-stratum', { user: `${name}.rig` }), pool };
}

describe('the program', () => {
  test('computes mix hashes', async (t) => {
    const { miner, pool } = await startProgram(t, []);
    await acceptedMore(miner, 2);
    assert.equal(rejectedTotal(pool.stats), 0);
  });

  test('leaves it where it is told to', async (t) => {
    const { miner } = await startProgram(t, ['--ethashCaches', '0']);
    await eventually(
      () => /not computed here for etchash: have it speak ethproxy/.test(miner.stats.lastError),
      () => `told why: ${miner.stats.lastError}`,
    );
  });
});

describe('a miner that cannot be told how its nonces begin', () => {
  for (const { miner: flavour, pool: spoken } of PAIRS.filter(
    ({ miner, pool }) => pairingOf(miner, pool) === 'whole-nonce',
  )) {
    test(`of ${flavour} mines at a pool of ${spoken} that leaves it the whole nonce`, async (t) => {
      const pool = await poolOf(t, spoken, { prefixBytes: 0 });
      await using bed = await bedOf([dialectAccount(NAME, [pool], { dialect: spoken, ...ETCHASH })]);
      const miner = minerOf(t, bed, flavour);
      await acceptedMore(miner, 5);
      pool.setDifficulty(2e-7);
      pool.newJob({ clean: true });
      await miner.waitFor(({ difficulty }) => Math.abs(difficulty / 2e-7 - 1) < 1e-9);
      await acceptedMore(miner, 3);
      await miner.stop();
      await allAnswered(bed);
      assert.deepEqual(miner.stats.violations, []);
      assert.equal(rejectedButStale(pool), 0, pool.stats.summary());
      const total = bed.proxy.report().totals.find((row) => row.pool !== '');
      assert.equal(total?.counts.accepted, pool.stats.accepted);
    });

    test(`of ${flavour} is told at login what to do where a pool of ${spoken} begins them`, async (t) => {
      const pool = await poolOf(t, spoken, { prefixBytes: 2 });
      await using bed = await bedOf([dialectAccount(NAME, [pool], { dialect: spoken, ...ETCHASH })]);
      const miner = minerOf(t, bed, flavour, { reconnect: false });
      await eventually(
        () => /nonces begin with [0-9a-f]{4}, which a miner that speaks/.test(miner.stats.lastError),
        () => `told why: ${miner.stats.lastError}`,
      );
      assert.match(miner.stats.lastError, new RegExp(`have it speak ${spoken}$`));
      assert.equal(miner.stats.jobs, 0);
      assert.equal(pool.stats.submitted, 0);
    });

    test(`of ${flavour} is closed where a pool of ${spoken} begins to do so`, async (t) => {
      const pool = await poolOf(t, spoken, { prefixBytes: 0 });
      await using bed = await bedOf([dialectAccount(NAME, [pool], { dialect: spoken, ...ETCHASH })]);
      const miner = minerOf(t, bed, flavour, { reconnect: false });
      await acceptedMore(miner, 2);
      for (const session of pool.sessions) session.setPrefix('af4c');
      pool.newJob({ clean: true });
      await eventually(
        () => bed.proxy.report().sessions.every(({ up }) => !up),
        () => 'the session is closed',
      );
      await allAnswered(bed);
      assert.equal(rejectedButStale(pool), 0, pool.stats.summary());
    });
  }
});
