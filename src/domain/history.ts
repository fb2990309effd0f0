import type { ShareCounts, TotalRow, WorkRow } from './report.ts';

/** Lengths of the buckets of the history, in seconds, the finest first. Each divides the next. */
export const HISTORY_STEPS = [60, 600, 3600] as const;

export type HistoryStep = (typeof HISTORY_STEPS)[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Ranges up to now that have a name, in milliseconds. */
export const HISTORY_RANGES = {
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
  '1y': 365 * DAY_MS,
} as const;

export type HistoryRangeName = keyof typeof HISTORY_RANGES;

/** For how many days the buckets of each length are kept; 0: they are not made. */
export type HistoryRetention = Readonly<Record<HistoryStep, number>>;

/** Whose history. What is null is not asked for: all of them are summed. */
export interface HistoryScope {
  readonly account: string | null;
  /** A worker name of the account; only with one. May be empty, which is the name of miners that give none. */
  readonly worker: string | null;
  readonly pool: string | null;
  readonly algorithm: string | null;
}

/** The sum of one bucket over all that are in the scope; algorithms are never summed, since their hashes are no common measure. */
export interface HistoryPoint {
  /** When the bucket begins, in milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
  readonly algorithm: string;
  readonly work: number;
  readonly counts: Partial<ShareCounts>;
}

/** Begin of the bucket that holds this time, in milliseconds since 1970-01-01 UTC. */
export function bucketOf(atMs: number, stepSeconds: number): number {
  const stepMs = stepSeconds * 1000;
  return Math.floor(atMs / stepMs) * stepMs;
}

export function isInScope(row: WorkRow, { account, worker, pool, algorithm }: HistoryScope): boolean {
  return (
    (account === null || row.account === account) &&
    (worker === null || row.worker === worker) &&
    (pool === null || row.pool === pool) &&
    (algorithm === null || row.algorithm === algorithm)
  );
}

/** The sum of all runs of the program: a total without what is only now. */
export type LastingTotal = Omit<TotalRow, 'inFlight'>;
