import type { Clock } from '../../src/kit/clock.ts';

/** A clock that a test turns by hand. */
export class HandClock implements Clock {
  nowMs: number;

  constructor(nowMs = 1_000_000) {
    this.nowMs = nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }
}
