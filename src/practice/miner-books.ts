import { Waiters } from './waiters.ts';

const MAX_LIST = 200;

/** What a practice miner has done and seen since it was made, over its reconnects. */
export class MinerBooks {
  /** Established connections. */
  connections = 0;
  /** Why the last one ended, or the last attempt failed. */
  lastError = '';
  /** True between a successful authorize and the end of that connection. */
  authorized = false;
  authorizes = 0;
  authorizeFailures = 0;
  hashes = 0;
  /**
   * Sum over all hashes of the difficulty that they were tried at. Times the hashes behind difficulty 1 it is the variance, in hashes², of
   * the work that the shares stand for: what chance may do to any rate that is computed from them.
   */
  hashesByDifficulty = 0;
  /** Shares that the hashing found. */
  found = 0;
  /** Of those: submitted, and dropped because their job was over. */
  submitted = 0;
  dropped = 0;
  accepted = 0;
  rejected = 0;
  /** Submits whose connection ended, or time ran out, before an answer. */
  unanswered = 0;
  /** Refusals by the pool's words. */
  readonly reasons = new Map<string, number>();
  /** Sum of the difficulties of the accepted shares. */
  work = 0;
  jobs = 0;
  cleanJobs = 0;
  jobId = '';
  /** In force for the newest job; 1 until the pool says otherwise. */
  difficulty = 1;
  /** Every difficulty told, oldest first; the first 200. */
  readonly difficulties: number[] = [];
  extranonce1 = '';
  extranonce2Bytes = 0;
  sessionId: string | null = null;
  /** Negotiated; null without rolling. */
  versionMask: number | null = null;
  /** `mining.set_extranonce` and `client.reconnect` received. */
  extranonceChanges = 0;
  reconnectRequests = 0;
  /** Texts of `client.show_message`; the first 200. */
  readonly messages: string[] = [];
  /** What the server did that some miner in the field could not bear; the first 200. */
  readonly violations: string[] = [];

  readonly #waiters = new Waiters<MinerBooks>(this, (books) => books.summary());

  letIn(): void {
    this.authorized = true;
    this.authorizes += 1;
    this.changed();
  }

  /** The answer to a submit: in the pool's words, or null for a yes, which is worth `difficulty`. */
  verdict(refusal: string | null, difficulty: number): void {
    if (refusal === null) {
      this.accepted += 1;
      this.work += difficulty;
    } else {
      this.rejected += 1;
      this.reasons.set(refusal, (this.reasons.get(refusal) ?? 0) + 1);
    }
    this.changed();
  }

  /** A submit that will have no answer. */
  noVerdict(): void {
    this.unanswered += 1;
    this.changed();
  }

  hashed(count: number): void {
    this.hashes += count;
    this.hashesByDifficulty += count * this.difficulty;
  }

  violation(what: string): void {
    if (this.violations.length < MAX_LIST) this.violations.push(what);
    this.changed();
  }

  message(text: string): void {
    if (this.messages.length < MAX_LIST) this.messages.push(text);
  }

  toldDifficulty(difficulty: number): void {
    if (this.difficulties.length < MAX_LIST) this.difficulties.push(difficulty);
  }

  /** To be called after any figure has changed. */
  changed(): void {
    this.#waiters.changed();
  }

  waitFor(predicate: (books: MinerBooks) => boolean, timeoutMs: number): Promise<void> {
    return this.#waiters.wait(predicate, timeoutMs);
  }

  summary(): string {
    const reasons = [...this.reasons].map(([reason, count]) => `${reason} ${count}`).join(', ');
    return (
      `connections ${this.connections}, authorized ${this.authorized}, jobs ${this.jobs}, difficulty ${this.difficulty}, ` +
      `hashes ${this.hashes}, found ${this.found}, submitted ${this.submitted}, accepted ${this.accepted}, ` +
      `rejected ${this.rejected} (${reasons}), unanswered ${this.unanswered}, last error "${this.lastError}", ` +
      `violations ${JSON.stringify(this.violations.slice(0, 3))}`
    );
  }
}
