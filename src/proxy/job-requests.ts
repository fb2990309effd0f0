import type { Dialect, JobView } from '../wire/dialect.ts';
import type { RequestId } from '../wire/messages.ts';
import type { Dialogue, Place } from './dialogue.ts';

/** Requests for a job that may wait for the first one. */
const MAX_WAITING = 4;

/** Requests of one miner for a job that wait until there is one. Of too many the oldest is refused: a miner that polls has a newer one. */
export class JobRequests {
  readonly #dialogue: Dialogue;
  readonly #dialect: Dialect;
  #places: Place[] = [];

  constructor({ dialogue, dialect }: { readonly dialogue: Dialogue; readonly dialect: Dialect }) {
    this.#dialogue = dialogue;
    this.#dialect = dialect;
  }

  get isEmpty(): boolean {
    return this.#places.length === 0;
  }

  add(id: RequestId): void {
    this.#places.push(this.#dialogue.keepPlace(id));
    const oldest = this.#places.length > MAX_WAITING ? this.#places.shift() : undefined;
    if (oldest !== undefined) {
      const refusal = { reason: 'other', message: 'Work not ready', code: null } as const;
      this.#dialogue.answer(oldest, this.#dialect.miner.refuse(oldest.id, refusal));
    }
    this.#dialogue.boundReplies();
  }

  /** There is a job: all of them have it for an answer. */
  answer(view: JobView): void {
    const places = this.#places;
    this.#places = [];
    for (const place of places) this.#dialogue.answer(place, this.#dialect.miner.currentJob(place.id, view));
  }
}
