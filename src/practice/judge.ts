import { HEADER_BYTES, rollVersion, versionBitsAllowed } from '../domain/block-header.ts';
import { difficultyOfHash, hashMeetsTarget } from '../domain/difficulty.ts';
import { isHexOf } from '../kit/hex.ts';
import type { PracticeAlgorithm } from './practice-algorithms.ts';
import type { PracticeJob } from './practice-job.ts';
import type { RefusalReason } from './refusal.ts';

/** A job as one connection got it: what was in force when it was sent is what its shares are held against. */
export interface SentJob {
  readonly job: PracticeJob;
  readonly difficulty: number;
  /** 32 bytes, big-endian. */
  readonly target: Uint8Array;
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
}

/** What a submit is judged by: the state of the connection it came on. */
export interface SubmitContext {
  isAuthorized(user: string): boolean;
  readonly subscribed: boolean;
  /** Negotiated mask; null where rolling was never negotiated. */
  readonly versionMask: number | null;
  sentJob(jobId: string): SentJob | undefined;
  /** True where a job of this id was sent once and is over. */
  isRetired(jobId: string): boolean;
}

export type SubmitVerdict =
  | {
      readonly accepted: true;
      readonly user: string;
      readonly difficulty: number;
      /** The difficulty that the hash itself meets; null where nothing was hashed. */
      readonly hashDifficulty: number | null;
    }
  | {
      readonly accepted: false;
      readonly user: string;
      readonly reason: RefusalReason;
      /** Overrides the reason's own words where more can be said. */
      readonly text: string | null;
      readonly hashDifficulty: number | null;
    };

/** Seconds above the job's own time that a share's may be (ckpool). */
const NTIME_AHEAD_SECONDS = 7000;

const header = new Uint8Array(HEADER_BYTES);
const hash = new Uint8Array(32);

/**
 * Judges a `mining.submit` as strictly as the strictest real pool, in the order that gives a miner the right reason: form,
 * worker, subscription, job, sizes and ranges, duplicate, hash. Without `verify` everything well-formed for a known job is accepted.
 */
export function judgeSubmit(
  params: unknown,
  context: SubmitContext,
  { algorithm, divider }: PracticeAlgorithm,
  verify: boolean,
): SubmitVerdict {
  let user = '';
  const refuse = (reason: RefusalReason, text: string | null = null): SubmitVerdict => ({
    accepted: false,
    user,
    reason,
    text,
    hashDifficulty: null,
  });

  if (!isStringList(params) || params.length < 5 || params.length > 6) return refuse('malformed');
  const [worker = '', jobId = '', extranonce2 = '', ntime = '', nonce = '', bits = null] = params;
  user = worker;
  if (!context.isAuthorized(worker)) return refuse('unauthorized');
  if (!context.subscribed) return refuse('not-subscribed');

  const sent = context.sentJob(jobId);
  if (sent === undefined) return refuse(context.isRetired(jobId) ? 'stale' : 'unknown-job');

  const mask = context.versionMask;
  // [BIP310: once negotiated, the sixth parameter is not optional]
  if ((bits === null) !== (mask === null)) {
    return refuse('malformed', `Expected ${mask === null ? 'five' : 'six'} parameters`);
  }
  if (!isHexOf(extranonce2, sent.extranonce2Bytes)) {
    return refuse('malformed', `Extranonce2 must be ${sent.extranonce2Bytes} bytes of hex`);
  }
  if (!isHexOf(ntime, 4)) return refuse('malformed', 'Ntime must be 8 hex digits');
  if (!isHexOf(nonce, 4)) return refuse('malformed', 'Nonce must be 8 hex digits');
  if (bits !== null && !isHexOf(bits, 4)) return refuse('malformed', 'Version bits must be 8 hex digits');

  const { job } = sent;
  const time = Number.parseInt(ntime, 16);
  if (time < job.work.ntime || time > job.work.ntime + NTIME_AHEAD_SECONDS)
    return refuse('ntime-out-of-range');
  const rolled = bits === null ? 0 : Number.parseInt(bits, 16);
  if (!versionBitsAllowed(rolled, mask ?? 0)) return refuse('bad-version-bits');
  if (!verify) return { accepted: true, user, difficulty: sent.difficulty, hashDifficulty: null };

  const version = rollVersion(job.work.version, mask ?? 0, rolled);
  const extranonce = (sent.extranonce1 + extranonce2).toLowerCase();
  const identity = `${extranonce}:${time}:${nonce.toLowerCase()}:${version}`;
  if (job.seen.has(identity)) return refuse('duplicate');
  job.seen.add(identity);

  job.template(extranonce.length / 2).write(header, extranonce, version, time, Number.parseInt(nonce, 16));
  algorithm.hashHeader(header, hash);
  const hashDifficulty = difficultyOfHash(hash, divider);
  if (!hashMeetsTarget(hash, sent.target)) {
    const text = `Low difficulty share of ${hashDifficulty.toPrecision(6)}, ${sent.difficulty} wanted`;
    return { accepted: false, user, reason: 'low-difficulty', text, hashDifficulty };
  }
  return { accepted: true, user, difficulty: sent.difficulty, hashDifficulty };
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
