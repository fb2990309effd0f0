import type { InFlightShares } from './in-flight-shares.ts';
import type { NamesAtPool } from './names-at-pool.ts';

/** What waits for an answer under an id of its own. */
export interface AwaitedCalls {
  readonly inFlight: Pick<InFlightShares, 'has'>;
  readonly names: Pick<NamesAtPool, 'isWaitedFor'>;
}

/** Numbers what is asked of a pool, from 1 on, over all connections of one upstream. Never with an id that waits for an answer: a dialect whose ids are few begins anew. */
export class CallIds {
  readonly #awaited: AwaitedCalls;
  readonly #mostId: number;
  #last = 0;

  /** `mostId`: the highest that the pools of the dialect understand. */
  constructor(awaited: AwaitedCalls, mostId: number = Number.MAX_SAFE_INTEGER) {
    this.#awaited = awaited;
    this.#mostId = mostId;
  }

  next(): number {
    const { inFlight, names } = this.#awaited;
    do {
      this.#last = this.#last >= this.#mostId ? 1 : this.#last + 1;
    } while (inFlight.has(this.#last) || names.isWaitedFor(this.#last));
    return this.#last;
  }
}
