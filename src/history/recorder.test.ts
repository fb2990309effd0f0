import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { totalRow, workerReport } from '../../test/support/report-fixtures.ts';
import { until } from '../../test/support/until.ts';
import { shareCounts } from '../domain/counts.ts';
import type { HistoryScope, LastingTotal } from '../domain/history.ts';
import type { WorkRow } from '../domain/report.ts';
import type { Log } from '../kit/log.ts';
import { HistoryRecorder, type HistoryStore } from './recorder.ts';

const MINUTE_MS = 60_000;
const START_MS = 1_000_000 * MINUTE_MS;
const KEEP = { 60: 2, 600: 14, 3600: 365 } as const;
const ALL: HistoryScope = { account: null, worker: null, pool: null, algorithm: null };
const LABELS = { account: '00112233445566ff', worker: 'rig1', pool: 'p.example:1', algorithm: 'sha256d' };

/** A store that takes everything, or nothing. */
class Shelf implements HistoryStore {
  isFull = false;
  totals: readonly LastingTotal[] = [];
  readonly minutes: { readonly atMs: number; readonly rows: readonly WorkRow[] }[] = [];

  async loadTotals(): Promise<readonly LastingTotal[]> {
    return [];
  }

  async saveTotals(totals: readonly LastingTotal[]): Promise<void> {
    this.#check();
    this.totals = totals;
  }

  async addHistory(minute: { readonly atMs: number; readonly rows: readonly WorkRow[] }): Promise<void> {
    this.#check();
    this.minutes.push(minute);
  }

  async readHistory(): Promise<readonly []> {
    return [];
  }

  async pruneHistory(): Promise<boolean> {
    return false;
  }

  #check(): void {
    if (this.isFull) throw new Error('the disk is full');
  }
}

/** A recorder whose wall clock stands `beforeMs` before a full minute; each collection is of one share. */
async function recording(beforeMs: number) {
  const offsetMs = START_MS + MINUTE_MS - beforeMs - performance.now();
  const store = new Shelf();
  const lines: string[] = [];
  const note = (event: string): void => {
    lines.push(event);
  };
  const log: Log = { debug: note, info: note, warn: note, error: note };
  let collected = 0;
  const recorder = await HistoryRecorder.start(
    {
      store,
      log,
      clock: { monotonicMs: () => performance.now(), wallMs: () => offsetMs + performance.now() },
      collect: async () => {
        collected += 1;
        return {
          work: [{ ...LABELS, work: 1, counts: { accepted: 1 } }],
          totals: [totalRow({ received: collected, counts: shareCounts({ accepted: collected }) })],
          // Every other one comes in two parts.
          hasMore: collected % 2 === 1,
        };
      },
    },
    { writeMs: 50, keepDays: KEEP },
  );
  const sharesOf = (): number[] =>
    store.minutes.map(({ rows }) => rows.reduce((sum, { counts }) => sum + (counts.accepted ?? 0), 0));
  return { recorder, store, lines, sharesOf, collected: () => collected };
}

const rows = (received: number) => [totalRow({ received, counts: shareCounts({ accepted: received }) })];

describe('the recorder', () => {
  test('writes a minute when it is over, totals at once, and all that is left at the end', async () => {
    const { recorder, store, sharesOf, collected, lines } = await recording(1000);
    await until(() => (store.totals[0]?.received ?? 0) >= 2, 'totals are written');
    assert.equal(store.minutes.length, 0, 'the minute is not over');
    await until(() => store.minutes.length === 1, 'the minute is written');
    assert.equal(store.minutes[0]?.atMs, START_MS);
    const before = collected();
    await until(() => collected() > before + 1, 'the next minute has begun');
    const recent = await recorder.read(ALL, { fromMs: START_MS, toMs: START_MS + 2 * MINUTE_MS });
    assert.equal(recent.points[0]?.atMs, START_MS + MINUTE_MS);
    await recorder.stop(1000);
    assert.deepEqual(
      store.minutes.map(({ atMs }) => atMs),
      [START_MS, START_MS + MINUTE_MS],
    );
    assert.equal(
      sharesOf().reduce((sum, shares) => sum + shares, 0),
      collected(),
    );
    assert.equal(store.totals[0]?.received, collected());
    assert.deepEqual(lines, []);
    const atTheEnd = collected();
    await new Promise((resolve) => setTimeout(resolve, 120));
    assert.equal(collected(), atTheEnd, 'it has ended');
  });

  test('keeps what the store does not take, and says so once', async () => {
    const { recorder, store, sharesOf, collected, lines } = await recording(60);
    store.isFull = true;
    await until(() => collected() >= 10, 'collections go on');
    assert.equal(store.minutes.length, 0);
    store.isFull = false;
    await until(() => store.minutes.length === 1, 'the minute is written after all');
    await recorder.stop(1000);
    assert.equal(
      sharesOf().reduce((sum, shares) => sum + shares, 0),
      collected(),
    );
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? '', /cannot be written/);
    assert.match(lines[1] ?? '', /written again/);
  });

  test('ends in time where the store never answers', async () => {
    const { recorder, store } = await recording(30_000);
    store.saveTotals = () => new Promise(() => {});
    const sinceMs = performance.now();
    await recorder.stop(100);
    assert.ok(performance.now() - sinceMs < 2000);
  });

  test('shows what is written: a store that does not answer is waited for a while', async () => {
    const { recorder, store } = await recording(30_000);
    const shown = (): number | undefined =>
      recorder.withWritten(workerReport({ totals: [] })).totals[0]?.received;
    await recorder.persistTotals(rows(1000), 250);
    assert.equal(store.totals[0]?.received, 1000);
    await recorder.persistTotals(rows(1001), 250);
    assert.equal(shown(), 1001);
    store.saveTotals = () => new Promise(() => {});
    const sinceMs = performance.now();
    await recorder.persistTotals(rows(2000), 100);
    assert.ok(performance.now() - sinceMs < 1000);
    assert.equal(shown(), 1001);
    await recorder.stop(100);
  });

  test('shows what is counted while the store takes nothing', async () => {
    const { recorder, store } = await recording(30_000);
    store.isFull = true;
    await recorder.persistTotals(rows(3000), 250);
    const live = workerReport({ totals: rows(3000) });
    assert.equal(recorder.withWritten(live).totals[0]?.received, 3000);
    await recorder.stop(100);
  });

  test('the rate of the bucket of now is over what has passed of it', async () => {
    const { recorder, collected } = await recording(30_000);
    await until(() => collected() >= 4, 'something is there');
    const { points, stepSeconds } = await recorder.read(ALL, {
      fromMs: START_MS,
      toMs: START_MS + MINUTE_MS,
    });
    assert.equal(stepSeconds, 60);
    const [point] = points;
    assert.ok(point !== undefined);
    assert.ok(Math.abs(point.hashrateHs - point.work / 30) < point.work / 300, `${point.hashrateHs}`);
    await recorder.stop(1000);
  });

  test('a report has the totals of this run where there were none before', async () => {
    const { recorder } = await recording(30_000);
    const totals = [totalRow({ received: 3 })];
    assert.deepEqual(recorder.withPast(workerReport({ totals })).totals, totals);
    await recorder.stop(1000);
  });
});
