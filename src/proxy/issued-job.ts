import type { BitcoinWork } from '../domain/job.ts';
import type { ShareMemory } from '../domain/share-memory.ts';

/** A pool's job under our own id, with all that a share for it needs. One object for all sessions of the upstream. */
export interface IssuedJob {
  /** Own job id: {@link IssuedJob.sequence} in hex. Never repeats within the process. */
  readonly id: string;
  readonly sequence: number;
  readonly poolJobId: string;
  readonly prevHash: string;
  /** Block version before rolling. */
  readonly version: number;
  /** Block time as sent to the miners. */
  readonly ntime: number;
  /** The pool's difficulty in force for this job: what its shares are credited with. */
  readonly difficulty: number;
  /** The upstream's extranonce1 when the job came. */
  readonly extranonce1: string;
  readonly receivedAtMs: number;
  /** Shares seen, where they are judged here. */
  readonly seen: ShareMemory | null;
  /** Encoded lines by slot and clean flag: the same text for every session of the upstream with that slot. */
  lines: Map<string, string> | null;
  /** What is hashed; null once a newer job has replaced this one and nothing here hashes. */
  work: BitcoinWork | null;
}

/** Numbers all jobs of a process, so that an old id can be told from one that never was. */
export class JobSequence {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }

  get last(): number {
    return this.#last;
  }
}
