import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import type { AccountMining } from '../../src/http/mining.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { PracticePool } from '../../src/practice/practice-pool.ts';
import { Farm, sharesOf } from '../support/farm.ts';
import type { Figures } from '../support/figures.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

/** A few hashes per share. */
const EASY = 2 ** -22;

const FAMILIES = [
  'stratum_proxy_shares_total',
  'stratum_proxy_shares_received_total',
  'stratum_proxy_work_total',
  'stratum_proxy_work_found_total',
  'stratum_proxy_work_at_pool_total',
  'stratum_proxy_shares_at_pool_total',
];

interface Series {
  readonly algorithm: string;
  readonly unit: string;
  readonly points: readonly {
    readonly at: string;
    readonly work: number;
    readonly hashrateHs: number;
    readonly accepted: number;
    readonly rejected: Readonly<Record<string, number>>;
  }[];
}

/** A data file that outlives the programs that use it, and a pool that outlives them too. */
async function withData(
  work: (data: { readonly dataFile: string; readonly pool: PracticePool }) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-history-'));
  const pool = new PracticePool(
    { log: silentLog, clock: systemClock },
    { jobIntervalMs: 0, blockIntervalMs: 0, submitsKept: 10_000, difficulty: EASY },
  );
  await pool.start();
  try {
    await work({ dataFile: join(directory, 'proxy.db'), pool });
  } finally {
    await pool.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function mineSome(farm: Farm, pool: PracticePool, shares: number): Promise<string> {
  await farm.program.addPool(formatEndpoint(pool.endpoint), 'sha256d');
  const account = await farm.account(pool, 'wallet');
  const miners = ['rig1', 'rig2'].map((worker) => farm.miner(`${account}.${worker}`));
  await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= shares)));
  return account;
}

function assertNotBelow(after: Figures, before: Figures): void {
  for (const family of FAMILIES) {
    for (const { labels, value } of before.series(family))
      assert.ok(after.value(family, labels) >= value, `${family} ${JSON.stringify(labels)} went back`);
  }
}

/**
 * The data file has all that was counted then, since it has a share more: within an interval, and the time that a busy machine needs. Miners have to be at
 * work.
 */
async function written(dataFile: string, figures: Figures): Promise<void> {
  const database = new Database(dataFile, { readonly: true });
  const received = database
    .prepare<[], number>('select coalesce(sum(received), 0) from share_totals')
    .pluck();
  await until(() => (received.get() ?? 0) > sharesOf(figures).received, 'the counters are in the data file');
  database.close();
}

function assertBooksAddUp(figures: Figures): void {
  const { received, byResult, inFlight } = sharesOf(figures);
  const ended = Object.values(byResult).reduce((sum, count) => sum + count, 0);
  assert.equal(received, ended + inFlight);
}

async function miningOf(program: Program, account: string): Promise<AccountMining> {
  const { json } = await program.get(`/api/v1/users/${account}`);
  return (json as { readonly mining: AccountMining }).mining;
}

async function historyOf(program: Program, query: string): Promise<readonly Series[]> {
  const { status, text, json } = await program.get(`/api/v1/history?${query}`);
  assert.equal(status, 200, text);
  return (json as { readonly series: readonly Series[] }).series;
}

function sumsOf(series: readonly Series[]): { readonly work: number; readonly accepted: number } {
  const points = series.flatMap((one) => one.points);
  return {
    work: points.reduce((sum, { work }) => sum + work, 0),
    accepted: points.reduce((sum, { accepted }) => sum + accepted, 0),
  };
}

describe('counters over restarts', { concurrency: 2 }, () => {
  test('after SIGTERM the totals go on where they were, in the metrics and in the API', () =>
    withData(async ({ dataFile, pool }) => {
      let before: Figures;
      let account: string;
      {
        await using farm = await Farm.open({ dataFile });
        account = await mineSome(farm, pool, 20);
        before = await farm.program.metrics();
        assert.deepEqual(await farm.program.stop(), { code: 0, signal: null });
      }
      await using farm = await Farm.open({ dataFile });
      const after = await farm.program.metrics();
      assertNotBelow(after, before);
      assertBooksAddUp(after);
      assert.ok(sharesOf(before, account).received >= 40);
      assert.equal(
        (await miningOf(farm.program, account)).shares.accepted,
        sharesOf(after, account).byResult['accepted'],
      );

      await mineSome(farm, pool, 10);
      const later = await farm.program.metrics();
      assertNotBelow(later, after);
      assert.ok(sharesOf(later, account).received >= sharesOf(after, account).received + 20);
      assert.equal(later.series('stratum_proxy_work_total', { account }).length, 1);
      assert.deepEqual(await farm.program.stop(), { code: 0, signal: null });
    }));

  test('after kill -9 no more is missing than was counted since the last writing', () =>
    withData(async ({ dataFile, pool }) => {
      let before: Figures;
      {
        await using farm = await Farm.open({ dataFile, flags: ['--history.writeSeconds', '1'] });
        await mineSome(farm, pool, 20);
        before = await farm.program.metrics();
        await written(dataFile, before);
        await farm.program.kill();
      }
      await using farm = await Farm.open({ dataFile });
      const after = await farm.program.metrics();
      assertNotBelow(after, before);
      assertBooksAddUp(after);
    }));

  test('after kill -9 right after a scrape nothing is less than what it showed', () =>
    withData(async ({ dataFile, pool }) => {
      let before: Figures;
      {
        await using farm = await Farm.open({ dataFile, flags: ['--history.writeSeconds', '60'] });
        const account = await mineSome(farm, pool, 20);
        before = await farm.program.metricsWhere(
          (figures) => sharesOf(figures, account).received >= 40,
          'all that was mined',
        );
        await farm.program.kill();
      }
      await using farm = await Farm.open({ dataFile });
      const after = await farm.program.metrics();
      assertNotBelow(after, before);
      assertBooksAddUp(after);
    }));

  test('a store that is locked gets them when it is free again, and nothing waits for it', () =>
    withData(async ({ dataFile, pool }) => {
      let before: Figures;
      {
        await using farm = await Farm.open({ dataFile, flags: ['--history.writeSeconds', '1'] });
        const { program } = farm;
        const account = await mineSome(farm, pool, 5);
        const other = new Database(dataFile);
        other.exec('begin immediate');
        const [line] = await Promise.all([
          program.waitForLine(({ msg }) => msg.startsWith('counters and history cannot be written'), 10_000),
          mineSomeMore(program, account, 20),
        ]);
        assert.match(String(line['reason']), /lock/);
        other.exec('rollback');
        other.close();
        await program.waitForLine(({ msg }) => msg === 'counters and history are written again', 10_000);
        before = await program.metrics();
        await written(dataFile, before);
        await program.kill();
        assert.equal(program.lines().filter(({ msg }) => msg.startsWith('counters and history')).length, 2);
      }
      await using farm = await Farm.open({ dataFile });
      assertNotBelow(await farm.program.metrics(), before);
    }));

  test('a store that stays locked does not hold up the end', () =>
    withData(async ({ dataFile, pool }) => {
      await using farm = await Farm.open({ dataFile });
      await mineSome(farm, pool, 5);
      const other = new Database(dataFile);
      other.exec('begin immediate');
      const sinceMs = performance.now();
      assert.deepEqual(await farm.program.stop(), { code: 0, signal: null });
      assert.ok(performance.now() - sinceMs < 5000);
      other.exec('rollback');
      other.close();
    }));
});

