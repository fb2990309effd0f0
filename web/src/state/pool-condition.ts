import type { Credentials, PoolCondition, PoolState, Refusal, UserView } from '../api/types.ts';

/** How a pool is: as the proxy says; else by whether anybody wants to mine there. */
export function conditionOf({ state, up, sessions, upstreams }: PoolState): PoolCondition {
  if (state !== undefined) return state;
  if (up) return 'up';
  const wanted = Object.entries(upstreams).some(([step, n]) => step !== 'idle' && n > 0);
  return sessions === 0 && !wanted ? 'idle' : 'down';
}

/** How many pools there are in each condition. */
export function countConditions(pools: readonly PoolState[]): Readonly<Record<PoolCondition, number>> {
  const counts = { up: 0, idle: 0, connecting: 0, down: 0, refused: 0 };
  for (const pool of pools) counts[conditionOf(pool)] += 1;
  return counts;
}

/** An account at one of its pools. */
export interface EntryCondition {
  readonly isMinedOn: boolean;
  /** Null where it is not known. */
  readonly state: PoolCondition | null;
  readonly refusal: Refusal | null;
}

/** How an account is at the pool of one of its entries. */
export function entryCondition({ mining }: UserView, entry: Credentials): EntryCondition {
  const row = mining.pools.find((one) => one.pool === entry.pool && one.user === entry.user);
  return {
    isMinedOn: mining.pool === entry.pool && (row?.miners ?? 0) > 0,
    state: row?.state ?? null,
    refusal: row?.lastRefusal ?? null,
  };
}
