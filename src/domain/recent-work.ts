/** Work that only grows, at one moment. */
export interface WorkCounters {
  readonly workFound: number;
  readonly workAtPool: number;
  readonly sharesAtPool: number;
}

/** How much of the work that was found the pools have paid for. */
export interface RecentEfficiency {
  /** Null where none was found. */
  readonly efficiency: number | null;
  /** Its relative standard error, 1/√n of n shares that the pools accepted; null where they accepted none. */
  readonly error: number | null;
}

interface Sample extends WorkCounters {
  /** Monotonic. */
  readonly atMs: number;
}

const WINDOW_MS = 3_600_000;
const STEP_MS = 60_000;

/** The efficiency of the last hour, from counters that begin at zero: the difference to a minute that is kept of each. Times are monotonic milliseconds. */
export class RecentWork {
  readonly #samples: [Sample, ...Sample[]];

  /** The counters are zero then. */
  constructor(startMs: number) {
    this.#samples = [{ atMs: startMs, workFound: 0, workAtPool: 0, sharesAtPool: 0 }];
  }

  /** Adds the counters of now, and gives what they say together with those before. */
  add({ workFound, workAtPool, sharesAtPool }: WorkCounters, atMs: number): RecentEfficiency {
    const newest = this.#samples.at(-1) ?? this.#samples[0];
    if (atMs - newest.atMs >= STEP_MS) this.#samples.push({ atMs, workFound, workAtPool, sharesAtPool });
    // One older than the window stays: it is where the window begins.
    while ((this.#samples[1]?.atMs ?? Infinity) <= atMs - WINDOW_MS) this.#samples.shift();
    const [start] = this.#samples;
    const found = workFound - start.workFound;
    const shares = sharesAtPool - start.sharesAtPool;
    return {
      efficiency: found > 0 ? (workAtPool - start.workAtPool) / found : null,
      error: shares > 0 ? 1 / Math.sqrt(shares) : null,
    };
  }
}
