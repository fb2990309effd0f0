/** A miner's changing wishes reach the pool at most so often per window. */
const WINDOW_MS = 30_000;
const PER_WINDOW = 5;
/** A pool that closes the connection so soon after a suggestion is taken to mind them. */
const BLAME_MS = 2000;

/** When a difficulty may be suggested on one connection, or a miner's wish cost a job. Of too many within a while the newest goes, later. */
export class SuggestionPace {
  #windowSinceMs = Number.NEGATIVE_INFINITY;
  #sent = 0;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  /** The one that waits for its turn; null: none does. */
  #waiting: number | null = null;

  get waiting(): number | null {
    return this.#waiting;
  }

  /** True where it may go out now, and counts as sent; else it waits in place of the one before. */
  take(difficulty: number, nowMs: number): boolean {
    if (nowMs - this.#windowSinceMs >= WINDOW_MS) {
      this.#windowSinceMs = nowMs;
      this.#sent = 0;
    }
    if (this.#sent >= PER_WINDOW) {
      this.#waiting = difficulty;
      return false;
    }
    this.#sent += 1;
    this.#waiting = null;
    this.#sentAtMs = nowMs;
    return true;
  }

  /** True where a connection that ends now may have ended for the last suggestion. */
  isToBlame(nowMs: number): boolean {
    return nowMs - this.#sentAtMs < BLAME_MS;
  }
}
