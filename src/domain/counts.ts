import type { ShareCounts } from './report.ts';
import { SHARE_RESULTS, type ShareResult } from './result.ts';

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
