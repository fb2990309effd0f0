const FINE_MS = 10_000;
const FINE_SLOTS = 30;
const COARSE_MS = 60_000;
const COARSE_SLOTS = 15;

/**
 * A measured rate. `error` is its relative standard error: 1/√n of the n shares behind it where they stand for the same work, more where a few hard ones
 * make up most of it. Null without a share.
 */
export interface Rate {
  readonly hs: number;
  readonly error: number | null;
}

const NO_RATE: Rate = { hs: 0, error: null };

/**
 * Work over the last 1, 5 and 15 minutes in two fixed rings: 30 slots of 10 s and 15 slots of 1 min. Nothing is allocated before the first share.
 * Times are monotonic milliseconds. The newest slot is partial, so a window of W reaches back between W − slot and W, and the rate divides by exactly that.
 */
export class WorkWindow {
  readonly #startedAtMs: number;
  #rings: { readonly fine: Ring; readonly coarse: Ring } | null = null;

  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
  }

  add(work: number, nowMs: number): void {
    this.#rings ??= { fine: new Ring(FINE_MS, FINE_SLOTS), coarse: new Ring(COARSE_MS, COARSE_SLOTS) };
    this.#rings.fine.add(work, nowMs);
    this.#rings.coarse.add(work, nowMs);
  }

  /** H/s over the last `minutes`; divided by the window's age where it is younger. */
  rate(minutes: 1 | 5 | 15, nowMs: number): Rate {
    if (this.#rings === null) return NO_RATE;
    return minutes === 15
      ? this.#rings.coarse.rate(COARSE_SLOTS, this.#startedAtMs, nowMs)
      : this.#rings.fine.rate(minutes * 6, this.#startedAtMs, nowMs);
  }
}

/** Invariant: slot `i` of the ring holds the sums of the absolute slot `#newest − k` with `(#newest − k) mod slots = i`; older ones are zero. */
class Ring {
  readonly #slotMs: number;
  readonly #work: Float64Array;
  /** Sums of the squares of the shares' work: the variance of the sum beside it. */
  readonly #squares: Float64Array;
  #newest = -1;

  constructor(slotMs: number, slots: number) {
    this.#slotMs = slotMs;
    this.#work = new Float64Array(slots);
    this.#squares = new Float64Array(slots);
  }

  add(work: number, nowMs: number): void {
    this.#advance(Math.floor(nowMs / this.#slotMs));
    const index = this.#newest % this.#work.length;
    this.#work[index] = (this.#work[index] ?? 0) + work;
    this.#squares[index] = (this.#squares[index] ?? 0) + work ** 2;
  }

  rate(slots: number, startedAtMs: number, nowMs: number): Rate {
    const current = Math.floor(nowMs / this.#slotMs);
    this.#advance(current);
    let work = 0;
    let squares = 0;
    for (let back = 0; back < slots && back <= this.#newest; back += 1) {
      const index = (this.#newest - back) % this.#work.length;
      work += this.#work[index] ?? 0;
      squares += this.#squares[index] ?? 0;
    }
    const windowStartMs = Math.max((current - slots + 1) * this.#slotMs, startedAtMs);
    // A share in the first second of a session says little about its rate.
    const spanMs = Math.max(nowMs - windowStartMs, 1000);
    return { hs: (work * 1000) / spanMs, error: work === 0 ? null : Math.sqrt(squares) / work };
  }

  #advance(slot: number): void {
    const length = this.#work.length;
    if (this.#newest < 0 || slot - this.#newest >= length) {
      this.#work.fill(0);
      this.#squares.fill(0);
    } else {
      for (let next = this.#newest + 1; next <= slot; next += 1) {
        this.#work[next % length] = 0;
        this.#squares[next % length] = 0;
      }
    }
    if (slot > this.#newest) this.#newest = slot;
  }
}
