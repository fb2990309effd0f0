import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { hashesOfDifficulty } from '../../src/domain/difficulty.ts';
import type { SessionRow } from '../../src/domain/report.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { CpuMiner } from '../../src/practice/cpu-miner.ts';
import { HashThreads } from '../../src/practice/hash-threads.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import { PracticePool } from '../../src/practice/practice-pool.ts';
import { surpriseOf } from '../support/chance.ts';
import { restAll } from '../support/crew.ts';
import { eventually } from '../support/eventually.ts';
import { startedPool } from '../support/practice.ts';
import { startProxyBed, testAccount, testSettings } from '../support/proxy-bed.ts';

/**
 * How long they mine. The short form looks at sessions younger than the window, whose rate divides by their age; with CROWD_SECONDS well above 300 the whole
 * window is filled, and the measuring at the beginning has left it.
 */
const SECONDS = Number(process.env['CROWD_SECONDS'] ?? 35);
const MINERS = 300;
/** Log-uniform between these: 0.56 MH/s in all, a third of what one core does. */
const SLOWEST_HS = 50;
const FASTEST_HS = 10_000;
/** 16,384 hashes: some 34 shares a second of all miners together. */
const POOL_DIFFICULTY = 2 ** -18;
const NAME = '00112233445566aa';
/** Slots of the 5-minute window (`domain/hashrate.ts`). */
const SLOT_MS = 10_000;
const SLOTS = 30;
/**
 * Nats. Two tails of 300 miners at e^-16 each: by chance alone this test fails less than once in 14,000 runs. For a normal variable it is
 * 5.7 standard deviations.
 */
const MOST_SURPRISE = 16;

const parts = { log: silentLog, clock: systemClock };

/** What a miner has done up to some moment. */
interface Mark {
  readonly atMs: number;
  readonly hashes: number;
  readonly hashesByDifficulty: number;
  /** How many difficulties it had been told. */
  readonly told: number;
}

function markOf({ stats }: CpuMiner): Mark {
  const { hashes, hashesByDifficulty, difficulties } = stats;
  return { atMs: performance.now(), hashes, hashesByDifficulty, told: difficulties.length };
}

/** The truth about each miner since the moment at which the proxy's window begins: its own count, marked at each slot's beginning. */
class Truth {
  readonly #miners: readonly CpuMiner[];
  readonly #slots: (readonly Mark[])[] = [];
  #timer: NodeJS.Timeout;

  constructor(miners: readonly CpuMiner[]) {
    this.#miners = miners;
    this.#timer = setTimeout(() => this.#mark(), this.#untilNextSlotMs());
  }

