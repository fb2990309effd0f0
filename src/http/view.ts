import { type Static, Type } from 'typebox';
import { SHARE_RESULTS, type ShareResult } from '../domain/result.ts';
import { orNull } from './schemas.ts';

/** Shares by bucket, as every answer shows them. */
export const SharesView = Type.Object(
  Object.fromEntries(SHARE_RESULTS.map((result) => [result, Type.Integer()])) as Record<
    ShareResult,
    ReturnType<typeof Type.Integer>
  >,
  { description: 'By their final result; with those in flight they add up to those received.' },
);

/** A measured hashrate. */
export const HashrateView = Type.Object({
  '1m': Type.Number({ description: 'H/s over the last minute, from credited shares.' }),
  '5m': Type.Number(),
  '15m': Type.Number(),
  '5mError': orNull(
    Type.Number({ description: 'Relative standard error of the 5-minute rate; null without a share.' }),
  ),
});

export type Hashrate = Static<typeof HashrateView>;

/** ISO 8601 in UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}
