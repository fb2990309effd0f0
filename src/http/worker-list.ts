import { addCounts } from '../domain/counts.ts';
import type { SessionRow, ShareCounts } from '../domain/report.ts';
import { type Order, type SortKey, type SortValue, sortedWindow, type Window } from './row-order.ts';
import {
  acceptedOf,
  holdsText,
  matcherOf,
  rejectedOf,
  type SessionFilter,
  sessionSortValue,
} from './session-list.ts';

/** All sessions of an account that call themselves the same. */
export interface WorkerRow {
  readonly account: string;
  readonly worker: string;
  /** Connected now. */
  readonly sessions: number;
  /** Programs and firmwares, a few of them. */
  readonly agents: readonly string[];
  /** Of the session that is up, or was last. */
  readonly current: SessionRow;
  readonly rate1mHs: number;
  readonly rate5mHs: number;
  readonly rate15mHs: number;
  readonly rate5mError: number | null;
  readonly counts: ShareCounts;
  readonly received: number;
  readonly inFlight: number;
  /** Of the session that is there longest. */
  readonly connectedAtMs: number;
  readonly lastShareAtMs: number | null;
  readonly up: boolean;
}

/** As of sessions; of a worker one row that fits is enough for `search`. */
export type WorkerFilter = Pick<SessionFilter, 'search' | 'account' | 'worker' | 'pool' | 'algorithm' | 'up'>;

/** One page of the workers that the filter leaves, and how many these are. */
export function listWorkers(
  rows: readonly SessionRow[],
  { search = null, up, ...filter }: WorkerFilter,
  page: Order & Window,
): { readonly workers: readonly WorkerRow[]; readonly total: number } {
  const matches = matcherOf(filter);
  const byName = new Map<string, SessionRow[]>();
  for (const row of rows) {
    if (!matches(row)) continue;
    const key = `${row.account}.${row.worker}`;
    const own = byName.get(key);
    if (own === undefined) byName.set(key, [row]);
    else own.push(row);
  }
  const found: (readonly SessionRow[])[] = [];
  for (const own of byName.values()) {
    if (search !== null && !own.some((row) => holdsText(row, search))) continue;
    if (up !== undefined && own.some((row) => row.up) !== (up === 'true')) continue;
    found.push(own);
  }
  const shown = sortedWindow(found, (own) => sortValue(own, page.sort), page);
  return { workers: shown.map(workerOf), total: found.length };
}

/** Most workers are one session, and sums are made for the others and the page alone. */
function sortValue(rows: readonly SessionRow[], key: SortKey): SortValue {
  const [only] = rows;
  if (only !== undefined && rows.length === 1) return sessionSortValue(only, key);
  const worker = workerOf(rows);
  switch (key) {
    case 'hashrate':
      return worker.rate5mHs;
    case 'accepted':
      return acceptedOf(worker.counts);
    case 'rejected':
      return rejectedOf(worker.counts);
    case 'lastShareAt':
      return worker.lastShareAtMs;
    case 'connectedAt':
      return worker.connectedAtMs;
    case 'account':
    case 'worker':
    case 'difficulty':
    case 'address':
    case 'pool':
    case 'algorithm':
      return sessionSortValue(worker.current, key);
  }
}

const AGENTS_SHOWN = 5;

/**
 * Shares add up, those of the last minute's ended rows too. Rates are those of the sessions that are up; of a worker that is not, those that its rows still have.
 */
function workerOf(rows: readonly SessionRow[]): WorkerRow {
  const [first] = rows;
  if (first === undefined) throw new Error('a worker has at least one session');
  const up = rows.some((row) => row.up);
  let current = first;
  let { counts } = first;
  let sessions = 0;
  let received = 0;
  let inFlight = 0;
  let rate1mHs = 0;
  let rate5mHs = 0;
  let rate15mHs = 0;
  let variance = 0;
  let connectedAtMs = Infinity;
  let lastShareAtMs: number | null = null;
  const agents = new Set<string>();
  for (const row of rows) {
    if (row !== first) counts = addCounts(counts, row.counts);
    received += row.received;
    inFlight += row.inFlight;
    if (agents.size < AGENTS_SHOWN && row.agent !== '') agents.add(row.agent);
    if (row.lastShareAtMs !== null) lastShareAtMs = Math.max(lastShareAtMs ?? 0, row.lastShareAtMs);
    if (row.up === current.up ? row.connectedAtMs > current.connectedAtMs : row.up) current = row;
    if (row.up) sessions += 1;
    if (row.up !== up) continue;
    connectedAtMs = Math.min(connectedAtMs, row.connectedAtMs);
    rate1mHs += row.rate1mHs;
    rate5mHs += row.rate5mHs;
    rate15mHs += row.rate15mHs;
    variance += ((row.rate5mError ?? 0) * row.rate5mHs) ** 2;
  }
  return {
    account: first.account,
    worker: first.worker,
    sessions,
    agents: [...agents],
    current,
    rate1mHs,
    rate5mHs,
    rate15mHs,
    rate5mError: rate5mHs > 0 ? Math.sqrt(variance) / rate5mHs : null,
    counts,
    received,
    inFlight,
    connectedAtMs,
    lastShareAtMs,
    up,
  };
}
