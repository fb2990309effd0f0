import { clip, type JsonObject, parseObject, rawId } from '../../json.ts';
import type { MinerRequest, RequestId } from '../../messages.ts';

const MAX_AGENT = 256;
const MAX_USER = 512;
const MAX_ID = 256;
const MAX_METHOD = 64;
/** Longer job ids of a pool are refused, so that a miner can always name what it got. */
export const MAX_JOB_ID = 128;

/** A miner's request with what all dialects of `mining.*` methods read alike. */
export interface Call {
  readonly id: RequestId;
  readonly method: string;
  readonly message: JsonObject;
  /** `params` where it is a list, else none. */
  readonly params: readonly unknown[];
}

/** A line as a request, or as what it is instead. */
export function readCall(line: string): { readonly call: Call } | { readonly other: MinerRequest } {
  const message = parseObject(line);
  if (message === null) return { other: { kind: 'fault', problem: 'not a JSON object' } };
  const id = rawId(message['id'], line);
  // An id is kept until its answer may go out, which a miner could use to fill our memory.
  if (id.length > MAX_ID) {
    return { other: { kind: 'fault', problem: `the id is longer than ${MAX_ID} characters` } };
  }
  const { method, params } = message;
  const isReply = 'result' in message || 'error' in message;
  if ((method === undefined || method === null) && isReply) return { other: { kind: 'reply', id } };
  if (typeof method !== 'string') return { other: malformed({ id, method: '' }, 'method is missing') };
  return { call: { id, method, message, params: Array.isArray(params) ? params : [] } };
}

export function malformed({ id, method }: Pick<Call, 'id' | 'method'>, problem: string): MinerRequest {
  return { kind: 'malformed', id, method: clip(method, MAX_METHOD), problem };
}

/** What means the same in every dialect, and the rest as unknown. */
export function decodeCommon(call: Call): MinerRequest {
  const { id, method, params } = call;
  switch (method) {
    case 'mining.authorize': {
      const [user, password] = params;
      return typeof user === 'string'
        ? { kind: 'authorize', id, user: readName(user), password: readPassword(password) }
        : malformed(call, 'authorize needs the user name as a string');
    }
    case 'mining.extranonce.subscribe':
    case 'mining.subscribe.extranonce': // [quirk: the misspelling was once documented, slush0/stratum-mining-proxy#71]
      return { kind: 'extranonce-subscribe', id };
    // [quirk: ethminer reports its rate by eth_submitHashrate in all flavours but 2.0.0, and several GPU miners do as to an ethash pool]
    case 'eth_submitHashrate':
    case 'mining.hashrate':
    case 'mining.noop':
      return { kind: 'courtesy', id };
    case 'mining.ping':
      return { kind: 'ping', id };
    case 'mining.suggest_difficulty': {
      const difficulty = typeof params[0] === 'string' ? Number(params[0]) : params[0];
      return typeof difficulty === 'number' && Number.isFinite(difficulty) && difficulty > 0
        ? { kind: 'suggest-difficulty', id, difficulty }
        : malformed(call, 'the difficulty must be a positive number');
    }
    default:
      return { kind: 'unknown', id, method: clip(method, MAX_METHOD) };
  }
}

/** A user or device name; empty where it is no string. */
export function readName(value: unknown): string {
  return typeof value === 'string' ? clip(value, MAX_USER) : '';
}

export function readPassword(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_USER) : '';
}

/** The name of a mining program; empty where it is no string. */
export function readAgent(value: unknown): string {
  return typeof value === 'string' ? clip(value, MAX_AGENT) : '';
}
