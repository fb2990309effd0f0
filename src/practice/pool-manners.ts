import type { ErrorShape } from './refusal.ts';
import type { RetargetPolicy } from './retarget.ts';

/** How one pool differs from another on the wire; what tests and the demonstration can vary. Changed while it runs. */
export interface PoolManners {
  /** When the first job goes out: ckpool, miningcore and NOMP do not wait for authorize, others do. */
  jobTiming: 'after-subscribe' | 'after-authorize';
  /**
   * `before-job`: `set_difficulty`, then the job it counts for. `after-job`: the other way round, the job counting at the difficulty that
   * follows. `after-authorize-again`: as before-job, and once more, alone, after each authorize, with the password's `d=` (NOMP).
   */
  difficultyTiming: 'before-job' | 'after-job' | 'after-authorize-again';
  /** `never-if-subscribed`: refused as out of order after subscribe (Braiins). */
  configure: 'answer' | 'ignore' | 'error' | 'close' | 'never-if-subscribed';
  extranonceSubscribe: 'answer' | 'ignore' | 'error' | 'close';
  /** `judge-silently`: a share is judged and counted, but nobody is told. `ignore`: not even looked at. */
  submits: 'answer' | 'judge-silently' | 'ignore';
  suggestDifficulty: 'set' | 'ignore' | 'error' | 'close';
  /** Real pools mostly keep silent. */
  unknownMethods: 'ignore' | 'error';
  errorShape: ErrorShape;
  /** Version bits that may roll, unsigned 32 bits; null for a pool without version rolling. */
  versionMask: number | null;
  /** What the next subscribe is given, 1 to 16; connections that stand keep theirs. */
  extranonce2Bytes: number;
  /** Every line goes out this much later, order kept. */
  replyDelayMs: number;
  /** False accepts every well-formed share of a known job: for benchmarks only. */
  verify: boolean;
  vardiff: RetargetPolicy | null;
  refusesLogins: boolean;
  /** Reads and sends nothing. */
  hanging: boolean;
  /** What comes in while hanging is answered afterwards, as by a stopped process that goes on; else it is lost. */
  keepsWhileHanging: boolean;
}
