import type { Lane, LanePlan, LaneSpace } from '../domain/lane.ts';

/** The lane of one session, and the space that it is of. Settled: the miner has been told of it and has jobs for it. */
export class Seat {
  #lane: Lane | null = null;
  #space: LaneSpace | null = null;
  #isSettled = false;

  get lane(): Lane | null {
    return this.#lane;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  isIn(space: LaneSpace | null): boolean {
    return this.#space === space;
  }

  isSettledIn(space: LaneSpace | null): boolean {
    return this.#isSettled && this.#space === space;
  }

  /** Leases a lane. False where there is none left. */
  take(
    space: LaneSpace,
    wish: { readonly plan: LanePlan; readonly prefix: string; readonly preferred: Lane | null },
  ): boolean {
    const lane = space.lease(wish.plan, wish.prefix, wish.preferred);
    if (lane === null) return false;
    this.leave();
    this.#lane = lane;
    this.#space = space;
    return true;
  }

  settle(): void {
    this.#isSettled = this.#lane !== null;
  }

  /** The lane is given back, to rest. */
  leave(): void {
    this.#isSettled = false;
    if (this.#lane !== null) this.#space?.release(this.#lane);
    this.#lane = null;
    this.#space = null;
  }
}
