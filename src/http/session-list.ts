import type { SessionRow, ShareCounts } from '../domain/report.ts';
import { isAccepted, SHARE_RESULTS } from '../domain/result.ts';
import {
  naturalKey,
  type Order,
  type SortKey,
  type SortValue,
  sortedWindow,
  type Window,
} from './row-order.ts';

/** What a list of sessions is narrowed down to; absent and null: not by this. */
export interface SessionFilter {
  /** Lower case; found in any text of a row. */
  readonly search?: string | null;
  readonly account?: string | undefined;
  readonly worker?: string | undefined;
  readonly pool?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly dialect?: string | undefined;
  /** `ip` or `ip:port`. */
  readonly address?: string | undefined;
  readonly up?: 'true' | 'false' | undefined;
}

/** One page of the sessions that the filter leaves, and how many these are. */
export function listSessions(
  rows: readonly SessionRow[],
  filter: SessionFilter,
  page: Order & Window,
): { readonly sessions: readonly SessionRow[]; readonly total: number } {
  const found = rows.filter(matcherOf(filter));
  const sessions = sortedWindow(found, (row) => sessionSortValue(row, page.sort), page);
  return { sessions, total: found.length };
}

/** True for rows that the filter leaves. */
export function matcherOf(filter: SessionFilter): (row: SessionRow) => boolean {
  const { search = null, account, worker, pool, algorithm, dialect, address, up } = filter;
  return (row) =>
    (account === undefined || row.account === account) &&
    (worker === undefined || row.worker === worker) &&
    (pool === undefined || row.pool === pool) &&
    (algorithm === undefined || row.algorithm === algorithm) &&
    (dialect === undefined || row.dialect === dialect) &&
    (address === undefined || row.address === address || ipOf(row.address) === address) &&
    (up === undefined || row.up === (up === 'true')) &&
    (search === null || holdsText(row, search));
}

/** `search` is in lower case. */
export function holdsText(row: SessionRow, search: string): boolean {
  const { id, address, account, worker, agent, pool } = row;
  return (
    account.includes(search) ||
    address.includes(search) ||
    id.includes(search) ||
    worker.toLowerCase().includes(search) ||
    agent.toLowerCase().includes(search) ||
    pool.includes(search)
  );
}

/** What a session is sorted by. */
export function sessionSortValue(row: SessionRow, key: SortKey): SortValue {
  switch (key) {
    case 'hashrate':
      return row.rate5mHs;
    case 'accepted':
      return acceptedOf(row.counts);
    case 'rejected':
      return rejectedOf(row.counts);
    case 'lastShareAt':
      return row.lastShareAtMs;
    case 'connectedAt':
      return row.connectedAtMs;
    case 'worker':
    case 'address':
      return naturalKey(row[key]);
    case 'difficulty':
    case 'account':
    case 'pool':
    case 'algorithm':
      return row[key];
  }
}

/** Credited shares. */
export function acceptedOf(counts: ShareCounts): number {
  return counts.accepted + counts['accepted-local'];
}

/** Shares that came to nothing, for whatever reason. */
export function rejectedOf(counts: ShareCounts): number {
  let rejected = 0;
  for (const result of SHARE_RESULTS) if (!isAccepted(result)) rejected += counts[result];
  return rejected;
}

/** `192.0.2.1` of `192.0.2.1:50000`, `2001:db8::1` of `[2001:db8::1]:50000`. */
export function ipOf(address: string): string {
  const ip = address.slice(0, address.lastIndexOf(':'));
  return ip.startsWith('[') ? ip.slice(1, -1) : ip;
}
