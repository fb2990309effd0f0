import type { PoolStats } from './pool-stats.ts';

/**
 * How long the pool of one upstream has sent no job, new or repeated. A pool that was given up for it and is on the same block afterwards had nothing to say: what it is silent for
 * as a rule is learnt from that.
 */
export class JobSilence {
  readonly #stats: Pick<PoolStats, 'noteJobGap' | 'jobLimitMs'>;
  /** When the last job came. */
  #jobAtMs = 0;
  /** The connection was given up with this block the newest; null: there was none, or it has been learnt from. */
  #givenUp: { readonly block: string; readonly sinceMs: number } | null = null;

  constructor(stats: Pick<PoolStats, 'noteJobGap' | 'jobLimitMs'>) {
    this.#stats = stats;
  }

  /** A job has come. `isLive`: on a connection on which there was one before. */
  broken(isLive: boolean, nowMs: number): void {
    if (isLive) this.#stats.noteJobGap(nowMs - this.#jobAtMs);
    this.#jobAtMs = nowMs;
  }

  /** The first job of a connection, on this block, is there. */
  began(block: string, nowMs: number): void {
    const givenUp = this.#givenUp;
    this.#givenUp = null;
    if (givenUp !== null && givenUp.block === block) this.#stats.noteJobGap(nowMs - givenUp.sinceMs);
  }

  /** How long it has lasted where that is too long, else null: the connection is given up then. `limitMs`: the pool's own; null: by what it is silent for as a rule. */
  tooLongMs(block: string, limitMs: number | null, nowMs: number): number | null {
    const silentMs = nowMs - this.#jobAtMs;
    if (silentMs < (limitMs ?? this.#stats.jobLimitMs())) return null;
    this.#givenUp = { block, sinceMs: this.#jobAtMs };
    return silentMs;
  }
}
