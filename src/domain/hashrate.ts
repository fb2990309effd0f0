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

/** A ring of time slots, each with the sum of the work in it and the sum of the squares of its shares' work: the variance of the sum beside it. */
interface RingForm {
  readonly slotMs: number;
  readonly slots: number;
  /** Where its work stands in {@link WorkWindow}'s figures; the squares follow it. */
  readonly from: number;
}

const FINE: RingForm = { slotMs: FINE_MS, slots: FINE_SLOTS, from: 0 };
const COARSE: RingForm = { slotMs: COARSE_MS, slots: COARSE_SLOTS, from: 2 * FINE_SLOTS };

/**
 * Zeros that the engine keeps as doubles within the array: a typed array of this size would have its memory apart, at two allocations a session and more waste than content.
 * An array literal of whole numbers would be turned into doubles with its first share.
 */
const ZEROS: readonly number[] = Array.from({ length: 2 * (FINE_SLOTS + COARSE_SLOTS) }, () => 0.5).fill(0);

/**
 * Work over the last 1, 5 and 15 minutes in two fixed rings: 30 slots of 10 s and 15 slots of 1 min. Nothing is allocated before the first share.
 * Times are monotonic milliseconds. The newest slot is partial, so a window of W reaches back between W − slot and W, and the rate divides by exactly that.
 * Invariant: place `i` of a ring holds the sums of the absolute slot `newest − k` with `(newest − k) mod slots = i`; older ones are zero.
 */
export class WorkWindow {
  readonly #startedAtMs: number;
  #figures: number[] | null = null;
  #newestFine = -1;
  #newestCoarse = -1;

  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
  }

  add(work: number, nowMs: number): void {
    this.#figures ??= ZEROS.slice();
    this.#advance(this.#figures, nowMs);
    addTo(this.#figures, FINE, this.#newestFine, work);
    addTo(this.#figures, COARSE, this.#newestCoarse, work);
  }

  /** H/s over the last `minutes`; divided by the window's age where it is younger. */
  rate(minutes: 1 | 5 | 15, nowMs: number): Rate {
    if (this.#figures === null) return NO_RATE;
    this.#advance(this.#figures, nowMs);
    return minutes === 15
      ? this.#rateOf(this.#figures, COARSE, this.#newestCoarse, COARSE_SLOTS, nowMs)
      : this.#rateOf(this.#figures, FINE, this.#newestFine, minutes * 6, nowMs);
  }

  #rateOf(figures: readonly number[], ring: RingForm, newest: number, slots: number, nowMs: number): Rate {
    let work = 0;
    let squares = 0;
    for (let back = 0; back < slots && back <= newest; back += 1) {
      const at = ring.from + ((newest - back) % ring.slots);
      work += figures[at] ?? 0;
      squares += figures[at + ring.slots] ?? 0;
    }
    const windowStartMs = Math.max((newest - slots + 1) * ring.slotMs, this.#startedAtMs);
    // A share in the first second of a session says little about its rate.
    const spanMs = Math.max(nowMs - windowStartMs, 1000);
    return { hs: (work * 1000) / spanMs, error: work === 0 ? null : Math.sqrt(squares) / work };
  }

  #advance(figures: number[], nowMs: number): void {
    this.#newestFine = advance(figures, FINE, this.#newestFine, nowMs);
    this.#newestCoarse = advance(figures, COARSE, this.#newestCoarse, nowMs);
  }
}

function addTo(figures: number[], ring: RingForm, newest: number, work: number): void {
  const at = ring.from + (newest % ring.slots);
  figures[at] = (figures[at] ?? 0) + work;
  figures[at + ring.slots] = (figures[at + ring.slots] ?? 0) + work ** 2;
}

/** Empties the slots that time has reached since `newest`, and returns the one it is in. */
function advance(figures: number[], ring: RingForm, newest: number, nowMs: number): number {
  const slot = Math.floor(nowMs / ring.slotMs);
  if (slot <= newest) return newest;
  const first = newest < 0 ? slot - ring.slots + 1 : Math.max(newest + 1, slot - ring.slots + 1);
  for (let next = first; next <= slot; next += 1) {
    const at = ring.from + (((next % ring.slots) + ring.slots) % ring.slots);
    figures[at] = 0;
    figures[at + ring.slots] = 0;
  }
  return slot;
}
