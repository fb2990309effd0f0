import type { TotalRow } from '../domain/report.ts';
import { Tally } from './tally.ts';

export type TotalKey = Pick<TotalRow, 'account' | 'pool' | 'algorithm'>;

interface Total {
  readonly key: TotalKey;
  readonly tally: Tally;
}

/** Sums over all books. */
export interface TotalSums {
  readonly received: number;
  readonly inFlight: number;
  readonly accepted: number;
  readonly workFound: number;
  readonly workAtPool: number;
  readonly sharesAtPool: number;
}

/** The books of every (account, pool, algorithm) since start. They outlive whoever writes in them. */
export class Totals {
  readonly #totals = new Map<string, Total>();

  of(key: TotalKey): Tally {
    const text = `${key.account} ${key.pool} ${key.algorithm}`;
    const total = this.#totals.get(text) ?? { key, tally: new Tally() };
    this.#totals.set(text, total);
    return total.tally;
  }

  /** Shares that have not ended. */
  get inFlight(): number {
    let inFlight = 0;
    for (const { tally } of this.#totals.values()) inFlight += tally.inFlight;
    return inFlight;
  }

  sums(): TotalSums {
    let received = 0;
    let inFlight = 0;
    let accepted = 0;
    let workFound = 0;
    let workAtPool = 0;
    let sharesAtPool = 0;
    for (const { tally } of this.#totals.values()) {
      received += tally.received;
      inFlight += tally.inFlight;
      accepted += tally.counts.accepted + tally.counts['accepted-local'];
      workFound += tally.workFound;
      workAtPool += tally.workAtPool;
      sharesAtPool += tally.sharesAtPool;
    }
    return { received, inFlight, accepted, workFound, workAtPool, sharesAtPool };
  }

  /** `isMisnamed`: the books were opened before the pool's first job said what it is; they are shown only where there is something in them. */
  rows(isMisnamed: (key: TotalKey) => boolean): TotalRow[] {
    const shown = [...this.#totals.values()].filter(
      ({ key, tally }) => tally.received > 0 || !isMisnamed(key),
    );
    return shown.map(totalRow);
  }

  /** Those in which something was written since this was asked last. */
  takeChanged(): TotalRow[] {
    const rows: TotalRow[] = [];
    for (const total of this.#totals.values()) {
      if (!total.tally.isChanged) continue;
      total.tally.isChanged = false;
      rows.push(totalRow(total));
    }
    return rows;
  }
}

function totalRow({ key, tally }: Total): TotalRow {
  return {
    ...key,
    counts: { ...tally.counts },
    received: tally.received,
    inFlight: tally.inFlight,
    work: tally.work,
    workFound: tally.workFound,
    workAtPool: tally.workAtPool,
    sharesAtPool: tally.sharesAtPool,
  };
}
