/**
 * Remembers which shares of one job have been seen, by fingerprint. Bounded: beyond `capacity` the oldest half is forgotten, which
 * only a miner far below any sensible difficulty can bring about.
 */
export class ShareMemory {
  readonly #capacity: number;
  #recent = new Set<number>();
  #older = new Set<number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** True where the share is new; it is remembered. */
  add(fingerprint: number): boolean {
    if (this.#recent.has(fingerprint) || this.#older.has(fingerprint)) return false;
    if (this.#recent.size >= this.#capacity / 2) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(fingerprint);
    return true;
  }
}
