/**
 * The pause before attempt `attempt` (1 for the first repeat): doubles from `minMs` up to `maxMs`, with the upper half drawn
 * at random so that many clients of one dead server do not return in step. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, limits: { minMs: number; maxMs: number }, random: number): number {
  const ceiling = Math.min(limits.maxMs, limits.minMs * 2 ** Math.min(attempt - 1, 30));
  return ceiling / 2 + (ceiling / 2) * random;
}
