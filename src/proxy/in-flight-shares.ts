import type { InFlightShare, PoolVerdict } from './in-flight-share.ts';

export const UNANSWERED: PoolVerdict = { kind: 'unanswered' };
export const LOST: PoolVerdict = { kind: 'lost' };

/** How long shares in flight wait for a pool to come back when their miners mine elsewhere already: the answers to all that they find there wait behind them. */
const HURRIED_MS = 2000;

/** The shares that one upstream has sent to its pool and has no answer to, by call id, oldest first. Each owner hears one verdict. */
export class InFlightShares {
  /** Made with the first share: most dedicated connections have none in flight most of the time. */
  #shares: Map<number, InFlightShare> | null = null;
  /** When they are given up although their time is not up; null while nobody has moved on from here. */
  #giveUpAtMs: number | null = null;
  #unansweredInARow = 0;

  get size(): number {
    return this.#shares?.size ?? 0;
  }

  /** Shares in a row that the pool has left unanswered on this connection. */
  get unansweredInARow(): number {
    return this.#unansweredInARow;
  }

  has(callId: number): boolean {
    return this.#shares?.has(callId) === true;
  }

  peek(callId: number): InFlightShare | undefined {
    return this.#shares?.get(callId);
  }

  add(callId: number, share: InFlightShare): void {
    this.#shares ??= new Map();
    this.#shares.set(callId, share);
  }

  /** Not waited for any more, whatever became of it. */
  remove(callId: number): void {
    this.#shares?.delete(callId);
  }

  /** The pool has answered one. */
  answered(callId: number): void {
    this.remove(callId);
    this.#unansweredInARow = 0;
  }

  /** A new connection: what was left unanswered on the one before says nothing of it. */
  begin(): void {
    this.#unansweredInARow = 0;
    this.#giveUpAtMs = null;
  }

  /** All of them, to be sent again under new ids. */
  takeAll(): readonly InFlightShare[] {
    const shares = this.#shares;
    this.#shares = null;
    return shares === null ? [] : Array.from(shares.values());
  }

  /** The connection is down and a miner has gone on to another pool: what it has in flight here must not hold up its answers for long. */
  hurry(nowMs: number): void {
    this.#giveUpAtMs ??= nowMs + HURRIED_MS;
  }

  loseAll(): void {
    for (const share of this.takeAll()) share.owner.onVerdict(share, LOST);
  }

  /** Ends the wait for those that have waited too long; without a live pool they are lost rather than unanswered. */
  sweep(nowMs: number, timeoutMs: number, isLive: boolean): void {
    if (this.#shares === null || this.#shares.size === 0) return;
    if (this.#giveUpAtMs !== null && nowMs >= this.#giveUpAtMs) {
      this.loseAll();
      return;
    }
    for (const [callId, share] of this.#shares) {
      if (nowMs - share.sentAtMs < timeoutMs) break;
      this.#shares.delete(callId);
      if (isLive) this.#unansweredInARow += 1;
      share.owner.onVerdict(share, isLive ? UNANSWERED : LOST);
    }
  }
}
