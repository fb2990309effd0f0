import { DEFAULT_VARDIFF } from './vardiff.ts';

/**
 * Shares a second that all sessions being measured should not exceed by much together. A worker relays some 25,000, and has the settled sessions to serve as well.
 * It is a sum that the rule aims at, not a limit: who came first keeps the pace it was given, and of very many each still gets {@link LEAST_MEASURING_PACE}.
 */
export const MEASURING_BUDGET_PER_SECOND = 4000;
/** Below this pace, in shares a minute, a newcomer is not known well enough after three minutes, and waiting on it costs more than its shares do. */
export const LEAST_MEASURING_PACE = 48;

/**
 * The pace, in shares a minute, at which the next session should be measured while `measuringNow` others are: the usual one, or its part of the budget where many came
 * at once, as after a restart. It holds for the whole of a measurement ({@link VardiffPolicy.measureSharesPerMinute}), never below `sharesPerMinute`.
 */
export function measuringPace(
  measuringNow: number,
  budgetPerSecond: number,
  sharesPerMinute: number,
): number {
  const part = (budgetPerSecond * 60) / (measuringNow + 1);
  const pace = Math.min(Math.max(part, LEAST_MEASURING_PACE), DEFAULT_VARDIFF.measureSharesPerMinute);
  return Math.max(pace, sharesPerMinute);
}
