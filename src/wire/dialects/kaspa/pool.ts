import { parseDifficulty } from '../../../domain/difficulty.ts';
import { isHex } from '../../../kit/hex.ts';
import type { LoginCall, LoginOutcome, PoolDialect } from '../../dialect.ts';
import { jsonText, quote } from '../../json.ts';
import type { PoolEvent } from '../../messages.ts';
import { AUTHORIZE, REPLIES, subscribeWith } from '../nonce-prefix/answers.ts';
import { fault, notice, readPoolJobId, readSay } from '../nonce-prefix/events.ts';
import { part, readMore, readPrefix, shareIn } from '../nonce-prefix/fields.ts';
import { MAX_MORE, NONCE_BYTES, readArrayJob, readHexJob } from './parts.ts';

/** What a Kaspa pool or bridge says. */
export function decodePool(line: string): PoolEvent {
  const read = readSay(line);
  if ('other' in read) return read.other;
  const { method, message, params } = read.say;
  switch (method) {
    case 'mining.notify':
      return decodeJob(params, line);
    case 'mining.set_difficulty': {
      const difficulty = parseDifficulty(params[0]);
      return difficulty === null
        ? fault('a difficulty that is not a positive number')
        : { kind: 'difficulty', difficulty };
    }
    case 'mining.set_extranonce':
    case 'set_extranonce': // [quirk: the older bridge, miningcore]
      return decodeExtranonce(params[0], message['id']);
    default:
      return notice(method);
  }
}

/** [quirk: NiceHash answers subscribe by this, with the request's id; nicehash/Specifications KHeavyHash_NiceHash_v1.0.txt] */
function decodeExtranonce(value: unknown, id: unknown): PoolEvent {
  const prefix = readPrefix(value, NONCE_BYTES);
  if (prefix === null) return fault('an unusable extranonce');
  const event: PoolEvent = { kind: 'extranonce', ...prefix };
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) return event;
  const result = [null, prefix.extranonce1, prefix.extranonce2Bytes];
  return { kind: 'several', events: [{ kind: 'reply', id, result, refusal: null }, event] };
}

/** `[job id, four words, timestamp]` or `[job id, 80 digits]`. */
function decodeJob(params: readonly unknown[], line: string): PoolEvent {
  const [id, form, timestamp] = params;
  const poolJobId = readPoolJobId(id);
  const isHexForm = typeof form === 'string';
  const job = isHexForm ? readHexJob(form) : readArrayJob(form, timestamp, line);
  const more = readMore(params.slice(isHexForm ? 2 : 3), MAX_MORE);
  if (poolJobId === null || job === null || more === null)
    return fault('a job that is not of the kaspa form');
  return {
    kind: 'job',
    work: {
      family: 'kaspa',
      poolJobId,
      // Blocks come by the second and side by side: shares for the jobs before are still paid.
      block: job.hash,
      clean: false,
      target: null,
      algorithm: null,
      parts: more === '' ? { ...job } : { ...job, more },
    },
  };
}

/**
 * `true`, `[true, flavour]`, or with the prefix: `[null, prefix, size]`, `[list of pairs, prefix, size]`. Without one it follows as a
 * notification, or never.
 */
function readSubscribed(result: unknown): LoginOutcome {
  const [first, second] = Array.isArray(result) ? (result as readonly unknown[]) : [];
  const isPrefix = first !== true && typeof second === 'string' && isHex(second);
  const prefix = readPrefix(isPrefix ? second : '', NONCE_BYTES);
  return prefix === null
    ? { kind: 'unusable', problem: 'unreadable answer to subscribe' }
    : { kind: 'taken', subscription: { ...prefix, sessionId: null } };
}

const LOGIN: readonly LoginCall[] = [
  subscribeWith(
    ({ agent, isPlain }) => `${jsonText(agent)}${isPlain ? '' : ',"EthereumStratum/1.0.0"'}`,
    readSubscribed,
  ),
  AUTHORIZE,
];

/** What we say to a Kaspa pool or bridge. */
export const kaspaPool: PoolDialect = {
  ...REPLIES,
  // A login is an address, and a bridge takes one per connection.
  furtherName: null,
  decode: decodePool,
  login: LOGIN,

  submit(id, share) {
    const { user, poolJobId, parts } = shareIn('kaspa', share);
    return `{"id":${id},"method":"mining.submit","params":[${quote(user)},${quote(poolJobId)},"0x${part(parts, 'nonce')}"]}\n`;
  },
};
