import type { JsonObject } from '../../json.ts';
import type { PoolEvent, PoolRefusal, PoolSubscription } from '../../messages.ts';
import { readText, replyOf } from '../mining-methods/events.ts';
import { NONCE_DIGITS, readHex } from './parts.ts';

/** Of a pool's prefix: one byte at least has to be left to search. */
const MAX_PREFIX_DIGITS = 14;

/** An answer. Ids that are none of ours belong to nobody. */
export function decodeReply(message: JsonObject): PoolEvent {
  return replyOf(message, readRefusal(message));
}

/**
 * Null where the pool said yes, which is, as ethminer sees it, the absence of an error and of a result that is false. Errors come as objects, lists
 * and plain text. [ethereum-mining/ethminer EthStratumClient.cpp, processResponse and processError]
 */
export function readRefusal(message: JsonObject): PoolRefusal | null {
  const { error, result } = message;
  if (Array.isArray(error)) {
    const [code, text] = error as readonly unknown[];
    if (error.length > 0) return { code: readCode(code), message: readText(text ?? code) };
  } else if (typeof error === 'object' && error !== null) {
    const { code, message: text } = error as JsonObject;
    return { code: readCode(code), message: readText(text) };
  } else if (typeof error === 'string' && error !== '') {
    return { code: null, message: readText(error) };
  } else if (error === true || typeof error === 'number') {
    return { code: readCode(error), message: readText(null) };
  }
  return result === false ? { code: null, message: readText(message['reject-reason']) } : null;
}

/** [quirk: 2.0.0 pools that write numbers as they do elsewhere, as text] */
function readCode(value: unknown): number | null {
  const code = typeof value === 'string' && /^-?\d{1,6}$/.test(value) ? Number(value) : value;
  return typeof code === 'number' && Number.isSafeInteger(code) ? code : null;
}

/** What the pool fixes of the nonce, empty where it fixes nothing; null where it cannot be used: half bytes, or nothing left. */
export function readPrefix(
  value: unknown,
): Pick<PoolSubscription, 'extranonce1' | 'extranonce2Bytes'> | null {
  const prefix =
    value === '' || value === null || value === undefined ? '' : readHex(value, MAX_PREFIX_DIGITS);
  if (prefix === null || prefix.length % 2 !== 0) return null;
  return { extranonce1: prefix, extranonce2Bytes: (NONCE_DIGITS - prefix.length) / 2 };
}

/** What a dialect begins with whose nonces are not divided. */
export const UNDIVIDED: PoolSubscription = { sessionId: null, extranonce1: '', extranonce2Bytes: 0 };
