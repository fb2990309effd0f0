import { clip, type JsonObject, parseObject, rawId } from '../../json.ts';
import type { MinerRequest, RequestId } from '../../messages.ts';
import { readHash, readHex } from './parts.ts';

const MAX_AGENT = 256;
const MAX_USER = 512;
const MAX_ID = 256;
const MAX_JOB_ID = 128;

/** A request with what all dialects of the family read alike. */
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
  return { kind: 'malformed', id, method: clip(method, 64), problem };
}

/** What means the same in every dialect of the family, and the rest as unknown. */
export function decodeCommon(call: Call): MinerRequest {
  const { id, method, params } = call;
  switch (method) {
    case 'mining.authorize':
      return decodeAuthorize(call);
    case 'mining.extranonce.subscribe':
    case 'mining.subscribe.extranonce': // [quirk: the misspelling was once documented, slush0/stratum-mining-proxy#71]
      return { kind: 'extranonce-subscribe', id };
    // [quirk: ethminer reports by eth_submitHashrate in all flavours but 2.0.0]
    case 'eth_submitHashrate':
    case 'mining.hashrate':
    case 'mining.noop':
      return { kind: 'courtesy', id };
    case 'mining.ping':
      return { kind: 'ping', id };
    case 'mining.suggest_difficulty':
      return decodeSuggestDifficulty(call, params[0]);
    default:
      return { kind: 'unknown', id, method: clip(method, 64) };
  }
}

function decodeAuthorize(call: Call): MinerRequest {
  const [user, password] = call.params;
  if (typeof user !== 'string') return malformed(call, 'authorize needs the user name as a string');
  return { kind: 'authorize', id: call.id, user: readName(user), password: readPassword(password) };
}

function decodeSuggestDifficulty(call: Call, value: unknown): MinerRequest {
  const difficulty = typeof value === 'string' ? Number(value) : value;
  return typeof difficulty === 'number' && Number.isFinite(difficulty) && difficulty > 0
    ? { kind: 'suggest-difficulty', id: call.id, difficulty }
    : malformed(call, 'the difficulty must be a positive number');
}

/** A user or device name; empty where it is no string. */
export function readName(value: unknown): string {
  return typeof value === 'string' ? clip(value, MAX_USER) : '';
}

export function readPassword(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_USER) : '';
}

export function readAgent(value: unknown): string {
  return typeof value === 'string' ? clip(value, MAX_AGENT) : '';
}

export function readSessionId(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= 64 ? value : null;
}

/** A share that names its work by the header: nonce, header and mix, as EthProxy and plain have them. */
export function decodeWholeShare(call: Call, user: string, share: readonly unknown[]): MinerRequest {
  const nonce = readHex(share[0], 16);
  if (nonce === null) return malformed(call, 'the nonce must be 16 hex digits');
  const header = readHash(share[1]);
  if (header === null) return malformed(call, 'the header must be 64 hex digits');
  const mix = readHash(share[2]);
  if (mix === null) return malformed(call, 'the mix hash must be 64 hex digits');
  const parts = { nonce, header, mix };
  return { kind: 'submit', family: 'ethash', id: call.id, user, jobId: header, parts };
}

/** A share that names its work by our id: the nonce, whole or without the prefix, as the two versions of EthereumStratum have it. */
export function decodeSuffixShare(call: Call, user: string, share: readonly unknown[]): MinerRequest {
  const [jobId, digits] = share;
  if (typeof jobId !== 'string' || jobId.length > MAX_JOB_ID) {
    return malformed(call, 'the job id must be a string');
  }
  const nonce = readHex(digits, 16);
  if (nonce === null) return malformed(call, 'the nonce must be up to 16 hex digits');
  return {
    kind: 'submit',
    family: 'ethash',
    id: call.id,
    user,
    jobId: jobId.trim(),
    parts: { nonce },
  };
}
