/**
 * The buckets of a share (every share ends in exactly one; their sum equals the shares received).
 * `accepted`: by the pool. `accepted-local`: by our own verification, below the upstream's difficulty.
 * `unanswered`: the pool did not answer in time. `lost`: the upstream died with the share in flight.
 * The rest are refusals, ours or the pool's, by reason; `rejected` is a pool's reason that fits no other.
 */
export const SHARE_RESULTS = [
  'accepted',
  'accepted-local',
  'stale',
  'duplicate',
  'low-difficulty',
  'unknown-job',
  'unauthorized',
  'malformed',
  'rejected',
  'unanswered',
  'lost',
] as const;

export type ShareResult = (typeof SHARE_RESULTS)[number];

/** Why a share was refused: a subset of the buckets. */
export type RejectReason = Exclude<ShareResult, 'accepted' | 'accepted-local' | 'unanswered' | 'lost'>;

export function isAccepted(result: ShareResult): boolean {
  return result === 'accepted' || result === 'accepted-local';
}
