import { addCounts } from '../domain/counts.ts';
import type { SessionRow } from '../domain/report.ts';

/** The rows of addresses that come up twice, folded. */
interface FoldedRows {
  readonly addresses: ReadonlySet<string>;
  /** By address and account. */
  readonly perMiner: ReadonlyMap<string, SessionRow>;
  /** By address, account, algorithm and pool. */
  readonly perPool: ReadonlyMap<string, SessionRow>;
}

/**
 * The rows of all sessions with an account, each label set once.
 *
 * A label set can come up twice: a session that returned to a pool it had left, an address used again within the
 * minute that its last session is remembered. That is rare and a hundred thousand rows are common, so the rows stay
 * where they are and only those whose address comes up twice are folded: per scrape nothing is kept for the others,
 * since what is kept is copied by the garbage collector while the miners wait.
 */
export class MinerRows {
  readonly #pages: readonly (readonly SessionRow[])[];
  readonly #folded: FoldedRows;

  constructor(pages: readonly (readonly SessionRow[])[], folded: FoldedRows) {
    this.#pages = pages;
    this.#folded = folded;
  }

  /** One row per miner and account. */
  *perMiner(): Generator<SessionRow, void, undefined> {
    for (const row of this.#sole()) yield row;
    yield* this.#folded.perMiner.values();
  }

  /** One row per miner, account, algorithm and pool; miners without a pool have none. */
  *perPool(): Generator<SessionRow, void, undefined> {
    for (const row of this.#sole()) if (row.pool !== '') yield row;
    yield* this.#folded.perPool.values();
  }

  *#sole(): Generator<SessionRow, void, undefined> {
    const { addresses } = this.#folded;
    for (const page of this.#pages) {
      for (const row of page) {
        if (row.account !== '' && !(addresses.size > 0 && addresses.has(row.address))) yield row;
      }
    }
  }
}

/** A power of two. */
const SHARDS = 64;

/** Finds the addresses that come up twice and folds their rows. Yields after each row, so that the caller can pause. */
export function* foldMiners(
  pages: readonly (readonly SessionRow[])[],
): Generator<undefined, MinerRows, undefined> {
  const addresses = yield* findRepeated(pages);
  const perMiner = new Map<string, SessionRow>();
  const perPool = new Map<string, SessionRow>();
  if (addresses.size > 0) {
    for (const page of pages) {
      for (const row of page) {
        yield;
        if (row.account === '' || !addresses.has(row.address)) continue;
        const key = `${row.address}\n${row.account}`;
        foldInto(perMiner, key, row);
        if (row.pool !== '') foldInto(perPool, `${key}\n${row.algorithm}\n${row.pool}`, row);
      }
    }
  }
  return new MinerRows(pages, { addresses, perMiner, perPool });
}

function* findRepeated(
  pages: readonly (readonly SessionRow[])[],
): Generator<undefined, Set<string>, undefined> {
  // Many small sets, since a large one that grows moves all it holds at once.
  const seen = Array.from({ length: SHARDS }, () => new Set<string>());
  const repeated = new Set<string>();
  for (const page of pages) {
    for (const row of page) {
      yield;
      if (row.account === '') continue;
      const shard = seen[shardOf(row.address)];
      if (shard?.has(row.address) === true) repeated.add(row.address);
      else shard?.add(row.address);
    }
  }
  return repeated;
}

/** By the last digits of the port, which spread well. */
function shardOf(address: string): number {
  const end = address.length - 1;
  return (address.charCodeAt(end) * 10 + address.charCodeAt(end - 1)) & (SHARDS - 1);
}

function foldInto(rows: Map<string, SessionRow>, key: string, row: SessionRow): void {
  const known = rows.get(key);
  rows.set(key, known === undefined ? row : addRows(known, row));
}

/**
 * Shares add up. Difficulty and hashrate are states: those of the row that is up count, or of the newer one; two that
 * are both up hash side by side.
 */
function addRows(a: SessionRow, b: SessionRow): SessionRow {
  const [current, other] = isCurrent(a, b) ? [a, b] : [b, a];
  const beside = other.up ? other : null;
  return {
    ...current,
    received: a.received + b.received,
    inFlight: a.inFlight + b.inFlight,
    counts: addCounts(a.counts, b.counts),
    difficultyReceived: a.difficultyReceived + b.difficultyReceived,
    difficultyAccepted: a.difficultyAccepted + b.difficultyAccepted,
    rate1mHs: current.rate1mHs + (beside?.rate1mHs ?? 0),
    rate5mHs: current.rate5mHs + (beside?.rate5mHs ?? 0),
    rate15mHs: current.rate15mHs + (beside?.rate15mHs ?? 0),
  };
}

/** True when `a` tells the present state rather than `b`: the one that is up, else the newer. */
function isCurrent(a: SessionRow, b: SessionRow): boolean {
  return a.up === b.up ? a.connectedAtMs > b.connectedAtMs : a.up;
}
