/** Counters that only grow, at one moment. */
export interface ShareCounters {
  readonly received: number;
  readonly accepted: number;
  readonly rejected: number;
}

interface Sample extends ShareCounters {
  /** Monotonic. */
  readonly atMs: number;
}

/** What a series of samples says of the time just past. */
export interface RecentRates {
  /** Per second, over the last ten seconds or what is known of them. */
  readonly receivedPerSecond: number;
  readonly acceptedPerSecond: number;
  readonly rejectedPerSecond: number;
  /** Accepted of those decided within five minutes; null where none was. */
  readonly acceptance: number | null;
}

const RATE_MS = 10_000;
const ACCEPTANCE_MS = 300_000;
/** Samples that come closer take the place of the one before. */
const LEAST_GAP_MS = 900;

/** Rates from differences of counters, kept for five minutes. Times are monotonic milliseconds. */
export class RecentShares {
  readonly #samples: Sample[] = [];

  /** Adds the counters of now, and gives what they say together with those before. */
  add(counters: ShareCounters, atMs: number): RecentRates {
    const now = { ...counters, atMs };
    const before = this.#samples.at(-1);
    const isClose = before !== undefined && atMs - before.atMs < LEAST_GAP_MS && this.#samples.length > 1;
    if (isClose) this.#samples.pop();
    this.#samples.push(now);
    const oldestMs = atMs - ACCEPTANCE_MS;
    // One older than the window stays: it is where the window begins.
    while ((this.#samples[1]?.atMs ?? Infinity) <= oldestMs) this.#samples.shift();
    const start = this.#samples[0] ?? now;
    const accepted = now.accepted - start.accepted;
    const decided = accepted + now.rejected - start.rejected;
    const recent = this.#startOf(atMs - RATE_MS) ?? now;
    const seconds = (atMs - recent.atMs) / 1000;
    const perSecond = (count: number): number => (seconds > 0 ? count / seconds : 0);
    return {
      receivedPerSecond: perSecond(now.received - recent.received),
      acceptedPerSecond: perSecond(now.accepted - recent.accepted),
      rejectedPerSecond: perSecond(now.rejected - recent.rejected),
      acceptance: decided > 0 ? accepted / decided : null,
    };
  }

  /** The newest sample that is at least so old, else the oldest. */
  #startOf(ms: number): Sample | undefined {
    return this.#samples.findLast(({ atMs }) => atMs <= ms) ?? this.#samples[0];
  }
}
