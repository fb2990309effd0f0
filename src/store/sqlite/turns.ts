/**
 * Lets one piece of work run at a time, in the order of arrival. For an engine with one connection: kysely's own lock wakes every
 * waiter each time, so that a crowd of n costs n² there and n here.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `work` does; a failure does not hold up those behind. */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
