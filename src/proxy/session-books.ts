import { hashesOfDifficulty } from '../domain/difficulty.ts';
import { WorkWindow } from '../domain/hashrate.ts';
import { isAccepted, type ShareResult } from '../domain/result.ts';
import type { FreshSum, FreshWork, WorkSource } from './fresh-work.ts';
import { Tally } from './tally.ts';

const NO_SHARES = new Tally();

/** Who the books are about; constant for their life. */
export interface BooksSubject {
  readonly sessionId: string;
  readonly address: string;
  readonly account: string;
  readonly worker: string;
  readonly agent: string;
  readonly dialect: string;
  readonly pool: string;
  readonly algorithm: string;
  readonly divider: number;
  readonly connectedAtMs: number;
}

/**
 * The accounting of one session on one pool. Outlives both: a verdict may come after the miner has gone, and the
 * figures stay readable for a minute. Costs nothing but this object until the first share.
 */
export class SessionBooks implements WorkSource {
  readonly subject: BooksSubject;
  /** Monotonic. */
  readonly openedAtMs: number;
  /** The books of the whole (account, pool, algorithm), kept in step. */
  readonly #total: Tally;
  readonly #freshWork: FreshWork;
  readonly #window: WorkWindow;
  #tally: Tally | null = null;
  difficulty = 0;
  lastShareAtMs: number | null = null;
  /** Monotonic time since when the session is no longer on this pool; null while it is. */
  endedAtMs: number | null = null;
  /** Kept by the fresh work. */
  fresh: FreshSum | null = null;

  constructor(
    { subject, total, freshWork }: { subject: BooksSubject; total: Tally; freshWork: FreshWork },
    nowMs: number,
  ) {
    this.openedAtMs = nowMs;
    this.subject = subject;
    this.#total = total;
    this.#freshWork = freshWork;
    this.#window = new WorkWindow(nowMs);
  }

  /** The session's own books; empty ones before the first share. */
  get tally(): Readonly<Tally> {
    return this.#tally ?? NO_SHARES;
  }

  /** True where a share was ever received. */
  get isUsed(): boolean {
    return this.#tally !== null;
  }

  begin(difficulty: number, wallMs: number): void {
    this.lastShareAtMs = wallMs;
    this.#tally ??= new Tally();
    this.#tally.begin(difficulty);
    this.#total.begin(difficulty);
  }

  end(result: ShareResult, difficulty: number, nowMs: number): void {
    const work = hashesOfDifficulty(difficulty, this.subject.divider);
    this.#tally?.end(result, difficulty, work);
    this.#total.end(result, difficulty, work);
    this.#freshWork.add(this, result, work);
    if (isAccepted(result)) this.#window.add(work, nowMs);
  }

  /** A share was valid: its work was found, whatever becomes of it at the pool. */
  found(difficulty: number): void {
    this.#total.isChanged = true;
    this.#total.workFound += hashesOfDifficulty(difficulty, this.subject.divider);
  }

  /** The pool accepted a share at its own difficulty. */
  paid(difficulty: number): void {
    this.#total.isChanged = true;
    this.#total.sharesAtPool += 1;
    this.#total.workAtPool += hashesOfDifficulty(difficulty, this.subject.divider);
  }

  rate(minutes: 1 | 5 | 15, nowMs: number): { readonly hs: number; readonly error: number | null } {
    return this.#window.rate(minutes, nowMs);
  }
}
