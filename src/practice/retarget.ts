/** How the practice pool fits difficulty to a client's pace. */
export interface RetargetPolicy {
  readonly targetPerMinute: number;
  readonly min: number;
  readonly max: number;
}

/** Shares after which the measured pace is good enough to act on. */
const ENOUGH_SHARES = 8;
/** No change by more than this factor at once, none at all inside the tolerance. */
const MAX_STEP = 4;
const TOLERANCE = 0.3;

/**
 * The difficulty that would have given `targetPerMinute` over the last `elapsedMs`, in which `shares` came; `difficulty` itself
 * while that time tells too little.
 */
export function retarget(
  difficulty: number,
  shares: number,
  elapsedMs: number,
  policy: RetargetPolicy,
): number {
  const expected = (policy.targetPerMinute * elapsedMs) / 60_000;
  if (shares < ENOUGH_SHARES && expected < ENOUGH_SHARES) return difficulty;
  const ratio = Math.min(MAX_STEP, Math.max(1 / MAX_STEP, shares / expected));
  if (Math.abs(ratio - 1) < TOLERANCE) return difficulty;
  return Math.min(policy.max, Math.max(policy.min, difficulty * ratio));
}