  #untilNextSlotMs(): number {
    return SLOT_MS - (systemClock.monotonicMs() % SLOT_MS);
  }

  #mark(): void {
    this.#slots.push(this.#miners.map(markOf));
    if (this.#slots.length > SLOTS + 1) this.#slots.shift();
    this.#timer = setTimeout(() => this.#mark(), this.#untilNextSlotMs());
  }

  /** The mark at which the window of now begins; null where it reaches back to before the miner. */
  windowStart(miner: number, nowMs: number): Mark | null {
    const startMs = (Math.floor(nowMs / SLOT_MS) - SLOTS + 1) * SLOT_MS;
    const marks = this.#slots.find(([first]) => first !== undefined && first.atMs >= startMs - 1);
    return this.#slots.length <= SLOTS - 1 ? null : (marks?.[miner] ?? null);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

interface Comparison {
  readonly row: SessionRow;
  readonly trueHs: number;
  /** How far the rate is off, in standard errors computed from what the miner tried. */
  readonly sigmas: number;
  /** The same in the standard errors that the proxy reports. */
  readonly reportedSigmas: number;
  readonly surprise: number;
}

function compare(miner: CpuMiner, row: SessionRow, from: Mark, nowMs: number): Comparison {
  const { stats } = miner;
  const spanSeconds = (nowMs - from.atMs) / 1000;
  const hashes = stats.hashes - from.hashes;
  const variance = (stats.hashesByDifficulty - from.hashesByDifficulty) * hashesOfDifficulty(1, 1);
  const largest = Math.max(...stats.difficulties.slice(Math.max(0, from.told - 1)));
  const excess = row.rate5mHs * spanSeconds - hashes;
  return {
    row,
    trueHs: hashes / spanSeconds,
    sigmas: excess / Math.sqrt(variance),
    reportedSigmas: excess / (row.rate5mHs * spanSeconds * (row.rate5mError ?? Number.NaN)),
    surprise: surpriseOf(excess, variance, hashesOfDifficulty(largest, 1)),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const meanSquare = (values: readonly number[]): number =>
  sum(values.map((value) => value ** 2)) / values.length;

async function startCrowd(t: TestContext, port: number): Promise<readonly CpuMiner[]> {
  const threads = new HashThreads({ log: silentLog }, { threads: 1 });
  const miners = Array.from({ length: MINERS }, (_, i) => {
    const rateHs = SLOWEST_HS * (FASTEST_HS / SLOWEST_HS) ** (i / (MINERS - 1));
    return new CpuMiner(
      { ...parts, threads },
      { host: '127.0.0.1', port, user: `${NAME}.rig${i}`, hashesPerSecondLimit: rateHs },
    );
  });
  t.after(async () => {
    await Promise.all(miners.map((miner) => miner.stop()));
    await threads.close();
  });
  // One after the other, so that a login takes no time worth mentioning beside the window.
  for (const miner of miners) {
    miner.start();
    await miner.waitFor(({ jobs }) => jobs > 0);
  }
  return miners;
}

test(`${MINERS} miners of very different rates through one upstream: nothing refused, every rate true`, async (t) => {
  const pool = new PracticePool(parts, {
    difficulty: POOL_DIFFICULTY,
    extranonce2Bytes: 8,
    jobIntervalMs: 5000,
    blockIntervalMs: 0,
  });
  await startedPool(t, pool);
  const account = testAccount(NAME, pool.endpoint, { user: 'wallet', mode: 'auto' });
  await using bed = await startProxyBed([account], testSettings({ vardiff: { sharesPerMinute: 60 } }));
  const miners = await startCrowd(t, bed.port);
  const truth = new Truth(miners);
  t.after(() => truth.end());
  const untilMs = performance.now() + SECONDS * 1000;
  await eventually(
    () => performance.now() >= untilMs || miners.some(({ stats }) => stats.connections > 1),
    () => 'the time to be up',
    SECONDS * 1000 + 60_000,
  );
  await restAll(miners);

  const nowMs = systemClock.monotonicMs();
  const { sessions, totals, facts } = bed.proxy.report();
  const wallMs = Date.now();
  for (const { stats } of miners) {
    assert.deepEqual(stats.violations, []);
    assert.equal(stats.connections, 1);
    assert.equal(stats.rejected, 0, stats.summary());
  }

  // The pool: one connection, nothing refused, so nothing twice either.
  assert.equal(facts.upstreams, 1);
  assert.equal(pool.stats.connectionsTotal, 1);
  assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());

  // The books of the miners, the proxy and the pool are the same books.
  const total = totals.find((row) => row.account === NAME);
  assert.ok(total !== undefined);
  assert.equal(total.inFlight, 0);
  assert.equal(total.received, sum(miners.map(({ stats }) => stats.submitted)));
  assert.equal(total.counts.duplicate, 0);
  assert.equal(
    total.counts.accepted + total.counts['accepted-local'],
    sum(miners.map(({ stats }) => stats.accepted)),
  );
  assert.equal(total.counts.accepted, pool.stats.accepted);
  assert.equal(total.sharesAtPool, pool.stats.accepted);
  // Powers of two, so the sums are exact.
  assert.equal(total.workAtPool, hashesOfDifficulty(POOL_DIFFICULTY, 1) * pool.stats.accepted);
  assert.equal(pool.stats.work, POOL_DIFFICULTY * pool.stats.accepted);

  // Each miner's rate.
  const compared = miners.map((miner, i) => {
    const row = sessions.find(({ worker }) => worker === `rig${i}`);
    assert.ok(row !== undefined);
    assert.equal(row.received, miner.stats.submitted);
    const begun = { atMs: nowMs - (wallMs - row.connectedAtMs), hashes: 0, hashesByDifficulty: 0, told: 0 };
    return compare(miner, row, truth.windowStart(i, nowMs) ?? begun, nowMs);
  });
  const sigmas2 = meanSquare(compared.map(({ sigmas }) => sigmas));
  const reported2 = meanSquare(compared.map(({ reportedSigmas }) => reportedSigmas));
  const worst = compared.reduce((a, b) => (b.surprise > a.surprise ? b : a));
  const story =
    `mean square ${sigmas2.toFixed(2)} standard errors, ${reported2.toFixed(2)} reported ones; the worst: ${worst.row.worker} ` +
    `with ${worst.row.rate5mHs.toFixed(0)} H/s for ${worst.trueHs.toFixed(0)}, ${worst.sigmas.toFixed(1)} standard errors, ${worst.surprise.toFixed(1)} nats`;
  t.diagnostic(story);
  assert.ok(worst.surprise < MOST_SURPRISE, story);
  // A session that is younger than the window began at a guess, often far too hard. One hard share that comes by luck is many standard errors then, and
  // those that did not come are in no error that is computed from those that did. Over a whole window of settled sessions both mean squares are one in
  // theory, with a standard error of √(2/300) = 0.08, and the reported error is the true one.
  if (SECONDS > 300) {
    assert.ok(sigmas2 > 0.5 && sigmas2 < 1.5, story);
    assert.ok(reported2 > 0.5 && reported2 < 1.5, story);
  }

  // All of them: by their own count, by the proxy's rates, by the pool.
  const hashes = sum(miners.map(({ stats }) => stats.hashes));
  const variance = sum(miners.map(({ stats }) => stats.hashesByDifficulty)) * hashesOfDifficulty(1, 1);
  const ofCredits = 5 * Math.sqrt(variance);
  const ofPool = 5 * Math.sqrt(hashes * hashesOfDifficulty(POOL_DIFFICULTY, 1));
  const sums =
    `${hashes} hashes; credited ${total.work}, expected within ${ofCredits.toFixed(0)}; at the pool ${total.workAtPool}, expected ` +
    `within ${ofPool.toFixed(0)}; ${total.received} shares, ${pool.stats.accepted} at the pool`;
  t.diagnostic(sums);
  // Five standard errors of sums over thousands of shares: by chance once in a million runs.
  assert.ok(Math.abs(total.work - hashes) < ofCredits, sums);
  assert.ok(Math.abs(total.workAtPool - hashes) < ofPool, sums);
  assert.ok(Math.abs(total.workAtPool - total.work) < ofPool + ofCredits, sums);
  const ratesHs = sum(compared.map(({ row }) => row.rate5mHs));
  const trueHs = sum(compared.map((one) => one.trueHs));
  // The window may be shorter than the run, and its errors as much larger.
  const ofRates = (ofCredits / hashes) * Math.sqrt(Math.max(1, SECONDS / 290));
  assert.ok(Math.abs(ratesHs / trueHs - 1) < ofRates, `${ratesHs} H/s of ${trueHs}, within ${ofRates}`);
});
