import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { HistoryRecorder } from '../src/history/recorder.ts';
import { silentLog } from '../src/kit/log.ts';
import { loadCatalogue } from '../src/store/catalogue.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { testServer } from './support/http-fixtures.ts';

const HOUR_MS = 3_600_000;
const HOURS = 365 * 24;
const WORKERS = 300;
const ACCOUNT = '00112233445566ff';
/** Many times what it takes on a machine that has nothing else to do. */
const LIMIT_MS = 3000;

interface Answer {
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  readonly series: readonly {
    readonly algorithm: string;
    readonly points: readonly { readonly work: number; readonly accepted: number }[];
  }[];
}

test('a year of three hundred workers is answered soon, in no more than 2000 points, and adds up', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-year-'));
  const path = join(directory, 'proxy.db');
  const nowMs = 20_000 * 24 * HOUR_MS;
  const clock = { monotonicMs: () => performance.now(), wallMs: () => nowMs };
  const open = () => openSqliteStore({ log: silentLog, clock }, { path, catalogue: loadCatalogue() });
  try {
    const writing = await open();
    const firstMs = nowMs - HOURS * HOUR_MS;
    const rows = Array.from({ length: WORKERS }, (_, at) => ({
      account: ACCOUNT,
      worker: `rig${at}`,
      pool: 'pool.example:3333',
      algorithm: 'sha256d',
      work: 2 ** 40,
      counts: { accepted: 1200, stale: at === 0 ? 1 : 0 },
    }));
    await writing.addHistory({ atMs: firstMs, rows, keepDays: { 60: 0, 600: 0, 3600: 365 } });
    await writing.close();
    // The same in every hour that follows: written one by one this would take as long as a year of hours does.
    const database = new Database(path);
    database.exec(`
      with recursive hours(hour) as (select 1 union all select hour + 1 from hours where hour < ${HOURS - 1})
      insert into history_blocks (step_seconds, level, bucket, chunk, data)
        select step_seconds, level, bucket + 3600 * hour, chunk, data from history_blocks, hours`);
    database.close();

    const store = await open();
    const recorder = await HistoryRecorder.start(
      { store, clock, log: silentLog, collect: async () => ({ work: [], totals: [], hasMore: false }) },
      { writeMs: 10_000, keepDays: { 60: 2, 600: 14, 3600: 365 } },
    );
    const server = testServer({ history: recorder });
    const range = `from=${new Date(firstMs).toISOString()}&to=${new Date(nowMs).toISOString()}`;
    for (const [query, workers] of [
      ['of=fleet', WORKERS],
      [`of=account&account=${ACCOUNT}`, WORKERS],
      [`of=worker&account=${ACCOUNT}&worker=rig299`, 1],
      ['of=pool&pool=pool.example:3333', WORKERS],
      ['of=algorithm&algorithm=sha256d', WORKERS],
    ] as const) {
      const sinceMs = performance.now();
      const answer = await server.inject({ method: 'GET', url: `/api/v1/history?${query}&${range}` });
      const tookMs = performance.now() - sinceMs;
      assert.equal(answer.statusCode, 200, answer.body);
      assert.ok(tookMs < LIMIT_MS, `${query} took ${tookMs} ms`);
      const { stepSeconds, series } = answer.json<Answer>();
      assert.equal(stepSeconds, 6 * 3600);
      const [only, ...others] = series;
      assert.equal(others.length, 0);
      assert.equal(only?.points.length, HOURS / 6);
      for (const { work, accepted } of only.points)
        assert.deepEqual([work, accepted], [6 * workers * 2 ** 40, 6 * workers * 1200]);
    }
    await recorder.stop(1000);
    await store.close();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
