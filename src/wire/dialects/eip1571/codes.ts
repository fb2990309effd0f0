import type { RejectReason } from '../../../domain/result.ts';
import type { Refusal } from '../../dialect.ts';
import type { PoolRefusal } from '../../messages.ts';
import { reasonInWords } from '../ethash/codes.ts';

/** Error codes of EIP-1571: 2xx taken with a remark, 3xx not authorized, 4xx what was asked is wrong, 5xx the server's own fault. */
const REFUSAL_CODES: Readonly<Record<Refusal['reason'], number>> = {
  // 202 is for a stale share that the server has taken, which ours has not.
  stale: 404,
  'unknown-job': 404,
  duplicate: 406,
  'low-difficulty': 406,
  unauthorized: 301,
  'not-subscribed': 300,
  malformed: 400,
  rejected: 406,
  other: 400,
};

/**
 * The code for a miner. A pool's own passes if it is one of the EIP's: [quirk: ethminer takes any code that begins with a 2 for "accepted",
 * so the 21 to 25 of other dialects must never reach it].
 */
export function refusalCode({ code, reason }: Refusal): number {
  return code !== null && code >= 200 && code < 600 ? code : REFUSAL_CODES[reason];
}

/** True for an error that says the request was taken all the same. */
export function isRemark({ code }: PoolRefusal): boolean {
  return code !== null && code >= 200 && code < 300;
}

/** The pool took the share, as stale: it is told as a refusal, so that it is not counted as work that is paid in full. */
export const STALE = 202;

/** The bucket of a refusal: its words, else its code by the EIP's scheme. */
export function classifyRefusal(refusal: PoolRefusal): RejectReason {
  const { code, message } = refusal;
  if (code === STALE) return 'stale';
  const reason = reasonInWords(message);
  if (reason !== null) return reason;
  if (code === null) return 'rejected';
  if (code === 404) return 'unknown-job';
  if (code === 406) return 'low-difficulty';
  if (code >= 300 && code < 400) return 'unauthorized';
  return code >= 400 && code < 500 ? 'malformed' : 'rejected';
}
