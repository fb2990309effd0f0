import { setImmediate } from 'node:timers/promises';

/** How many questions share one reading of the clock. */
const CALLS_PER_READING = 32;

/**
 * Cuts long work on the main thread into slices, so that sockets are served between them.
 * Ask `isDue` after every small step and `await rest()` when it says so.
 */
export class Pacer {
  readonly #sliceMs: number;
  #calls = 0;
  #sliceStartedMs = performance.now();

  /** `sliceMs`: how long the event loop may wait for one slice, in milliseconds. */
  constructor(sliceMs = 2) {
    this.#sliceMs = sliceMs;
  }

  isDue(): boolean {
    if (++this.#calls < CALLS_PER_READING) return false;
    this.#calls = 0;
    return performance.now() - this.#sliceStartedMs >= this.#sliceMs;
  }

  /** Lets one round of the event loop pass. */
  async rest(): Promise<void> {
    await setImmediate();
    this.#sliceStartedMs = performance.now();
  }

  /** Runs a generator to its end in slices and returns its result; what it yields is ignored. */
  async drive<Result>(work: Generator<unknown, Result, undefined>): Promise<Result> {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (this.isDue()) await this.rest();
    }
  }
}
