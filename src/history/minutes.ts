import { addPartialCounts } from '../domain/counts.ts';
import { bucketOf, type HistoryPoint, type HistoryScope, isInScope } from '../domain/history.ts';
import { LabelMap } from '../domain/label-map.ts';
import type { WorkRow } from '../domain/report.ts';
import type { ShareResult } from '../domain/result.ts';
import { WorkerNames } from './worker-names.ts';

const MINUTE_SECONDS = 60;

/** Where the work of names goes that come up when there is no room for more of them. */
export const OTHER_WORKERS = '(others)';

export interface MinutesLimits {
  /** Names of one minute that are told apart; who makes up more is counted as {@link OTHER_WORKERS}. */
  readonly workers: number;
  /** Names of one account and day that are told apart: each is kept for as long as the history is. */
  readonly namesPerDay: number;
  /** Rows of all minutes that wait to be written. Beyond it the oldest minute is added to the one after it. */
  readonly rows: number;
}

export const DEFAULT_MINUTES_LIMITS: MinutesLimits = {
  workers: 100_000,
  namesPerDay: 10_000,
  rows: 250_000,
};

interface Sum extends WorkRow {
  work: number;
  readonly counts: Partial<Record<ShareResult, number>>;
}

/** The minutes that are not written yet: that which is running, and those before it while the store cannot take them. */
export class Minutes {
  readonly #limits: MinutesLimits;
  readonly #names: WorkerNames;
  /** By their begin, the oldest first; rows by their labels. */
  readonly #minutes = new Map<number, LabelMap<Sum>>();

  constructor(limits: MinutesLimits = DEFAULT_MINUTES_LIMITS) {
    this.#limits = limits;
    this.#names = new WorkerNames(limits.namesPerDay);
  }

  /** `rows` were worked up to `untilMs`, most of them in the minute that holds the moment before. */
  add(rows: readonly WorkRow[], untilMs: number): void {
    if (rows.length === 0) return;
    const atMs = bucketOf(untilMs - 1, MINUTE_SECONDS);
    const minute = this.#minutes.get(atMs) ?? new LabelMap<Sum>();
    this.#minutes.set(atMs, minute);
    for (const row of rows) {
      const isTold = this.#names.take(row, untilMs);
      addTo(minute, isTold ? row : { ...row, worker: OTHER_WORKERS }, this.#limits.workers);
    }
    this.#makeRoom();
  }

  /** Minutes that ended by then, the oldest first. */
  ended(nowMs: number): readonly { readonly atMs: number; readonly rows: readonly WorkRow[] }[] {
    return [...this.#minutes]
      .filter(([atMs]) => atMs + MINUTE_SECONDS * 1000 <= nowMs)
      .map(([atMs, rows]) => ({ atMs, rows: [...rows.values()] }))
      .sort((a, b) => a.atMs - b.atMs);
  }

  /** It is written. */
  remove(atMs: number): void {
    this.#minutes.delete(atMs);
  }

  /** What is here of a scope from `fromMs` to before `toMs`, by minute and algorithm. */
  points(scope: HistoryScope, fromMs: number, toMs: number): HistoryPoint[] {
    const points = new Map<string, Sum & { readonly atMs: number }>();
    for (const [atMs, rows] of this.#minutes) {
      if (atMs < fromMs || atMs >= toMs) continue;
      for (const row of rows.values()) {
        if (!isInScope(row, scope)) continue;
        const key = `${atMs} ${row.algorithm}`;
        const point = points.get(key) ?? { ...row, atMs, work: 0, counts: {} };
        points.set(key, point);
        point.work += row.work;
        addPartialCounts(point.counts, row.counts);
      }
    }
    return Array.from(points.values(), ({ atMs, algorithm, work, counts }) => ({
      atMs,
      algorithm,
      work,
      counts,
    }));
  }

  #makeRoom(): void {
    let rows = 0;
    for (const minute of this.#minutes.values()) rows += minute.size;
    while (rows > this.#limits.rows) {
      const [oldest, next] = [...this.#minutes].sort(([a], [b]) => a - b);
      if (oldest === undefined || next === undefined) return;
      rows -= oldest[1].size + next[1].size;
      for (const row of oldest[1].values()) addTo(next[1], row, this.#limits.workers);
      rows += next[1].size;
      this.#minutes.delete(oldest[0]);
    }
  }
}

function addTo(minute: LabelMap<Sum>, row: WorkRow, workers: number): void {
  let sum = minute.get(row);
  if (sum === undefined) {
    const { account, pool, algorithm } = row;
    const labels = { account, pool, algorithm, worker: minute.size < workers ? row.worker : OTHER_WORKERS };
    sum = minute.get(labels) ?? { ...labels, work: 0, counts: {} };
    minute.set(labels, sum);
  }
  sum.work += row.work;
  addPartialCounts(sum.counts, row.counts);
}
