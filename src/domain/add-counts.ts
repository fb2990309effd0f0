import type { ShareCounts } from './report.ts';
import { SHARE_RESULTS, type ShareResult } from './result.ts';

/** Bucket by bucket. */
export function addCounts(a: ShareCounts, b: ShareCounts): ShareCounts {
  const sum: Record<ShareResult, number> = { ...a };
  for (const result of SHARE_RESULTS) sum[result] += b[result];
  return sum;
}
