/** Something with text waiting to be written. */
export interface Flushable {
  flush(): void;
}

/** Least time between two writes of a paced connection; nobody notices it beside the way to a pool. */
export const PACE_MS = 2;

/**
 * Joins what one turn of the event loop writes to a socket into one write: connections that have something to say register
 * here once, and all are flushed after the turn's reads. One per process part, shared by its connections.
 */
export class WriteBatch {
  #waiting: Flushable[] = [];
  #paced: Flushable[] = [];

  add(connection: Flushable): void {
    this.#waiting.push(connection);
    if (this.#waiting.length === 1) setImmediate(this.#flush);
  }

  /** The same, but up to {@link PACE_MS} later instead of after this turn: for a connection that has just written. */
  addPaced(connection: Flushable): void {
    this.#paced.push(connection);
    if (this.#paced.length === 1) setTimeout(this.#flushPaced, PACE_MS);
  }

  readonly #flush = (): void => {
    const batch = this.#waiting;
    this.#waiting = [];
    for (const connection of batch) connection.flush();
  };

  readonly #flushPaced = (): void => {
    const batch = this.#paced;
    this.#paced = [];
    for (const connection of batch) connection.flush();
  };
}
