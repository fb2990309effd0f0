import { BoundedMap } from '../kit/bounded-map.ts';

/** What is remembered of a miner that could not be told what its account's pool asks for. */
export interface LaneHint {
  readonly account: string;
  /** Null where that is not known yet. */
  readonly poolExtranonce2Bytes: number | null;
  /** Where that miner came from: its pool connection is kept for it under this. */
  readonly origin: string;
}

/** Miners of one place that are remembered one by one. */
const MINERS_PER_PLACE = 1024;

/**
 * What was learnt about miners that had to be closed, for when they come back: by session id where they show it, else by the place they come from
 * ({@link hintKey}). From one place many may come, of several accounts, all with the same agent: they are remembered in the order in which they left,
 * and who comes back is taken for the one that left first. Where none is missing, a new one is taken to be like the last.
 */
export class HintBook {
  readonly #byId: BoundedMap<string, LaneHint>;
  readonly #byPlace: BoundedMap<string, LaneHint[]>;
  readonly #last: BoundedMap<string, LaneHint>;

  constructor(limits: { readonly capacity: number; readonly ttlMs: number }) {
    this.#byId = new BoundedMap(limits);
    this.#byPlace = new BoundedMap(limits);
    this.#last = new BoundedMap(limits);
  }

  /** A miner has left. `isNext`: it was taken for another and will be back before the others. */
  add(place: string, sessionId: string, hint: LaneHint, nowMs: number, isNext = false): void {
    if (sessionId !== '') this.#byId.set(sessionId, hint, nowMs);
    this.#last.set(place, hint, nowMs);
    const known = this.#byPlace.get(place, nowMs) ?? [];
    if (isNext) {
      const own = known.findIndex(({ account }) => account === hint.account);
      if (own >= 0) known.splice(own, 1);
      known.unshift(hint);
    } else if (known.length < MINERS_PER_PLACE) {
      known.push(hint);
    }
    this.#byPlace.set(place, known, nowMs);
  }

  /** What is known of a miner that has come; null where nothing is. `sessionId` null: it showed none. */
  find(place: string, sessionId: string | null, nowMs: number): LaneHint | null {
    const byId = sessionId === null ? undefined : this.#byId.get(sessionId, nowMs);
    return byId ?? this.#byPlace.get(place, nowMs)?.[0] ?? this.#last.get(place, nowMs) ?? null;
  }

  /** The miner of this hint is here: the next one from its place is another. */
  take(place: string, hint: LaneHint, nowMs: number): void {
    const known = this.#byPlace.get(place, nowMs);
    const index = known?.findIndex(({ account }) => account === hint.account) ?? -1;
    if (known === undefined || index < 0) return;
    known.splice(index, 1);
    if (known.length === 0) this.#byPlace.delete(place);
  }

  /** What was taken to be so about new miners of this place is not. */
  forgetLast(place: string): void {
    this.#last.delete(place);
  }

  expire(nowMs: number): void {
    this.#byId.expire(nowMs);
    this.#byPlace.expire(nowMs);
    this.#last.expire(nowMs);
  }
}
