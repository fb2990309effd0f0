import { shareCounts } from '../domain/counts.ts';
import type { ShareCounts, WorkerReport } from '../domain/report.ts';
import { SHARE_RESULTS } from '../domain/result.ts';

export const TOTAL_KEYS = ['account', 'pool', 'algorithm'] as const;

export type TotalKey = (typeof TOTAL_KEYS)[number];

/** Sums of all that has the same of what was asked for. Work is in hashes. */
export interface TotalSum {
  readonly keys: Readonly<Partial<Record<TotalKey, string>>>;
  /** Connected now. */
  miners: number;
  /** Of the miners that are connected now, over 5 minutes. */
  hashrate5mHs: number;
  readonly shares: Record<keyof ShareCounts, number>;
  received: number;
  inFlight: number;
  work: number;
  workFound: number;
  workAtPool: number;
  sharesAtPool: number;
}

/** The totals of a report by any of account, pool and algorithm; one sum of everything where it is by none. */
export function totalsBy(report: WorkerReport, by: readonly TotalKey[]): readonly TotalSum[] {
  const sums = new Map<string, TotalSum>();
  const sumOf = (row: Readonly<Record<TotalKey, string>>): TotalSum => {
    const key = by.map((name) => row[name]).join('\n');
    const known = sums.get(key);
    if (known !== undefined) return known;
    const made = emptySum(Object.fromEntries(by.map((name) => [name, row[name]])));
    sums.set(key, made);
    return made;
  };
  for (const row of report.totals) {
    // The books of shares before a login are always there.
    if (row.account === '' && row.received === 0) continue;
    const sum = sumOf(row);
    for (const result of SHARE_RESULTS) sum.shares[result] += row.counts[result];
    sum.received += row.received;
    sum.inFlight += row.inFlight;
    sum.work += row.work;
    sum.workFound += row.workFound;
    sum.workAtPool += row.workAtPool;
    sum.sharesAtPool += row.sharesAtPool;
  }
  for (const row of report.sessions) {
    if (!row.up) continue;
    const sum = sumOf(row);
    sum.miners += 1;
    sum.hashrate5mHs += row.rate5mHs;
  }
  return [...sums.values()];
}

function emptySum(keys: TotalSum['keys']): TotalSum {
  return {
    keys,
    miners: 0,
    hashrate5mHs: 0,
    shares: shareCounts(),
    received: 0,
    inFlight: 0,
    work: 0,
    workFound: 0,
    workAtPool: 0,
    sharesAtPool: 0,
  };
}
