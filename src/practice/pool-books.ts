import type { SubmitVerdict } from './judge.ts';
import { REFUSALS, type RefusalReason } from './refusal.ts';
import { Waiters } from './waiters.ts';

/** Shares of one submit name, or of all. */
export interface ShareBooks {
  accepted: number;
  readonly rejected: Record<RefusalReason, number>;
  /** Sum of the difficulties credited. */
  work: number;
}

/** One received submit and what became of it. */
export interface SubmitRecord {
  /** Number of the connection, from 1. */
  readonly connection: number;
  /** As received, unchecked. */
  readonly params: unknown;
  readonly verdict: 'accepted' | RefusalReason;
  /** Credited difficulty; 0 for a refusal. */
  readonly difficulty: number;
  /** The difficulty that the hash meets; null where the share never got as far as being hashed. */
  readonly hashDifficulty: number | null;
}

/** Names with books of their own; anyone can submit under any. */
const MAX_USERS = 10_000;
const MAX_METHODS = 100;

function emptyShares(): ShareBooks {
  const reasons = Object.keys(REFUSALS) as RefusalReason[];
  return {
    accepted: 0,
    rejected: Object.fromEntries(reasons.map((reason) => [reason, 0])) as Record<RefusalReason, number>,
    work: 0,
  };
}

/** All refusals of a set of books together. */
export function rejectedTotal(books: Pick<ShareBooks, 'rejected'>): number {
  return Object.values(books.rejected).reduce((sum, count) => sum + count, 0);
}

/**
 * What the practice pool has seen and done since it was made, over its restarts: plain figures, counted where things happen, for
 * tests and for the demonstration to read.
 */
export class PoolBooks implements ShareBooks {
  connectionsNow = 0;
  connectionsTotal = 0;
  /** Connections that this pool closed for what they sent: a line too long, no JSON, a request it does not bear. */
  faults = 0;
  /** Lines that came in while the pool hung, lost or kept for afterwards. */
  heldLines = 0;
  configures = 0;
  subscribes = 0;
  /** Subscribes that gave an earlier session's extranonce1 back. */
  resumes = 0;
  authorizes = 0;
  authorizeFailures = 0;
  /** Requests that only keep the connection. */
  keepalives = 0;
  /** Jobs made. */
  jobs = 0;
  /** Submits received, whatever became of them; those swallowed while the pool hangs are not among them. */
  submitted = 0;
  accepted = 0;
  readonly rejected: Record<RefusalReason, number>;
  work = 0;
  /** By the user of the submit, as it was sent. */
  readonly users = new Map<string, ShareBooks>();
  /** Methods that the pool does not know, by name; the first 100. */
  readonly unknownMethods = new Map<string, number>();
  lastAgent = '';
  /** The session id that the last subscribe asked to resume. */
  lastSessionId: string | null = null;
  /** The parameters of the last configure, as received. */
  lastConfigure: unknown = null;

  readonly #submits: SubmitRecord[] = [];
  readonly #submitsKept: number;
  readonly #waiters = new Waiters<PoolBooks>(this, (books) => books.summary());

  /** `submitsKept` bounds the list of inspectable submits; the oldest go first. */
  constructor(submitsKept: number) {
    this.#submitsKept = submitsKept;
    this.rejected = emptyShares().rejected;
  }

  /** The submits received last, oldest first. */
  get submits(): readonly SubmitRecord[] {
    return this.#submits;
  }

  /** Books of one user; all zero where it has submitted nothing. */
  user(name: string): Readonly<ShareBooks> {
    return this.users.get(name) ?? emptyShares();
  }

  record(connection: number, params: unknown, verdict: SubmitVerdict): void {
    let user = this.users.get(verdict.user);
    if (user === undefined) {
      user = emptyShares();
      if (this.users.size < MAX_USERS) this.users.set(verdict.user, user);
    }
    this.submitted += 1;
    for (const books of [this, user]) {
      if (verdict.accepted) {
        books.accepted += 1;
        books.work += verdict.difficulty;
      } else {
        books.rejected[verdict.reason] += 1;
      }
    }
    if (this.#submitsKept > 0) {
      this.#submits.push({
        connection,
        params,
        verdict: verdict.accepted ? 'accepted' : verdict.reason,
        difficulty: verdict.accepted ? verdict.difficulty : 0,
        hashDifficulty: verdict.hashDifficulty,
      });
      // Cut in bulk: shifting one off a full list per share would move it all each time.
      if (this.#submits.length >= this.#submitsKept * 2) {
        this.#submits.splice(0, this.#submits.length - this.#submitsKept);
      }
    }
    this.changed();
  }

  /** Counts a method that the pool does not know; anyone can invent some. */
  unknownMethod(method: string): void {
    const known = this.unknownMethods.get(method);
    if (known !== undefined || this.unknownMethods.size < MAX_METHODS)
      this.unknownMethods.set(method, (known ?? 0) + 1);
  }

  /** To be called after any figure has changed. */
  changed(): void {
    this.#waiters.changed();
  }

  /** See {@link Waiters.wait}. */
  waitFor(predicate: (books: PoolBooks) => boolean, timeoutMs: number): Promise<void> {
    return this.#waiters.wait(predicate, timeoutMs);
  }

  summary(): string {
    const refused = Object.entries(this.rejected).filter(([, count]) => count > 0);
    return (
      `connections ${this.connectionsNow}/${this.connectionsTotal}, subscribes ${this.subscribes}, ` +
      `authorizes ${this.authorizes}, jobs ${this.jobs}, accepted ${this.accepted}, ` +
      `rejected ${refused.map(([reason, count]) => `${reason} ${count}`).join(' ') || 0}`
    );
  }
}
