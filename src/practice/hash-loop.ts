import type { Clock } from '../kit/clock.ts';

const SLICE_MS = 10;
/** Hashes at a time, so that a fast miner does not block the thread; and what one that was held up makes up for at the most. */
const MOST_PER_SLICE = 5000;

/** Hashes at a given pace on the event loop, in slices, for coins whose practice proof is cheap. */
export class HashLoop {
  readonly #clock: Clock;
  readonly #hashesPerSecond: number;
  readonly #hash: (count: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #slicedAtMs = 0;
  #due = 0;

  /** `hash` is told how many are due, one or more. */
  constructor(clock: Clock, hashesPerSecond: number, hash: (count: number) => void) {
    this.#clock = clock;
    this.#hashesPerSecond = hashesPerSecond;
    this.#hash = hash;
  }

  /** Does nothing where it runs. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#slicedAtMs = this.#clock.monotonicMs();
    this.#due = 0;
    this.#timer = setInterval(() => this.#slice(), SLICE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #slice(): void {
    const nowMs = this.#clock.monotonicMs();
    const due = this.#due + ((nowMs - this.#slicedAtMs) * this.#hashesPerSecond) / 1000;
    this.#slicedAtMs = nowMs;
    const count = Math.min(Math.floor(due), MOST_PER_SLICE);
    this.#due = Math.min(due - count, MOST_PER_SLICE);
    if (count > 0) this.#hash(count);
  }
}
