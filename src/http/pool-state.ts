import type { HistogramRow, LoginRow, PoolRow } from '../domain/report.ts';
import { isoTime } from './view.ts';

/** A pool as it is shown: what is in the report, its round trips as one figure. */
export interface PoolState
  extends Omit<PoolRow, 'roundTrip' | 'lastErrorAtMs' | 'isFailing' | 'loginsRefused' | 'isRefusing'> {
  readonly state: PoolCondition;
  readonly lastErrorAt: string | null;
  /** Mean over all shares since the start; null before the first. */
  readonly roundTripSeconds: number | null;
  /** Upper bound of the half of them that was quicker; null where that is above every bound. */
  readonly roundTripP50Seconds: number | null;
}

/**
 * How a pool is, for all accounts or for one. `idle`: nobody needs it. `refused`: it refuses logins, none is logged in, and nothing else has failed since. `down`: needed, or was by a login
 * that it refused, and cannot be had.
 */
export const POOL_CONDITIONS = ['up', 'idle', 'connecting', 'down', 'refused'] as const;
export type PoolCondition = (typeof POOL_CONDITIONS)[number];

/** What {@link poolCondition} looks at. */
export type ConditionFacts = Pick<
  PoolRow,
  'up' | 'upstreams' | 'sessions' | 'waiting' | 'isFailing' | 'loginsRefused' | 'isRefusing'
>;

export function poolCondition(row: ConditionFacts): PoolCondition {
  if (row.up) return 'up';
  if (row.loginsRefused > 0) return row.isRefusing ? 'refused' : 'down';
  const { dialing, handshaking, cooling } = row.upstreams;
  if (row.sessions + row.waiting + dialing + handshaking + cooling === 0) return 'idle';
  return row.isFailing || cooling > 0 ? 'down' : 'connecting';
}

/** How one account is at one of its pools; a login that was refused counts until it is taken. */
export function loginCondition(row: LoginRow): PoolCondition {
  const { lastRefusal } = row;
  const isRefused = lastRefusal !== null && !lastRefusal.isOver;
  return poolCondition({ ...row, up: row.upstreams.live > 0, loginsRefused: isRefused ? 1 : 0 });
}

export function poolState(all: PoolRow): PoolState {
  const { roundTrip, lastErrorAtMs, isFailing: _, loginsRefused: __, isRefusing: ___, ...row } = all;
  const { sum, count } = roundTrip;
  return {
    ...row,
    state: poolCondition(all),
    lastErrorAt: lastErrorAtMs === null ? null : isoTime(lastErrorAtMs),
    roundTripSeconds: count > 0 ? sum / count : null,
    roundTripP50Seconds: medianBound(roundTrip),
  };
}

function medianBound({ bounds, cumulative, count }: HistogramRow): number | null {
  if (count === 0) return null;
  const at = cumulative.findIndex((atOrBelow) => atOrBelow * 2 >= count);
  return bounds[at] ?? null;
}
