import type { LastingTotal } from '../domain/history.ts';
import type { ShareCounts, TotalRow } from '../domain/report.ts';
import { SHARE_RESULTS, type ShareResult } from '../domain/result.ts';

/**
 * The totals of all runs of the program: those of the runs before, as they were loaded, and those of this one on top. What has changed is kept until
 * it is known to be written, one row for each set of labels however long that takes.
 */
export class RunningTotals {
  readonly #past: ReadonlyMap<string, TotalRow>;
  /** As they are known to stand in the store. */
  readonly #written: Map<string, TotalRow>;
  #unwritten = new Map<string, LastingTotal>();

  constructor(past: readonly LastingTotal[]) {
    this.#past = new Map(past.map((total) => [keyOf(total), whole(total)]));
    this.#written = new Map(this.#past);
  }

  /** Rows of this run. Those that are not further than what is known already change nothing: a report may be older than what was collected since. */
  note(rows: readonly TotalRow[]): void {
    for (const row of rows) {
      const key = keyOf(row);
      const { inFlight: _, ...total } = row;
      const sum = add(total, this.#past.get(key));
      const known = this.#unwritten.get(key) ?? this.#written.get(key);
      if (known === undefined || progressOf(sum) > progressOf(known)) this.#unwritten.set(key, sum);
    }
  }

  /** What is not known to be written. */
  unwritten(): readonly LastingTotal[] {
    return [...this.#unwritten.values()];
  }

  /** These are written; what was noted since is not. */
  written(totals: readonly LastingTotal[]): void {
    for (const total of totals) {
      const key = keyOf(total);
      if (this.#unwritten.get(key) === total) this.#unwritten.delete(key);
      this.#written.set(key, { ...total, inFlight: Math.max(0, total.received - endedOf(total)) });
    }
  }

  /** The rows of all runs as they stand in the store. */
  asWritten(): TotalRow[] {
    return [...this.#written.values()];
  }

  /** The rows of this run with what was before them, and those that have only a past; what was mined on first stands first. */
  withPast(rows: readonly TotalRow[]): TotalRow[] {
    if (this.#past.size === 0) return [...rows];
    const all = new Map(this.#past);
    for (const row of rows) {
      const key = keyOf(row);
      const past = this.#past.get(key);
      all.set(key, past === undefined ? row : { ...add(row, past), inFlight: row.inFlight });
    }
    return [...all.values()];
  }
}

function keyOf({ account, pool, algorithm }: Pick<TotalRow, 'account' | 'pool' | 'algorithm'>): string {
  return `${account} ${pool} ${algorithm}`;
}

/** Shares that were in flight when the program was killed have no result: they are lost, so that the books add up. */
function whole(total: LastingTotal): TotalRow {
  const lost = total.counts.lost + Math.max(0, total.received - endedOf(total));
  return { ...total, counts: { ...total.counts, lost }, inFlight: 0 };
}

function endedOf({ counts }: LastingTotal): number {
  return SHARE_RESULTS.reduce((sum, result) => sum + counts[result], 0);
}

/** Grows with whatever is counted, since none of it goes back. */
function progressOf(total: LastingTotal): number {
  return total.received + endedOf(total) + total.sharesAtPool;
}

function add(total: LastingTotal, past: LastingTotal | undefined): LastingTotal {
  if (past === undefined) return total;
  return {
    account: total.account,
    pool: total.pool,
    algorithm: total.algorithm,
    received: total.received + past.received,
    counts: addCounts(total.counts, past.counts),
    work: total.work + past.work,
    workFound: total.workFound + past.workFound,
    workAtPool: total.workAtPool + past.workAtPool,
    sharesAtPool: total.sharesAtPool + past.sharesAtPool,
  };
}

function addCounts(a: ShareCounts, b: ShareCounts): ShareCounts {
  const sum: Record<ShareResult, number> = { ...a };
  for (const result of SHARE_RESULTS) sum[result] += b[result];
  return sum;
}
