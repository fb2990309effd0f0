import type { SessionBooks } from './session-books.ts';

const KEPT_MS = 60_000;

/** The books of sessions that have ended or gone to another pool: kept for a minute, and until their last share has ended. */
export class RetiredBooks {
  #books: SessionBooks[] = [];

  add(books: SessionBooks): void {
    this.#books.push(books);
  }

  all(): readonly SessionBooks[] {
    return this.#books;
  }

  /** The last that a session closed; null where none are kept. */
  lastOf(sessionId: string): SessionBooks | null {
    return this.#books.findLast(({ subject }) => subject.sessionId === sessionId) ?? null;
  }

  sweep(nowMs: number): void {
    if (this.#books.length === 0) return;
    this.#books = this.#books.filter(
      ({ endedAtMs, tally }) => endedAtMs === null || nowMs - endedAtMs < KEPT_MS || tally.inFlight > 0,
    );
  }
}
