import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '../kit/backoff.ts';
import type { Log } from '../kit/log.ts';
import type { MinerBooks } from './miner-books.ts';
import { LinkError } from './request-link.ts';

/** What is needed of a connection to keep one. */
export interface Endable {
  /** Resolves, never rejects, with the reason once it is over. */
  readonly closed: Promise<string>;
  end(why: string): void;
}

/** What a miner does with its connections. */
export interface Dialling<L extends Endable> {
  /** Rejects with {@link LinkError} where nobody answers. */
  open(signal: AbortSignal): Promise<L>;
  /** A connection stands. Resolves once the miner is let in; rejects where it is not, or has to leave. */
  logIn(link: L): Promise<void>;
  /** The connection is over, however far it came. */
  onEnd(): void;
  /** The pause before the next attempt, 0 for none; null where there is to be no other. `failures`: attempts since it was last let in, that one too. */
  pauseMs(failures: number): number | null;
}

/** A miner's way to its pool: one connection after the other until it is stopped, and what its books have of them. */
export class Redialler<L extends Endable> {
  readonly #log: Log;
  readonly #books: MinerBooks;
  readonly #miner: Dialling<L>;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #link: L | null = null;

  constructor(collaborators: { readonly log: Log; readonly books: MinerBooks }, miner: Dialling<L>) {
    this.#log = collaborators.log;
    this.#books = collaborators.books;
    this.#miner = miner;
  }

  /** The connection of now; null where there is none. */
  get link(): L | null {
    return this.#link;
  }

  /** The connection of now. Throws {@link LinkError} where there is none. */
  connected(): L {
    if (this.#link === null) throw new LinkError('not connected');
    return this.#link;
  }

  /** Connects until {@link stop}, or until the connection ends where it is not to come back. */
  start(): void {
    if (!this.#stop.signal.aborted) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#link?.end('stopped');
    await this.#running;
  }

  /** Ends the connection as a power cut would, without a word; it comes back if it is to. */
  disconnect(): void {
    this.#link?.end('disconnected by hand');
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      failures = (await this.#connectOnce()) ? 1 : failures + 1;
      const pauseMs = this.#miner.pauseMs(failures);
      if (pauseMs === null) return;
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One connection from dial to end; true where the miner was let in. */
  async #connectOnce(): Promise<boolean> {
    const books = this.#books;
    const { signal } = this.#stop;
    let isLetIn = false;
    let link: L | null = null;
    try {
      link = await this.#miner.open(signal);
      if (signal.aborted) throw new LinkError('stopped');
      this.#link = link;
      books.connections += 1;
      const login = this.#miner.logIn(link);
      books.changed();
      await login;
      isLetIn = true;
      books.lastError = await link.closed;
    } catch (error) {
      books.lastError = error instanceof Error ? error.message : String(error);
      if (!(error instanceof LinkError)) this.#log.error('practice miner failed', { error: books.lastError });
      link?.end(books.lastError);
    } finally {
      this.#link = null;
      books.authorized = false;
      this.#miner.onEnd();
      books.changed();
    }
    return isLetIn;
  }
}

/** The pause of miners that double it, up to 30 times the first; null for one that does not come back. */
export function usualPauseMs(
  { reconnect, reconnectMs }: { readonly reconnect: boolean; readonly reconnectMs: number },
  failures: number,
): number | null {
  const limits = { minMs: reconnectMs, maxMs: reconnectMs * 30 };
  return reconnect ? backoffMs(failures, limits, Math.random()) : null;
}