/** By what the API says: the counters of the metrics stand still while they cannot be written. */
async function mineSomeMore(program: Program, account: string, shares: number): Promise<void> {
  const { accepted } = (await miningOf(program, account)).shares;
  await until(
    async () => (await miningOf(program, account)).shares.accepted >= accepted + shares,
    'more shares',
    20_000,
  );
}

describe('the history', { concurrency: 2 }, () => {
  test('shows the minute of now, and a restart in its middle adds to it', () =>
    withData(async ({ dataFile, pool }) => {
      let account = '';
      for (const round of [1, 2]) {
        await using farm = await Farm.open({ dataFile, flags: ['--history.writeSeconds', '1'] });
        const { program } = farm;
        account = await mineSome(farm, pool, 20);
        const accepted = (await program.metrics()).sum('stratum_proxy_shares_total', { result: 'accepted' });
        assert.ok(accepted >= 40 * round);
        const series = await until(async () => {
          const now = await historyOf(program, 'range=1h');
          return sumsOf(now).accepted >= accepted ? now : undefined;
        }, 'the history of now');
        assert.deepEqual(
          series.map(({ algorithm, unit }) => [algorithm, unit]),
          [['sha256d', 'H']],
        );
        assert.ok((series[0]?.points.length ?? 0) <= 4);
        assert.ok((series[0]?.points.at(-1)?.hashrateHs ?? 0) > 0);
        assert.deepEqual(await program.stop(), { code: 0, signal: null });
      }
      await using farm = await Farm.open({ dataFile });
      const figures = await farm.program.metrics();
      for (const range of ['1h', '24h', '30d', '1y']) {
        const { work, accepted } = sumsOf(await historyOf(farm.program, `range=${range}`));
        assert.equal(accepted, figures.sum('stratum_proxy_shares_total', { result: 'accepted' }), range);
        const total = figures.sum('stratum_proxy_work_total');
        assert.ok(Math.abs(work - total) < total * 1e-6, `${range}: ${work}, not ${total}`);
      }
      const of = async (query: string) => sumsOf(await historyOf(farm.program, `range=6h&${query}`)).accepted;
      const all = await of('of=fleet');
      const [first, second] = [
        await of(`of=worker&account=${account}&worker=rig1`),
        await of(`of=worker&account=${account}&worker=rig2`),
      ];
      assert.ok(first >= 40 && second >= 40);
      assert.equal(first + second, all);
      assert.equal(await of(`of=account&account=${account}`), all);
      assert.equal(await of(`of=pool&pool=${formatEndpoint(pool.endpoint)}`), all);
      assert.equal(await of('of=algorithm&algorithm=SHA256'), all);
      assert.equal(await of('of=algorithm&algorithm=scrypt'), 0);
      assert.equal(await of('of=account&account=0000000000000000'), 0);
    }));

  for (const [off, kept] of [
    [['history.keepMinutesDays', 'history.keepHoursDays'], [600]],
    [['history.keepTenMinutesDays'], [60, 3600]],
  ] as const) {
    test(`without ${off.join(' and ')} there are only steps of ${kept.join(' and ')} seconds`, () =>
      withData(async ({ dataFile, pool }) => {
        const flags = off.flatMap((key) => [`--${key}`, '0']);
        await using farm = await Farm.open({ dataFile, flags });
        await mineSome(farm, pool, 2);
        assert.deepEqual(await farm.program.stop(), { code: 0, signal: null });
        const database = new Database(dataFile, { readonly: true });
        const steps = database
          .prepare<[], number>('select distinct step_seconds from history_blocks order by 1')
          .pluck();
        assert.deepEqual(steps.all(), kept);
        database.close();
      }));
  }
});
