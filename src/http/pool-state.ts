import type { HistogramRow, PoolRow } from '../domain/report.ts';
import { isoTime } from './view.ts';

/** A pool as it is shown: what is in the report, its round trips as one figure. */
export interface PoolState
  extends Omit<PoolRow, 'roundTrip' | 'lastErrorAtMs' | 'isFailing' | 'loginsRefused'> {
  readonly state: PoolCondition;
  readonly lastErrorAt: string | null;
  /** Mean over all shares since the start; null before the first. */
  readonly roundTripSeconds: number | null;
  /** Upper bound of the half of them that was quicker; null where that is above every bound. */
  readonly roundTripP50Seconds: number | null;
}

/** `idle`: nobody needs it. `refused`: it refuses the logins of accounts, and none is logged in. `down`: needed, and cannot be had. */
export type PoolCondition = 'up' | 'idle' | 'connecting' | 'down' | 'refused';

export function poolCondition(row: PoolRow): PoolCondition {
  if (row.up) return 'up';
  if (row.loginsRefused > 0) return 'refused';
  const { dialing, handshaking, cooling } = row.upstreams;
  if (row.sessions + row.waiting + dialing + handshaking + cooling === 0) return 'idle';
  return row.isFailing || cooling > 0 ? 'down' : 'connecting';
}

export function poolState(all: PoolRow): PoolState {
  const { roundTrip, lastErrorAtMs, isFailing: _, loginsRefused: __, ...row } = all;
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
