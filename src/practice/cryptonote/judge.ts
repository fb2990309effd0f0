import type { SubmitVerdict } from '../judge.ts';
import type { RefusalReason } from '../refusal.ts';
import { difficultyOf, FIXED_AT, NONCE_AT, type PracticeBlobJob, practiceHash, tailOf } from './work.ts';

/** A job as it was sent to a client, with what has been handed in for it. */
export interface SentBlobJob {
  readonly job: PracticeBlobJob;
  readonly fixedByte: number | null;
  /** What it was said to be hashed with; null where that was not said. */
  readonly algo: string | null;
  readonly nonces: Set<string>;
}

/** What a submit is judged by. */
export interface BlobSubmitContext {
  readonly user: string;
  /** The session's id; null before the login, or where the pool has forgotten it. */
  readonly sessionId: string | null;
  sentJob(id: string): SentBlobJob | undefined;
  /** True for a job of a block that is over. */
  isExpired(id: string): boolean;
}

/** nodejs-pool takes lower case alone. */
const NONCE = /^[0-9a-f]{8}$/;
const RESULT = /^[0-9a-f]{64}$/;

/** As strict as the strictest pool and xmrig-proxy together, in the order that gives the right reason. */
export function judgeBlobSubmit(params: unknown, context: BlobSubmitContext): SubmitVerdict {
  const refuse = (
    reason: RefusalReason,
    text: string,
    hashDifficulty: number | null = null,
  ): SubmitVerdict => ({
    accepted: false,
    user: context.user,
    reason,
    text,
    hashDifficulty,
  });
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    return refuse('malformed', 'No params specified');
  }
  const { id, job_id: jobId, nonce, result, algo } = params as Record<string, unknown>;
  if (context.sessionId === null || id !== context.sessionId)
    return refuse('unauthorized', 'Unauthenticated');
  const sent = typeof jobId === 'string' ? context.sentJob(jobId) : undefined;
  if (sent === undefined) {
    return typeof jobId === 'string' && context.isExpired(jobId)
      ? refuse('stale', 'Block expired')
      : refuse('unknown-job', 'Invalid job id');
  }
  if (typeof nonce !== 'string' || !NONCE.test(nonce)) return refuse('malformed', 'Malformed nonce');
  if (typeof result !== 'string' || !RESULT.test(result)) return refuse('malformed', 'Malformed result');
  if (algo !== undefined && sent.algo !== null && algo !== sent.algo) {
    return refuse('malformed', 'Incorrect algorithm');
  }
  const { job, fixedByte, nonces } = sent;
  const blob = Buffer.from(job.blob, 'hex');
  blob.write(nonce, NONCE_AT, 'hex');
  if (fixedByte !== null && blob[FIXED_AT] !== fixedByte) {
    return refuse('malformed', 'Invalid nonce; is miner not compatible with NiceHash?');
  }
  if (nonces.has(nonce)) return refuse('duplicate', 'Duplicate share');
  nonces.add(nonce);
  const real = practiceHash(Buffer.from(job.seedHash, 'hex'), blob);
  const tail = tailOf(real);
  const hashDifficulty = difficultyOf(tail === 0n ? 1n : tail);
  // Real pools call both a share of low difficulty; here they are told apart.
  if (real.toString('hex') !== result)
    return refuse('wrong-hash', 'Low difficulty share (wrong hash)', hashDifficulty);
  if (tail >= job.limit) return refuse('low-difficulty', 'Low difficulty share', hashDifficulty);
  return { accepted: true, user: context.user, difficulty: difficultyOf(job.limit), hashDifficulty };
}
