import { median } from '../statistics.ts';

/** One way of doing the work: `run(iterations)` does it that many times and returns something that depends on every result. */
export interface Candidate {
  readonly name: string;
  run(iterations: number): number;
}

/** What was measured of one candidate: nanoseconds per iteration, median and median absolute deviation over the samples. */
export interface Sampled {
  readonly name: string;
  readonly medianNs: number;
  readonly deviationNs: number;
}

export interface SamplingOptions {
  /** Samples kept of each candidate. */
  readonly samples: number;
  /** Least time one sample runs. */
  readonly sampleMs: number;
  /** Time each candidate runs before anything is kept, so that the optimising compiler has seen it. */
  readonly warmUpMs: number;
}

const DEFAULTS: SamplingOptions = { samples: 15, sampleMs: 40, warmUpMs: 200 };

/** Keeps results alive: without a reader the compiler may drop the work itself. */
let sink = 0;

/**
 * Runs every candidate in turn, sample by sample, so that a disturbance of the machine hits all of them alike.
 * Within one process the candidates share type feedback: compare ways of doing one thing, not unrelated code.
 */
export function compare(
  candidates: readonly Candidate[],
  options: Partial<SamplingOptions> = {},
): readonly Sampled[] {
  const { samples, sampleMs, warmUpMs } = { ...DEFAULTS, ...options };
  const prepared = candidates.map((candidate) => ({
    candidate,
    iterations: iterationsFor(candidate, sampleMs, warmUpMs),
    samplesNs: [] as number[],
  }));
  for (let round = 0; round < samples; round++) {
    for (const { candidate, iterations, samplesNs } of prepared) {
      const started = performance.now();
      sink += candidate.run(iterations);
      samplesNs.push(((performance.now() - started) * 1e6) / iterations);
    }
  }
  return prepared.map(({ candidate, samplesNs }) => {
    const medianNs = median(samplesNs);
    const deviationNs = median(samplesNs.map((sample) => Math.abs(sample - medianNs)));
    return { name: candidate.name, medianNs, deviationNs };
  });
}

/** Prints one comparison as text; the fastest candidate is the unit of the last column. */
export function print(title: string, results: readonly Sampled[]): void {
  const best = Math.min(...results.map((result) => result.medianNs));
  const width = Math.max(...results.map((result) => result.name.length));
  const lines = results.map(
    ({ name, medianNs, deviationNs }) =>
      `  ${name.padEnd(width)}  ${medianNs.toFixed(0).padStart(7)} ns  ± ${deviationNs.toFixed(0).padStart(4)}  ${(medianNs / best).toFixed(2).padStart(6)} x`,
  );
  process.stdout.write(`${title}\n${lines.join('\n')}\n\n`);
}

/** A value that depends on all work done so far; printing it proves that none was optimised away. */
export function checksum(): number {
  return sink;
}

function iterationsFor(candidate: Candidate, sampleMs: number, warmUpMs: number): number {
  const until = performance.now() + warmUpMs;
  let iterations = 16;
  let perIterationMs = 0;
  while (performance.now() < until) {
    const started = performance.now();
    sink += candidate.run(iterations);
    perIterationMs = (performance.now() - started) / iterations;
    if (perIterationMs * iterations < sampleMs / 4) iterations *= 2;
  }
  return Math.max(16, Math.ceil(sampleMs / Math.max(perIterationMs, 1e-6)));
}
