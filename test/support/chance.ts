/**
 * How unlikely it is, in nats, that shares stand for work so far from the hashes behind them: the chance is at most e^-result. Shares of one difficulty are
 * Poisson's; with a difficulty that moves, by whatever rule, the sum of (work − hashes) is a martingale whose jumps are at most `largest`,
 * and Freedman's inequality (D. A. Freedman, 1975; Bennett's for independent sums) bounds it. All in hashes.
 *
 * `excess`: work minus hashes. `variance`: the sum over all hashes of the work of the share they were tried for, in hashes².
 */
export function surpriseOf(excess: number, variance: number, largest: number): number {
  if (variance <= 0) return excess === 0 ? 0 : Number.POSITIVE_INFINITY;
  // Jumps only go up, so what is missing is no worse than a normal variable.
  if (excess <= 0) return excess ** 2 / (2 * variance);
  const u = (excess * largest) / variance;
  return (variance / largest ** 2) * ((1 + u) * Math.log1p(u) - u);
}
