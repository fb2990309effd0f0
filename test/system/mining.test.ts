import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import type { CpuMiner } from '../../src/practice/cpu-miner.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import type { PracticePool } from '../../src/practice/practice-pool.ts';
import { Farm, quiesce, sharesOf } from '../support/farm.ts';
import type { Figures } from '../support/figures.ts';

const TAG = 'test farm "7"';

/** Few enough hashes per share for some hundred shares in a test. */
const COINS = {
  sha256d: { divider: 1, difficulty: 400 / 2 ** 32 },
  scrypt: { divider: 65_536, difficulty: (4 * 65_536) / 2 ** 32 },
};
const SHARES_WANTED = 120;

/** A miner of the test with the labels that its series must have. */
interface Hand {
  readonly miner: CpuMiner;
  readonly authorizedAtMs: number;
  /** Of `proxy_worker_up`. */
  readonly id: { readonly proxy: string; readonly worker: string; readonly user: string };
  /** Of all others. */
  readonly labels: Readonly<Record<string, string>>;
}

async function hire(
  farm: Farm,
  miner: CpuMiner,
  algorithm: keyof typeof COINS,
  pool: PracticePool,
): Promise<Hand> {
  await miner.waitFor(({ authorized }) => authorized);
  const authorizedAtMs = performance.now();
  const { user } = miner.options;
  const id = { proxy: TAG, worker: await farm.addressOf(user), user: user.split('.')[0] ?? '' };
  return {
    miner,
    authorizedAtMs,
    id,
    labels: { ...id, hash: algorithm, pool: formatEndpoint(pool.endpoint) },
  };
}

test('two algorithms on one port: all figures agree with the books of pools and miners', async () => {
  await using farm = await Farm.open({ hasTurnableClock: true, flags: ['--metrics.tag', TAG] });
  const { program } = farm;
  const sha256d = await farm.pool({
    difficulty: COINS.sha256d.difficulty,
    credentials: new Map([['wallet.farm', 'pool secret']]),
  });
  const scrypt = await farm.pool({
    algorithm: 'scrypt',
    difficulty: COINS.scrypt.difficulty,
    extranonce2Bytes: 8,
    errorShape: 'reject-reason',
  });
  const shared = await farm.account(sha256d, 'wallet.farm', 'pool secret');
  const single = await farm.account(scrypt, 'litecoin-wallet');
  const [rolling, plain, gpu] = await Promise.all([
    hire(farm, farm.miner(`${shared}.rig1`, { handshake: 'pipelined' }), 'sha256d', sha256d),
    hire(
      farm,
      farm.miner(`${shared}.rig2`, { versionRolling: false, fixedSubmitId: true }),
      'sha256d',
      sha256d,
    ),
    hire(farm, farm.miner(single, { algorithm: 'scrypt', extranonceSubscribe: true }), 'scrypt', scrypt),
  ]);
  const hands = [rolling, plain, gpu];
  await Promise.all(
    hands.map(({ miner }) => miner.waitFor(({ accepted }) => accepted >= SHARES_WANTED, 20_000)),
  );

  const hashing = await program.metrics();
  const readAtMs = performance.now();
  for (const hand of hands) assertSpeed(hashing, hand, readAtMs);

  await Promise.all([quiesce(sha256d, rolling.miner, plain.miner), quiesce(scrypt, gpu.miner)]);
  const settled = await program.metrics();
  for (const hand of hands) assertMinerFigures(settled, hand);
  assertPoolFigures(settled, 'sha256d', sha256d, [rolling, plain]);
  assertPoolFigures(settled, 'scrypt', scrypt, [gpu]);
  assert.deepEqual([...sha256d.stats.users.keys()], ['wallet.farm']);
  assert.deepEqual([...scrypt.stats.users.keys()], ['litecoin-wallet']);
  const bits = sha256d.stats.submits.map(({ params }) => (params as string[])[5] ?? 'none');
  assert.ok(new Set(bits).size > 2, 'the bits that one miner rolled are in the shares that the pool got');

  await plain.miner.stop();
  const left = await program.metricsWhere(
    (figures) => figures.value('proxy_worker_up', plain.id) === 0,
    'proxy_worker_up of the miner that left is 0',
  );
  assert.equal(left.value('proxy_worker_accepted', plain.labels), plain.miner.stats.accepted);
  assert.equal(left.sum('proxy_worker_up'), 2);
  assert.equal(left.value('proxy_worker_speed', plain.labels), 0, 'it hashes no more');

  await program.turnClock(61_000);
  const later = await program.metricsWhere(
    (figures) => figures.series('proxy_worker_up', plain.id).length === 0,
    'no series of a miner that left a minute ago',
  );
  assert.equal(later.sum('proxy_worker_up'), 2);
  for (const name of ['sended', 'one_sended', 'accepted', 'one_accepted', 'speed', 'difficulty']) {
    assert.equal(later.series(`proxy_worker_${name}`, plain.labels).length, 0, name);
    assert.equal(later.series(`proxy_worker_${name}`).length, 2, name);
  }
  assert.deepEqual(sharesOf(later, shared), sharesOf(settled, shared), 'its shares stay in the totals');
});

