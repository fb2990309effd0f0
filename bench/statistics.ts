/** The value below which `rank` percent of the values lie (nearest rank; 100 is the greatest); NaN for no values. */
export function percentile(values: readonly number[], rank: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const index = Math.ceil((rank / 100) * sorted.length) - 1;
  return sorted[Math.min(sorted.length - 1, Math.max(0, index))] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle; NaN for no values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  if (sorted.length % 2 === 1) return upper;
  return (upper + (sorted[(sorted.length >> 1) - 1] ?? Number.NaN)) / 2;
}

/** A straight line through points by least squares. */
export interface Line {
  readonly slope: number;
  /** Standard error of the slope, had the points independent errors of one size. */
  readonly slopeError: number;
}

/** Null for fewer than three points, or where all have the same x. */
export function fitLine(points: readonly { readonly x: number; readonly y: number }[]): Line | null {
  const count = points.length;
  if (count < 3) return null;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / count;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / count;
  const squares = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (squares === 0) return null;
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / squares;
  const residual = points.reduce((sum, { x, y }) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, slopeError: Math.sqrt(residual / (count - 2) / squares) };
}
