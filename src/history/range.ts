import { HISTORY_RANGES, HISTORY_STEPS, type HistoryRetention, type HistoryStep } from '../domain/history.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** More are of no use to whoever draws them. */
const MOST_POINTS = 2000;
/** Hours that are drawn as one. */
const FOLDED_HOURS = [1, 2, 3, 4, 6, 12, 24, 48, 168] as const;

/** How a range is read and shown. */
export interface HistoryView {
  /** Length of the buckets that are read. */
  readonly step: HistoryStep;
  /** Length of those that are shown, a multiple of it. */
  readonly stepSeconds: number;
  /** Begin of the first bucket and end of the last, in milliseconds since 1970-01-01 UTC. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Minutes up to six hours, ten minutes up to seven days, hours beyond, and longer ones where there would be too many; others where these are
 * not kept, or not for that long.
 */
export function viewOf(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  { nowMs, keepDays }: { readonly nowMs: number; readonly keepDays: HistoryRetention },
): HistoryView {
  const lengthMs = toMs - fromMs;
  const finest = lengthMs <= HISTORY_RANGES['6h'] ? 60 : lengthMs <= HISTORY_RANGES['7d'] ? 600 : 3600;
  const kept = HISTORY_STEPS.filter((step) => keepDays[step] > 0);
  // The first bucket of a range that goes back as far as is kept may have gone already.
  const reaches = (step: HistoryStep) => fromMs + step * 1000 >= nowMs - keepDays[step] * DAY_MS;
  const coarser = kept.filter((candidate) => candidate >= finest);
  const step = coarser.find(reaches) ?? kept.findLast(reaches) ?? coarser.at(-1) ?? kept.at(-1) ?? 60;
  const shown = Math.max(step, finest);
  const stepSeconds = shown === 3600 ? foldedStep(lengthMs) : shown;
  const stepMs = stepSeconds * 1000;
  return {
    step,
    stepSeconds,
    fromMs: Math.floor(fromMs / stepMs) * stepMs,
    toMs: Math.ceil(toMs / stepMs) * stepMs,
  };
}

function foldedStep(lengthMs: number): number {
  const hours = FOLDED_HOURS.find((folded) => lengthMs / (folded * HOUR_MS) <= MOST_POINTS - 1);
  return (hours ?? 168) * 3600;
}
