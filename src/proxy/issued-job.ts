import type { ShareTarget, Work } from '../domain/job.ts';
import type { ShareMemory } from '../domain/share-memory.ts';

/** A pool's job under our own id, with all that a share for it needs. One object for all sessions of the upstream. */
export interface IssuedJob {
  /** Own job id: {@link IssuedJob.sequence} in hex. Never repeats within the process. */
  readonly id: string;
  readonly sequence: number;
  readonly poolJobId: string;
  /** What its shares are counted under: the catalogue's name of what the job names, else of the pool's entry. */
  readonly algorithm: string;
  /** The same for jobs on the same block. */
  readonly block: string;
  /** Block version before rolling. */
  readonly version: number;
  /** Block time as sent to the miners. */
  readonly ntime: number;
  /** The pool's difficulty in force for this job: what its shares are credited with. */
  readonly difficulty: number;
  /** The same in the pool's words, where it said it by a target. */
  readonly target: ShareTarget | null;
  /** What the pool multiplies its jobs' targets with; 1 for all but a few. */
  readonly scale: number;
  /** The upstream's extranonce1 when the job came, hex, and the size of its extranonce2. */
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
  readonly receivedAtMs: number;
  /** Shares seen, where they are judged here. */
  readonly seen: ShareMemory | null;
  /** Encoded lines by slot and clean flag: the same text for every session of the upstream with that slot. */
  lines: Map<string, string> | null;
  /** What is hashed; null once a newer job has replaced this one and nothing here hashes. */
  work: Work | null;
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
