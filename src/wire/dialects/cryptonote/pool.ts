import type { RelayedWork } from '../../../domain/job.ts';
import type { LoginCall, LoginOutcome, PoolDialect, PoolShare } from '../../dialect.ts';
import { clip, type JsonObject, jsonText, parseObject, quote, rawId } from '../../json.ts';
import type { PoolEvent, PoolRefusal, PoolSubscription } from '../../messages.ts';
import { readReconnect } from '../mining-methods/events.ts';
import { catalogueNameOf, wireNameOf } from './algorithms.ts';
import { classifyRefusal, isCritical, isForNow } from './codes.ts';
import { cryptonoteShare, cryptonoteWork, fixedByteOf, readJob } from './parts.ts';

const MAX_MESSAGE = 200;
const MAX_SESSION_ID = 128;

/** An accepted share to the letter as most pools write it, with the id before or after the version: parsing costs more than twice as much. */
const USUAL_YES =
  /^\{(?:"id":(0|[1-9]\d{0,14}),"jsonrpc":"2\.0"|"jsonrpc":"2\.0","id":(0|[1-9]\d{0,14})),"error":null,"result":\{"status":"OK"\}\}$/;
const OK = { status: 'OK' } as const;

/** What a cryptonote pool says (docs/protocols/cryptonote.md). */
export function decodePool(line: string): PoolEvent {
  const usual = USUAL_YES.exec(line);
  if (usual !== null) {
    return { kind: 'reply', id: Number(usual[1] ?? usual[2]), result: OK, refusal: null };
  }
  const message = parseObject(line);
  if (message === null) {
    return { kind: 'fault', problem: 'the pool sent something that is not a JSON object' };
  }
  const { method, params } = message;
  if (typeof method !== 'string') return decodeReply(message, line);
  switch (method) {
    case 'job':
      return decodeJob(params, line);
    case 'client.reconnect':
      return readReconnect(Array.isArray(params) ? params : []);
    case 'client.show_message':
      return {
        kind: 'message',
        id: rawId(message['id'], line),
        text: clip(textOf(Array.isArray(params) ? (params as readonly unknown[])[0] : params), MAX_MESSAGE),
      };
    case 'ping':
    case 'mining.ping':
      return { kind: 'ping', id: rawId(message['id'], line) };
    default:
      return { kind: 'notice', method: clip(method, 64) };
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function decodeReply(message: JsonObject, line: string): PoolEvent {
  const { id, error } = message;
  const refusal = readRefusal(message);
  const number = typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : id;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    // [xmrig/xmrig Client.cpp] An error that answers nothing is news of the connection.
    if (error === undefined || error === null || refusal === null) return { kind: 'notice', method: 'reply' };
    return isCritical(refusal.message)
      ? { kind: 'fault', problem: gone(refusal) }
      : { kind: 'message', id: rawId(null, line), text: refusal.message };
  }
  const result = readResult(message, line);
  const reply: PoolEvent = { kind: 'reply', id: number, result, refusal };
  return refusal !== null && isCritical(refusal.message)
    ? { kind: 'several', events: [reply, { kind: 'fault', problem: gone(refusal) }] }
    : reply;
}

function gone(refusal: PoolRefusal): string {
  return `the pool has given us up: ${refusal.message}`;
}

/** The result, a job in it read: a login is looked at where the line is no longer at hand. */
function readResult({ result }: JsonObject, line: string): unknown {
  if (typeof result !== 'object' || result === null || !('job' in result)) return result;
  return { ...result, job: result.job === null ? null : readJob(result.job, line) };
}

/** Null where the pool said yes: no error of any shape, and a result. */
function readRefusal({ error, result }: JsonObject): PoolRefusal | null {
  if (error === undefined || error === null || error === false || error === '') {
    return result === undefined || result === null || result === false
      ? { code: null, message: 'Rejected by the pool' }
      : null;
  }
  const { code, message } = Array.isArray(error)
    ? { code: (error as readonly unknown[])[0], message: (error as readonly unknown[])[1] }
    : typeof error === 'object'
      ? (error as { code?: unknown; message?: unknown })
      : { code: null, message: error };
  return {
    code: typeof code === 'number' && Number.isSafeInteger(code) ? code : null,
    message: clip(textOf(message) || 'Rejected by the pool', MAX_MESSAGE),
  };
}

/**
 * A job whose nonce has been begun says that its last byte is the pool's (xmrig/xmrig Job.cpp): a pool of the NiceHash kind, or another proxy. Nothing is left to divide
 * then, though a pool that sends its first job after the login could not say so before.
 */
function decodeJob(params: unknown, line: string): PoolEvent {
  const work = readJob(params, line);
  if (typeof work === 'string') return { kind: 'fault', problem: `the pool sent ${work}` };
  const job: PoolEvent = { kind: 'job', work };
  return fixedByteOf(work) === null
    ? job
    : { kind: 'several', events: [{ kind: 'extranonce', extranonce1: '', extranonce2Bytes: 0 }, job] };
}

/** Bytes of a nonce. */
const NONCE_BYTES = 4;

/** What {@link readResult} left of the answer. A pool may send its first job apart. */
function readLogin(result: unknown): LoginOutcome {
  if (typeof result !== 'object' || result === null) {
    return { kind: 'unusable', problem: 'unreadable answer to login' };
  }
  const { id, job, extensions } = result as JsonObject & { readonly job?: RelayedWork | string | null };
  if ((typeof id !== 'string' && typeof id !== 'number') || id === '' || String(id).length > MAX_SESSION_ID) {
    return { kind: 'unusable', problem: 'the answer to login names no session' };
  }
  if (typeof job === 'string') return { kind: 'unusable', problem: `the answer to login has ${job}` };
  const work = job ?? null;
  // The byte may be 00, which a blob does not show; only a pool that fixes it says so.
  const isFixed =
    (Array.isArray(extensions) && extensions.includes('nicehash')) ||
    (work !== null && fixedByteOf(work) !== null);
  const subscription: PoolSubscription = {
    sessionId: String(id),
    extranonce1: '',
    extranonce2Bytes: isFixed ? 0 : NONCE_BYTES,
  };
  return work === null ? { kind: 'taken', subscription } : { kind: 'taken', subscription, work };
}

const LOGIN: LoginCall = {
  name: 'login',
  isOptional: false,
  identifies: true,
  write(id, { user, password, agent, algorithm, isPlain }) {
    const algo = isPlain ? null : wireNameOf(algorithm);
    const names = algo === null ? '' : `,"algo":["${algo}"]`;
    return `{"id":${id},"jsonrpc":"2.0","method":"login","params":{"login":${jsonText(user)},"pass":${jsonText(password)},"agent":${jsonText(agent)}${names}}}\n`;
  },
  read(result, refusal) {
    if (refusal === null) return readLogin(result);
    return isForNow(refusal.message)
      ? { kind: 'unusable', problem: refusal.message }
      : { kind: 'refused', refusal };
  },
};

const session = ({ sessionId }: PoolSubscription): string => quote(sessionId ?? '');

/** What we say to a cryptonote pool. */
export const cryptonotePool: PoolDialect = {
  decode: decodePool,
  login: [LOGIN],
  furtherName: null,
  suggestDifficulty: null,

  keepalive: (id, subscription) =>
    `{"id":${id},"jsonrpc":"2.0","method":"keepalived","params":{"id":${session(subscription)}}}\n`,

  submit(id, given: PoolShare, subscription) {
    const { poolJobId, parts } = cryptonoteShare(given);
    const { nonce = '', result = '', more = '' } = parts;
    return `{"id":${id},"jsonrpc":"2.0","method":"submit","params":{"id":${session(subscription)},"job_id":${quote(poolJobId)},"nonce":"${nonce}","result":"${result}"${more}}}\n`;
  },

  pong: (id) => `{"id":${id},"jsonrpc":"2.0","error":null,"result":"pong"}\n`,
  version: (id, agent) => `{"id":${id},"jsonrpc":"2.0","error":null,"result":${jsonText(agent)}}\n`,
  acknowledge: (id) => `{"id":${id},"jsonrpc":"2.0","error":null,"result":true}\n`,

  /** `{"status":"OK"}`; [quirk: some say true] */
  isYes(result) {
    if (typeof result !== 'object' || result === null) return result === true || result === 'OK';
    const { status } = result as JsonObject;
    return status === undefined || status === 'OK' || status === 'KEEPALIVED';
  },
  classify: classifyRefusal,

  namedAlgorithm(work) {
    const { algorithm } = cryptonoteWork(work);
    return algorithm === null ? null : catalogueNameOf(algorithm);
  },
};
