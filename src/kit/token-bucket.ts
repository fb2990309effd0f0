/** Lets so many things happen per second, and those of a quiet second at once. */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #atMs: number | null = null;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  /** True where one more may happen now; it counts. `nowMs` is monotonic. */
  take(nowMs: number): boolean {
    if (this.#atMs !== null) {
      const gained = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
      this.#tokens = Math.min(this.#perSecond, this.#tokens + gained);
    }
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
