import { clip, type JsonObject, parseObject, rawId } from '../../json.ts';
import type { PoolEvent, PoolRefusal } from '../../messages.ts';

const MAX_MESSAGE = 200;

/** A pool's notification with what all dialects of `mining.*` methods read alike. */
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

/** A line as a notification that a dialect has to read itself, as an answer, or as what it is instead. */
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
      return { other: readReconnect(params) };
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
export function replyOf({ id, result }: JsonObject, refusal: PoolRefusal | null): PoolEvent {
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) return notice('reply');
  return { kind: 'reply', id, result, refusal };
}

/** A pool's words for a refusal. */
export function readText(value: unknown): string {
  return typeof value === 'string' && value !== '' ? clip(value, MAX_MESSAGE) : 'Rejected by the pool';
}

/** The parameters of `client.reconnect`. [quirk: Mining Rig Rentals sends the port as a string and an id of 0] */
export function readReconnect([host, port, wait]: readonly unknown[]): PoolEvent {
  const number = typeof port === 'string' ? Number(port) : port;
  return reconnect(host, typeof number === 'number' && Number.isInteger(number) ? number : null, wait);
}

/** A port out of range is none. */
export function reconnect(host: unknown, port: number | null, wait: unknown): PoolEvent {
  const seconds = typeof wait === 'string' ? Number(wait) : wait;
  return {
    kind: 'reconnect',
    host: typeof host === 'string' && host !== '' ? clip(host, 253).toLowerCase() : null,
    port: port !== null && port > 0 && port < 65_536 ? port : null,
    waitSeconds: typeof seconds === 'number' && seconds >= 0 && seconds <= 3600 ? seconds : 0,
  };
}
