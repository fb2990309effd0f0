import type { Clock } from '../kit/clock.ts';
import type { MinerBooks } from './miner-books.ts';

const WINDOW_MS = 10_000;
const LEAST_MS = 200;

/** What a miner really hashes, by its books. */
export class HashMeter {
  readonly #clock: Clock;
  readonly #books: MinerBooks;
  readonly #samples: { readonly atMs: number; readonly hashes: number }[] = [];

  constructor(clock: Clock, books: MinerBooks) {
    this.#clock = clock;
    this.#books = books;
  }

  /** To be called whenever some more hashes are in the books. */
  sample(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#samples.push({ atMs: nowMs, hashes: this.#books.hashes });
    this.#forget(nowMs);
  }

  /** Measured over the last ten seconds, or since it began. */
  hashrateHs(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#forget(nowMs);
    const [first] = this.#samples;
    if (first === undefined || nowMs - first.atMs < LEAST_MS) return 0;
    return ((this.#books.hashes - first.hashes) * 1000) / (nowMs - first.atMs);
  }

  /** Begins anew. */
  clear(): void {
    this.#samples.length = 0;
  }

  #forget(nowMs: number): void {
    const from = this.#samples.findIndex(({ atMs }) => nowMs - atMs <= WINDOW_MS);
    if (from !== 0) this.#samples.splice(0, from < 0 ? this.#samples.length : from);
  }
}
