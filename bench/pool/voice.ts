/** One connection to the pool as its dialect sees it. */
export interface Guest {
  /** Counted through the life of the process, from 1. */
  readonly number: number;
  isAuthorized: boolean;
}

/** What a listening port's dialect has counted. */
export class Ledger {
  authorized = 0;
  accepted = 0;
  refused = 0;
  firstRefusal: string | null = null;
  refuse(reason: string): void {
    this.refused++;
    this.firstRefusal ??= reason;
  }
}

/** What a pool says in one dialect; one per listening port. Texts are ASCII lines that end with `\n`. */
export interface Voice {
  /** Makes the next job; `number` is unlike that of any job of any port. */
  nextJob(number: number, marker: string): void;
  /** The newest job as a notification. */
  job(guest: Guest): string | Buffer;
  /** The answer to one line; empty for none. */
  answer(guest: Guest, line: string): string;
}
