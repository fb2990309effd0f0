import type { RejectReason } from '../../../domain/result.ts';
import type { Refusal } from '../../dialect.ts';

/** Error codes of the dialect, as inherited from slush's pool and listed in ZIP-301: 20 is "other". */
export const REFUSAL_CODES: Readonly<Record<Refusal['reason'], number>> = {
  stale: 21,
  'unknown-job': 21,
  duplicate: 22,
  'low-difficulty': 23,
  unauthorized: 24,
  'not-subscribed': 25,
  malformed: 20,
  rejected: 20,
  other: 20,
};

const WORDS: readonly (readonly [RegExp, RejectReason])[] = [
  [/stale|job not found|expired|old job|prevblk|previous block|too late/i, 'stale'],
  [/unknown.?(?:work|job)|invalid job|no such job|job.?id/i, 'unknown-job'],
  [/duplicate|already submitted/i, 'duplicate'],
  [
    /low.?diff|above target|high.?hash|h-not-zero|difficulty too low|below target|low difficulty/i,
    'low-difficulty',
  ],
  [/unauthori[sz]ed|worker mismatch|invalid worker|not authori[sz]ed|unknown user|banned/i, 'unauthorized'],
  [
    /malformed|illegal|(?:invalid|incorrect) (?:array|param|size|nonce|extranonce|version)|params not array|ntime|time-too|bad-version|no nonce/i,
    'malformed',
  ],
];

/**
 * The bucket of a pool's refusal: its code where that is one of 21 to 25, else its words
 * (NOMP, ckpool, DATUM, miningcore, public-pool), else `rejected`.
 */
export function classifyRefusal(code: number | null, message: string): RejectReason {
  switch (code) {
    case 21:
      return /unknown|invalid job/i.test(message) ? 'unknown-job' : 'stale';
    case 22:
      return 'duplicate';
    case 23:
      return 'low-difficulty';
    case 24:
    case 25:
      return 'unauthorized';
    case null:
    default: {
      for (const [words, reason] of WORDS) if (words.test(message)) return reason;
      return 'rejected';
    }
  }
}
