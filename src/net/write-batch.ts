/** Something with text waiting to be written. */
export interface Flushable {
  flush(): void;
}

/**
 * Joins what one turn of the event loop writes to a socket into one write: connections that have something to say register
 * here once, and all are flushed after the turn's reads. One per process part, shared by its connections.
 */
export class WriteBatch {
  #waiting: Flushable[] = [];

  add(connection: Flushable): void {
    this.#waiting.push(connection);
    if (this.#waiting.length === 1) setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    const batch = this.#waiting;
    this.#waiting = [];
    for (const connection of batch) connection.flush();
  };
}
