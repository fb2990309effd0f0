import { clip, type JsonObject, parseObject, rawId } from '../../json.ts';
import type { PoolEvent, PoolRefusal, PoolSubscription } from '../../messages.ts';
import { NONCE_DIGITS, readHex } from './parts.ts';

const MAX_MESSAGE = 200;
/** Of a pool's prefix: one byte at least has to be left to search. */
const MAX_PREFIX_DIGITS = 14;

/** A line of a pool with what all dialects of the family read alike. */
export interface Say {
  readonly method: string;
  readonly message: JsonObject;
  /** `params` where it is a list, else none. */
  readonly params: readonly unknown[];
}

export function fault(problem: string): PoolEvent {
  return { kind: 'fault', problem: `the pool sent ${problem}` };
}

/** A line as a notification of the dialect's own, or as what it is instead. */
export function readSay(
  line: string,
): { readonly say: Say } | { readonly reply: JsonObject } | { readonly other: PoolEvent } {
  const message = parseObject(line);
  if (message === null) return { other: fault('something that is not a JSON object') };
  const { method } = message;
  if (typeof method !== 'string') return { reply: message };
  const params: readonly unknown[] = Array.isArray(message['params']) ? message['params'] : [];
  switch (method) {
    case 'client.reconnect':
      return { other: reconnect(params[0], readPort(params[1]), params[2]) };
    case 'mining.ping':
      return { other: { kind: 'ping', id: rawId(message['id'], line) } };
    case 'client.get_version':
      return { other: { kind: 'get-version', id: rawId(message['id'], line) } };
    case 'client.show_message': {
      const text = typeof params[0] === 'string' ? clip(params[0], MAX_MESSAGE) : '';
      return { other: { kind: 'message', id: rawId(message['id'], line), text } };
    }
    default:
      return { say: { method, message, params } };
  }
}

export function notice(method: string): PoolEvent {
  return { kind: 'notice', method: clip(method, 64) };
}

/** An answer. Ids that are none of ours belong to nobody. */
export function decodeReply(message: JsonObject): PoolEvent {
  const { id, result } = message;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) return notice('reply');
  return { kind: 'reply', id, result, refusal: readRefusal(message) };
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

function readText(value: unknown): string {
  return typeof value === 'string' && value !== '' ? clip(value, MAX_MESSAGE) : 'Rejected by the pool';
}

export function reconnect(host: unknown, port: number | null, wait: unknown): PoolEvent {
  const seconds = typeof wait === 'string' ? Number(wait) : wait;
  return {
    kind: 'reconnect',
    host: typeof host === 'string' && host !== '' ? clip(host, 253).toLowerCase() : null,
    port: port !== null && port > 0 && port < 65_536 ? port : null,
    waitSeconds: typeof seconds === 'number' && seconds >= 0 && seconds <= 3600 ? seconds : 0,
  };
}

function readPort(value: unknown): number | null {
  const port = typeof value === 'string' ? Number(value) : value;
  return typeof port === 'number' && Number.isInteger(port) ? port : null;
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
