import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** Something that has to be done now and then. */
export interface Chore {
  /** For the log. */
  readonly name: string;
  /** From the end of one run to the start of the next, and before the first, in milliseconds. */
  readonly everyMs: number;
  run(): Promise<void>;
}

const LOOK_MS = 1000;

/** Does chores at their times by the monotonic clock, none of them while its last run goes on. One that fails is done again at its next time, and logged the first time in a row. */
export class Chores {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #due: {
    readonly chore: Chore;
    dueMs: number;
    running: Promise<void> | null;
    /** Its last run has failed. */
    isFailing: boolean;
  }[];
  readonly #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }, chores: readonly Chore[]) {
    this.#clock = clock;
    this.#log = log;
    const nowMs = clock.monotonicMs();
    this.#due = chores.map((chore) => ({
      chore,
      dueMs: nowMs + chore.everyMs,
      running: null,
      isFailing: false,
    }));
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Starts what is due. */
  look(): void {
    if (this.#isStopped) return;
    for (const entry of this.#due) {
      if (entry.running !== null || this.#clock.monotonicMs() < entry.dueMs) continue;
      entry.running = this.#run(entry.chore, entry.isFailing).then((hasFailed) => {
        entry.isFailing = hasFailed;
        entry.running = null;
        entry.dueMs = this.#clock.monotonicMs() + entry.chore.everyMs;
      });
    }
  }

  /** No more of them; waits for those under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const { running } of this.#due) await running;
  }

  async #run(chore: Chore, isFailing: boolean): Promise<boolean> {
    try {
      await chore.run();
      return false;
    } catch (error) {
      this.#log[isFailing ? 'debug' : 'warn']('a chore has failed and is done again later', {
        chore: chore.name,
        reason: error instanceof Error ? error.message : String(error),
      });
      return true;
    }
  }
}
