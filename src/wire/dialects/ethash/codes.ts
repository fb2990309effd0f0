import type { RejectReason } from '../../../domain/result.ts';
import type { Refusal } from '../../dialect.ts';
import type { PoolRefusal } from '../../messages.ts';

/** Error codes of EthProxy, plain and 1.0.0, inherited from slush's pool. [sammy007/open-ethereum-pool proxy/handlers.go uses 22, 23 and 25] */
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
  [/duplicate|already (?:submitted|known)/i, 'duplicate'],
  [/stale|expired|old job|too late/i, 'stale'],
  [/job.?not.?found|unknown.?(?:work|job)|invalid job|no such job|job.?id|unknown header/i, 'unknown-job'],
  [/low.?diff|above target|high.?hash|difficulty too low|below target|bad nonce/i, 'low-difficulty'],
  [
    /unauthori[sz]ed|not authori[sz]ed|invalid (?:worker|login)|unknown user|banned|not subscribed|not logged/i,
    'unauthorized',
  ],
  [/malformed|illegal|(?:invalid|incorrect|missing) (?:array|param|size|nonce|extranonce)/i, 'malformed'],
];

/** What the words of a refusal say; null where they say nothing that is known. */
export function reasonInWords(message: string): RejectReason | null {
  for (const [words, reason] of WORDS) if (words.test(message)) return reason;
  return null;
}

/** The bucket of a refusal in EthProxy, plain and 1.0.0: its words, else its code where that is one of 21 to 25, else `rejected`. */
export function classifyRefusal({ code, message }: PoolRefusal): RejectReason {
  const reason = reasonInWords(message);
  if (reason !== null) return reason;
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
