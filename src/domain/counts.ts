import type { ShareCounts } from './report.ts';
import { SHARE_RESULTS, type ShareResult } from './result.ts';

/** A new set of buckets; those that are not given are empty. */
export function shareCounts(some: Partial<ShareCounts> = {}): Record<ShareResult, number> {
  const counts = SHARE_RESULTS.map((result) => [result, some[result] ?? 0]);
  return Object.fromEntries(counts) as Record<ShareResult, number>;
}

/** Bucket by bucket. */
export function addCounts(a: ShareCounts, b: ShareCounts): ShareCounts {
  const sum: Record<ShareResult, number> = { ...a };
  for (const result of SHARE_RESULTS) sum[result] += b[result];
  return sum;
}

/** Adds what is given to a sum. */
export function addPartialCounts(
  sum: Partial<Record<ShareResult, number>>,
  counts: Partial<ShareCounts>,
): void {
  for (const result of SHARE_RESULTS) {
    const count = counts[result];
    if (count !== undefined && count !== 0) sum[result] = (sum[result] ?? 0) + count;
  }
}
