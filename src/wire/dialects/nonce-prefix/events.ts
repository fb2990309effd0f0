import { clip, type JsonObject, parseObject, rawId } from '../../json.ts';
import type { PoolEvent, PoolRefusal } from '../../messages.ts';
import { MAX_JOB_ID } from './requests.ts';

const MAX_MESSAGE = 200;

/** A notification with what all dialects of `mining.*` methods read alike. */
export interface Say {
  readonly method: string;
  readonly message: JsonObject;
  /** `params` where it is a list, else none. */
  readonly params: readonly unknown[];
}

export function fault(problem: string): PoolEvent {
  return { kind: 'fault', problem: `the pool sent ${problem}` };
}

export function notice(method: string): PoolEvent {
  return { kind: 'notice', method: clip(method, 64) };
}

/** A line as a notification that a dialect has to read itself, or as what it is instead. */
export function readSay(line: string): { readonly say: Say } | { readonly other: PoolEvent } {
  const message = parseObject(line);
  if (message === null) return { other: fault('something that is not a JSON object') };
  const { method } = message;
  if (typeof method !== 'string') return { other: decodeReply(message) };
  const params: readonly unknown[] = Array.isArray(message['params']) ? message['params'] : [];
  switch (method) {
    case 'client.reconnect':
      return { other: decodeReconnect(params) };
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

/** An answer. Ids that are none of ours belong to nobody. */
function decodeReply(message: JsonObject): PoolEvent {
  const { id, result } = message;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) return notice('reply');
  return { kind: 'reply', id, result, refusal: readRefusal(message) };
}

/**
 * Null where the pool said yes: no error of any shape, and a result that is neither false nor null nor missing. Errors come as lists (slush and all
 * that descend from it), as objects (miningcore) and as plain text.
 */
function readRefusal({ error, result, 'reject-reason': reason }: JsonObject): PoolRefusal | null {
  if (Array.isArray(error)) {
    const [code, text] = error as readonly unknown[];
    if (error.length > 0) return { code: readCode(code), message: readText(text ?? code) };
  } else if (typeof error === 'object' && error !== null) {
    const { code, message } = error as JsonObject;
    return { code: readCode(code), message: readText(message) };
  } else if (error !== undefined && error !== null && error !== false && error !== '') {
    return { code: readCode(error), message: readText(error) };
  }
  const isYes = result !== false && result !== null && result !== undefined;
  return isYes ? null : { code: null, message: readText(reason) };
}

function readCode(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

function readText(value: unknown): string {
  return typeof value === 'string' && value !== '' ? clip(value, MAX_MESSAGE) : 'Rejected by the pool';
}

/** [quirk: Mining Rig Rentals sends the port as a string] */
function decodeReconnect([host, port, wait]: readonly unknown[]): PoolEvent {
  const portNumber = typeof port === 'string' ? Number(port) : port;
  const seconds = typeof wait === 'string' ? Number(wait) : wait;
  return {
    kind: 'reconnect',
    host: typeof host === 'string' && host !== '' ? clip(host, 253).toLowerCase() : null,
    port:
      typeof portNumber === 'number' && Number.isInteger(portNumber) && portNumber > 0 && portNumber < 65_536
        ? portNumber
        : null,
    waitSeconds: typeof seconds === 'number' && seconds >= 0 && seconds <= 3600 ? seconds : 0,
  };
}

/** The id of a pool's job; null where it is none, or longer than a miner's may be. */
export function readPoolJobId(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  return typeof value === 'string' && value.length <= MAX_JOB_ID ? value : null;
}

/** The session id of a subscribe's answer: a string, or the id that goes with `mining.notify` in a list of pairs. */
export function readSessionId(names: unknown): string | null {
  if (typeof names === 'string') return names === '' ? null : clip(names, MAX_JOB_ID);
  if (!Array.isArray(names)) return null;
  // [quirk: one pair instead of a list of pairs]
  const pairs = typeof names[0] === 'string' ? [names] : (names as readonly unknown[]);
  for (const pair of pairs) {
    if (!Array.isArray(pair)) continue;
    const [name, id] = pair as readonly unknown[];
    if (name === 'mining.notify' && typeof id === 'string' && id !== '') return clip(id, MAX_JOB_ID);
  }
  return null;
}
