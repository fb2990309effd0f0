import { addPartialCounts } from '../domain/counts.ts';
import { bucketOf, type HistoryPoint } from '../domain/history.ts';
import type { ShareCounts } from '../domain/report.ts';
import type { ShareResult } from '../domain/result.ts';

/** The sum of a bucket, and its rate. */
export interface FoldedPoint extends HistoryPoint {
  /** Over the part of the bucket that has passed. */
  readonly hashrateHs: number;
  readonly counts: Partial<ShareCounts>;
}

/** Sums points by bucket and algorithm, by time. `collectedMs`: up to when they tell, which is within the last bucket as a rule. */
export function foldPoints(
  points: readonly HistoryPoint[],
  { stepSeconds, collectedMs }: { readonly stepSeconds: number; readonly collectedMs: number },
): FoldedPoint[] {
  const sums = new Map<
    string,
    { atMs: number; algorithm: string; work: number; counts: Partial<Record<ShareResult, number>> }
  >();
  for (const { atMs, algorithm, work, counts } of points) {
    const bucketMs = bucketOf(atMs, stepSeconds);
    const key = `${bucketMs} ${algorithm}`;
    const sum = sums.get(key) ?? { atMs: bucketMs, algorithm, work: 0, counts: {} };
    sums.set(key, sum);
    sum.work += work;
    addPartialCounts(sum.counts, counts);
  }
  return Array.from(sums.values(), (sum) => {
    const passedSeconds = (collectedMs - sum.atMs) / 1000;
    // A clock that was put back leaves buckets of a time to come.
    const seconds = passedSeconds > 0 ? Math.min(stepSeconds, passedSeconds) : stepSeconds;
    return { ...sum, hashrateHs: sum.work / seconds };
  }).sort((a, b) => a.atMs - b.atMs);
}