/** Shares come as a Poisson process, so n of them tell the rate to 1/√n. */
function assertSpeed(figures: Figures, { miner, authorizedAtMs, labels }: Hand, readAtMs: number): void {
  const { user, hashesPerSecondLimit } = miner.options;
  const speed = figures.value('proxy_worker_speed', labels);
  const shares = figures.value('proxy_worker_accepted', labels);
  const hashrate = (miner.stats.hashes * 1000) / (readAtMs - authorizedAtMs);
  assert.ok(hashrate < hashesPerSecondLimit * 1.2, `${user} hashes at ${hashrate} H/s`);
  const errors = Math.abs(speed / hashrate - 1) * Math.sqrt(shares);
  assert.ok(errors < 4, `${user}: ${speed} H/s is ${errors} standard errors from ${hashrate} H/s`);
}

function assertMinerFigures(figures: Figures, { miner: { stats }, id, labels }: Hand): void {
  assert.equal(figures.value('proxy_worker_up', id), 1);
  assert.equal(figures.value('proxy_worker_sended', labels), stats.submitted);
  assert.equal(figures.value('proxy_worker_accepted', labels), stats.accepted);
  assertNear(figures.value('proxy_worker_one_sended', labels), stats.work);
  assertNear(figures.value('proxy_worker_one_accepted', labels), stats.work);
  assert.equal(figures.value('proxy_worker_difficulty', labels), stats.difficulty);
  assert.deepEqual([stats.rejected, stats.unanswered, stats.connections], [0, 0, 1]);
  assert.deepEqual(stats.violations, []);
}

function assertPoolFigures(
  figures: Figures,
  hash: keyof typeof COINS,
  { endpoint, stats }: PracticePool,
  hands: readonly Hand[],
): void {
  const pool = formatEndpoint(endpoint);
  const { divider } = COINS[hash];
  assert.equal(rejectedTotal(stats), 0, stats.summary());
  assert.equal(
    stats.accepted,
    hands.reduce((sum, { miner }) => sum + miner.stats.accepted, 0),
  );
  assert.equal(figures.sum('proxy_worker_accepted', { pool }), stats.accepted);
  assertNear(figures.sum('proxy_worker_one_accepted', { pool }), stats.work);
  assert.equal(figures.value('proxy_pool_up', { proxy: TAG, hash, pool }), 1);
  assert.equal(figures.value('proxy_pool_divider', { proxy: TAG, hash, pool }), divider);
  assert.equal(figures.sum('stratum_proxy_shares_total', { pool, result: 'accepted' }), stats.accepted);
  assert.equal(figures.sum('stratum_proxy_shares_total', { pool }), stats.submitted);
  assert.equal(figures.sum('stratum_proxy_pool_round_trip_seconds_count', { pool }), stats.submitted);
  assert.equal(figures.value('stratum_proxy_pool_jobs_total', { pool, algorithm: hash }), hands.length * 2);
  assertNear(figures.sum('stratum_proxy_work_total', { pool }), (stats.work * 2 ** 32) / divider);
}

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual / expected - 1) < 1e-9, `${actual} instead of ${expected}`);
}
