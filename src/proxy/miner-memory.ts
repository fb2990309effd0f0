import { BoundedMap } from '../kit/bounded-map.ts';
import { HintBook } from './hint-book.ts';
import type { ResumeRecord } from './session-context.ts';

const RESUMES_KEPT = 100_000;
const HINTS_KEPT = 50_000;
const RATES_KEPT = 100_000;
const RATES_KEPT_MS = 24 * 3_600_000;

/** What is remembered of miners that have gone, for when they come back. */
export class MinerMemory {
  readonly resumes: BoundedMap<string, ResumeRecord>;
  readonly hints: HintBook;
  /** What miners turned out to speak, by session id and by `hintKey`. */
  readonly dialectsSeen: BoundedMap<string, string>;
  /** What miners of a place were taken to speak and did not, by `hintKey`. */
  readonly dialectsMistaken: BoundedMap<string, readonly string[]>;
  /** H/s. */
  readonly lastRates = new BoundedMap<string, number>({ capacity: RATES_KEPT, ttlMs: RATES_KEPT_MS });

  constructor(kept: { readonly resumeSeconds: number; readonly hintSeconds: number }) {
    const hints = { capacity: HINTS_KEPT, ttlMs: kept.hintSeconds * 1000 };
    this.resumes = new BoundedMap({ capacity: RESUMES_KEPT, ttlMs: kept.resumeSeconds * 1000 });
    this.hints = new HintBook(hints);
    this.dialectsSeen = new BoundedMap(hints);
    this.dialectsMistaken = new BoundedMap(hints);
  }

  sweep(nowMs: number): void {
    this.resumes.expire(nowMs);
    this.hints.expire(nowMs);
    this.dialectsSeen.expire(nowMs);
    this.dialectsMistaken.expire(nowMs);
    this.lastRates.expire(nowMs);
  }
}
