import type { UserView } from '../api/types.ts';

/** A pool that accounts have, as their first or as a backup. */
export interface PoolOfAccounts {
  readonly pool: string;
  /** Null where the pool is not in the pool list any more. */
  readonly algorithm: string | null;
  readonly accounts: number;
}

/** The pools of these accounts, those of the most accounts first. */
export function poolsOf(users: readonly UserView[]): readonly PoolOfAccounts[] {
  const byPool = new Map<string, PoolOfAccounts>();
  for (const user of users) {
    for (const pool of new Set([user, ...user.backups].map((entry) => entry.pool))) {
      const algorithm = [user, ...user.backups].find((entry) => entry.pool === pool)?.algorithm ?? null;
      byPool.set(pool, { pool, algorithm, accounts: (byPool.get(pool)?.accounts ?? 0) + 1 });
    }
  }
  return [...byPool.values()].sort((a, b) => b.accounts - a.accounts || (a.pool < b.pool ? -1 : 1));
}

/** Miners of an account that mine on this pool now. */
export function minersOn(pool: string, user: UserView | undefined): number {
  const rows = user?.mining.pools.filter((row) => row.pool === pool) ?? [];
  return rows.reduce((sum, { miners }) => sum + miners, 0);
}
