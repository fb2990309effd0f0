import type { RejectReason } from '../../../domain/result.ts';
import type { Refusal } from '../../dialect.ts';
import type { PoolRefusal } from '../../messages.ts';

/** The code of nearly every refusal in the field. */
export const REFUSED = -1;

const WORDS: readonly (readonly [RegExp, RejectReason])[] = [
  [/block (?:expired|outdated)|stale|old job|too late|outdated/i, 'stale'],
  [/job.?id|unknown job|no such job|job not found/i, 'unknown-job'],
  [/duplicate/i, 'duplicate'],
  [/low.?diff|difficulty too low|above target/i, 'low-difficulty'],
  [/unauthenticated|unauthori[sz]ed|not authenticated|banned|permission denied|suspended/i, 'unauthorized'],
  [/malformed|incorrect algorithm|(?:invalid|wrong|bad) (?:nonce|result|hash|share|param)/i, 'malformed'],
];

/** The bucket of a pool's refusal: by its words, which every pool has, else by the codes that some took over from bitcoin pools, else `rejected`. */
export function classifyRefusal({ code, message }: PoolRefusal): RejectReason {
  for (const [words, reason] of WORDS) if (words.test(message)) return reason;
  switch (code) {
    case 21:
      return 'stale';
    case 22:
      return 'duplicate';
    case 23:
      return 'low-difficulty';
    case 24:
    case 25:
      return 'unauthorized';
    case null:
    default:
      return 'rejected';
  }
}

/** [xmrig/xmrig Client.cpp isCriticalError] The pool has forgotten us or will not have us: nothing sent on this connection counts any more. */
const CRITICAL = /^(?:unauthenticated|your ip is banned|ip address currently banned)/i;
const INVALID_JOB = /^invalid job id/i;

export function isCritical(message: string): boolean {
  return CRITICAL.test(message);
}

/**
 * A refusal in words that keep the miner. xmrig closes on some texts: on ours only where that is what we want, a submit without a login; of a pool they are about our
 * connection to it, not about the miner's to us.
 */
export function wordsFor({ reason, message, code }: Refusal): string {
  if (reason === 'not-subscribed') return 'Unauthenticated';
  if (isCritical(message)) return 'Bad gateway';
  if (INVALID_JOB.test(message) || (reason === 'stale' && code === null)) return 'Block expired';
  return message;
}

const FOR_NOW =
  /template|please wait|try again|later|temporar|suspended|banned|rate limit|too many|not enough|bad gateway|internal|unavailable|timed? ?out/i;

/** True for a login that the pool refused for reasons of its own or for a while: the name and password are not what is wrong. */
export function isForNow(message: string): boolean {
  return FOR_NOW.test(message);
}
