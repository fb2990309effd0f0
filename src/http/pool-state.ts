import type { HistogramRow, PoolRow } from '../domain/report.ts';

/** A pool as it is shown: what is in the report, its round trips as one figure. */
export interface PoolState extends Omit<PoolRow, 'roundTrip'> {
  /** Mean over all shares since the start; null before the first. */
  readonly roundTripSeconds: number | null;
  /** Upper bound of the half of them that was quicker; null where that is above every bound. */
  readonly roundTripP50Seconds: number | null;
}

export function poolState({ roundTrip, ...row }: PoolRow): PoolState {
  const { sum, count } = roundTrip;
  return {
    ...row,
    roundTripSeconds: count > 0 ? sum / count : null,
    roundTripP50Seconds: medianBound(roundTrip),
  };
}

function medianBound({ bounds, cumulative, count }: HistogramRow): number | null {
  if (count === 0) return null;
  const at = cumulative.findIndex((atOrBelow) => atOrBelow * 2 >= count);
  return bounds[at] ?? null;
}
