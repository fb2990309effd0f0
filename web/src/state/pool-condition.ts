import type { Credentials, PoolCondition, PoolState, Refusal, UserView } from '../api/types.ts';
import { events } from './live.ts';

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

/**
 * How an account is at the pool of one of its entries. Two logins of one pool are told apart by the user; where the proxy does not say which of them it
 * is, it is the first.
 */
export function entryCondition(user: UserView, entry: Credentials): EntryCondition {
  const { mining } = user;
  const entries = [user, ...user.backups];
  const row =
    mining.pools.find((one) => one.pool === entry.pool && one.user === entry.user) ??
    (entries.find(({ pool }) => pool === entry.pool) === entry
      ? mining.pools.find((one) => one.pool === entry.pool && one.user === undefined)
      : undefined);
  const refusal = entry.lastRefusal ?? row?.lastRefusal ?? refusalTold(user.name, entry.pool);
  const isMinedOn = mining.pool === entry.pool && (row?.miners ?? 0) > 0;
  const told = entry.state ?? row?.state ?? null;
  return { isMinedOn, state: told ?? (isMinedOn ? 'up' : refusal === null ? null : 'refused'), refusal };
}

/** What the events say of it: a refusal after which the login has not been taken. */
function refusalTold(account: string, pool: string): Refusal | null {
  const newest = events.value.find(
    (event) =>
      event.account === account && event.pool === pool && /^login-(?:refused|accepted)/.test(event.kind),
  );
  if (newest === undefined || newest.kind.startsWith('login-accepted')) return null;
  return { at: newest.at, message: /: (.*)$/s.exec(newest.message)?.[1] ?? newest.message };
}
