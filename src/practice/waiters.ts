/** A condition did not come true in time; the message says which state it was in then. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
}

interface Waiter<T> {
  readonly predicate: (state: T) => boolean;
  readonly timer: NodeJS.Timeout;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Whoever waits for a condition on `state`, looked at again each time its owner says that something has changed. */
export class Waiters<T> {
  readonly #state: T;
  readonly #describe: (state: T) => string;
  readonly #waiting = new Set<Waiter<T>>();

  constructor(state: T, describe: (state: T) => string) {
    this.#state = state;
    this.#describe = describe;
  }

  /** Resolves as soon as `predicate` holds; rejects with {@link WaitTimeoutError} after `timeoutMs`, or with what it throws. */
  wait(predicate: (state: T) => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter<T> = {
        predicate,
        resolve,
        reject,
        timer: setTimeout(() => {
          this.#waiting.delete(waiter);
          const state = this.#describe(this.#state);
          reject(new WaitTimeoutError(`not true within ${timeoutMs} ms: ${predicate.toString()}; ${state}`));
        }, timeoutMs),
      };
      this.#waiting.add(waiter);
      this.#look(waiter);
    });
  }

  /** To be called after every change of the state. */
  changed(): void {
    if (this.#waiting.size === 0) return;
    for (const waiter of this.#waiting) this.#look(waiter);
  }

  #look(waiter: Waiter<T>): void {
    try {
      if (!waiter.predicate(this.#state)) return;
      waiter.resolve();
    } catch (error) {
      waiter.reject(error);
    }
    clearTimeout(waiter.timer);
    this.#waiting.delete(waiter);
  }
}
