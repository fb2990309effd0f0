import { isAccepted, type ShareResult } from '../domain/result.ts';

/**
 * The books of shares of one session on one pool, or of one (account, pool, algorithm).
 * Invariant: `received = inFlight + sum of counts`: a share enters once and ends in exactly one bucket.
 */
export class Tally {
  received = 0;
  inFlight = 0;
  /** Sums of difficulties. */
  difficultyReceived = 0;
  difficultyAccepted = 0;
  /** Hashes behind the credited shares. */
  work = 0;
  /** Hashes behind every valid share, and behind those the pool accepted, each at its own difficulty: their ratio is the efficiency. */
  workFound = 0;
  workAtPool = 0;
  sharesAtPool = 0;
  /** Something was counted since whoever resets it has looked. */
  isChanged = false;
  readonly counts: Record<ShareResult, number> = {
    accepted: 0,
    'accepted-local': 0,
    stale: 0,
    duplicate: 0,
    'low-difficulty': 0,
    'unknown-job': 0,
    unauthorized: 0,
    malformed: 0,
    rejected: 0,
    unanswered: 0,
    lost: 0,
  };

  /** A share has arrived; its end is reported by {@link Tally.end}. `difficulty` is 0 where nothing is known of its job. */
  begin(difficulty: number): void {
    this.isChanged = true;
    this.received += 1;
    this.inFlight += 1;
    this.difficultyReceived += difficulty;
  }

  /** The share's end. `work` is in hashes and counted only when credited. */
  end(result: ShareResult, difficulty: number, work: number): void {
    this.isChanged = true;
    this.inFlight -= 1;
    this.counts[result] += 1;
    if (isAccepted(result)) {
      this.difficultyAccepted += difficulty;
      this.work += work;
    }
  }
}
