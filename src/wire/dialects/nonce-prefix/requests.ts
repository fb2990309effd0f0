import type { RelayedFamily } from '../../../domain/job.ts';
import { clip, parseObject, rawId } from '../../json.ts';
import type { MinerRequest, RelayedSubmit, RequestId, SubmitRequest } from '../../messages.ts';
import { readHex } from './fields.ts';

const MAX_AGENT = 256;
const MAX_USER = 512;
const MAX_ID = 256;
const MAX_METHOD = 64;
/** Longer job ids of a pool are refused, so that a miner can always name what it got. */
export const MAX_JOB_ID = 128;

/** A request with what all dialects of `mining.*` methods read alike. */
export interface Call {
  readonly id: RequestId;
  readonly method: string;
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
  return { call: { id, method, params: Array.isArray(params) ? params : [] } };
}

export function malformed({ id, method }: Pick<Call, 'id' | 'method'>, problem: string): MinerRequest {
  return { kind: 'malformed', id, method: clip(method, MAX_METHOD), problem };
}

/** Everything but subscribe and submit, which differ. */
export function decodeCommon(call: Call): MinerRequest {
  const { id, method, params } = call;
  switch (method) {
    case 'mining.authorize': {
      const [user, password] = params;
      return typeof user === 'string'
        ? { kind: 'authorize', id, user: readUser(user), password: readPassword(password) }
        : malformed(call, 'authorize needs the user name as a string');
    }
    case 'mining.extranonce.subscribe':
    case 'mining.subscribe.extranonce': // [quirk: the misspelling was once documented, slush0/stratum-mining-proxy#71]
      return { kind: 'extranonce-subscribe', id };
    // [quirk: several GPU miners report their rate as to an ethash pool]
    case 'eth_submitHashrate':
    case 'mining.hashrate':
    case 'mining.noop':
      return { kind: 'courtesy', id };
    case 'mining.ping':
      return { kind: 'ping', id };
    case 'mining.get_transactions':
      return { kind: 'get-transactions', id };
    case 'mining.suggest_difficulty': {
      const difficulty = typeof params[0] === 'string' ? Number(params[0]) : params[0];
      return typeof difficulty === 'number' && Number.isFinite(difficulty) && difficulty > 0
        ? { kind: 'suggest-difficulty', id, difficulty }
        : malformed(call, 'the difficulty must be a positive number');
    }
    case 'mining.suggest_target': {
      const target = readHex(params[0], 64);
      return target === null
        ? malformed(call, 'the target must be up to 64 hex digits')
        : { kind: 'suggest-target', id, target };
    }
    default:
      return { kind: 'unknown', id, method: clip(method, MAX_METHOD) };
  }
}

/** `[agent, session id or null, …]`. */
export function decodeSubscribe({ id, params }: Call): MinerRequest {
  const [agent, session] = params;
  return {
    kind: 'subscribe',
    id,
    // [quirk: damominer writes a login object here]
    agent: typeof agent === 'string' ? clip(agent, MAX_AGENT) : '',
    sessionId: isSessionId(session) ? session : null,
  };
}

/** [quirk: some write the flavour here, `EthereumStratum/1.0.0`, NiceHash a 13-digit time stamp; neither is a session id] */
function isSessionId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= 64 &&
    !value.includes('/') &&
    !/^\d{13}$/.test(value)
  );
}

/** A user name; empty where it is no string. */
export function readUser(value: unknown): string {
  return typeof value === 'string' ? clip(value, MAX_USER) : '';
}

function readPassword(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_USER) : '';
}

/** The job that a submit names, blanks around it left out; null where it cannot be one of ours. [quirk: a number where the pool wrote digits] */
export function readJobId(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  return typeof value === 'string' && value.length <= MAX_JOB_ID ? value.trim() : null;
}

export function submitOf(
  family: RelayedFamily,
  { id }: Call,
  share: {
    readonly user: unknown;
    readonly jobId: string;
    readonly parts: Readonly<Record<string, string>>;
  },
): RelayedSubmit {
  return {
    kind: 'submit',
    family,
    id,
    user: readUser(share.user),
    jobId: share.jobId,
    parts: share.parts,
  };
}

/** A submit of `family`. Throws for another's: a dialect was handed what is not its own. */
export function submitIn(family: RelayedFamily, request: SubmitRequest): RelayedSubmit {
  if (request.family !== family) throw new Error(`a submit of ${request.family} in a dialect of ${family}`);
  return request;
}
