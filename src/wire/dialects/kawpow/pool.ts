import type { LoginCall, LoginOutcome, PoolDialect } from '../../dialect.ts';
import { jsonText, quote } from '../../json.ts';
import type { PoolEvent } from '../../messages.ts';
import { AUTHORIZE, EXTRANONCE_SUBSCRIBE, REPLIES, subscribeWith } from '../nonce-prefix/answers.ts';
import { fault, notice, readPoolJobId, readSay, readSessionId } from '../nonce-prefix/events.ts';
import {
  part,
  readCount,
  readHexOf,
  readMore,
  readPrefix,
  readTarget,
  shareIn,
} from '../nonce-prefix/fields.ts';
import { MAX_MORE, NONCE_BYTES } from './parts.ts';

/** What a kawpow pool says. */
export function decodePool(line: string): PoolEvent {
  const read = readSay(line);
  if ('other' in read) return read.other;
  const { method, params } = read.say;
  switch (method) {
    case 'mining.notify':
      return decodeJob(params);
    case 'mining.set_target':
      return decodeTarget(params[0]) ?? fault('a target that is not hex');
    case 'mining.set_difficulty':
      // [quirk: miningcore's carries the target] A number is on no scale that pools share, and the jobs say it themselves.
      return decodeTarget(params[0]) ?? notice(method);
    case 'mining.set_extranonce': {
      const prefix = readPrefix(params[0], NONCE_BYTES);
      return prefix === null ? fault('an unusable extranonce') : { kind: 'extranonce', ...prefix };
    }
    default:
      return notice(method);
  }
}

function decodeTarget(value: unknown): PoolEvent | null {
  const target = readTarget(value);
  return target === null ? null : { kind: 'target', target };
}

function decodeJob(params: readonly unknown[]): PoolEvent {
  const [id, headerText, seedText, targetText, clean, heightText, bitsText] = params;
  const poolJobId = readPoolJobId(id);
  const header = readHexOf(headerText, 32);
  const seed = readHexOf(seedText, 32);
  const target = readTarget(targetText);
  const height = readCount(heightText);
  const bits = bitsText === undefined ? undefined : readHexOf(bitsText, 4);
  const more = readMore(params.slice(7), MAX_MORE);
  if (
    poolJobId === null ||
    header === null ||
    seed === null ||
    target === null ||
    height === null ||
    bits === null ||
    more === null
  ) {
    return fault('a job that is not of the kawpow form');
  }
  return {
    kind: 'job',
    work: {
      family: 'kawpow',
      poolJobId,
      block: height,
      clean: clean === true || clean === 1,
      target,
      algorithm: null,
      parts: {
        header,
        seed,
        height,
        ...(bits === undefined ? {} : { bits }),
        ...(more === '' ? {} : { more }),
      },
    },
  };
}

/** `[session id, null or list of pairs, prefix]`, and whatever follows. */
function readSubscribed(result: unknown): LoginOutcome {
  const [session, extranonce1] = Array.isArray(result) ? (result as readonly unknown[]) : [];
  const prefix = Array.isArray(result) ? readPrefix(extranonce1, NONCE_BYTES) : null;
  return prefix === null
    ? { kind: 'unusable', problem: 'unreadable answer to subscribe' }
    : { kind: 'taken', subscription: { ...prefix, sessionId: readSessionId(session) } };
}

const LOGIN: readonly LoginCall[] = [
  subscribeWith(({ agent, isPlain }) => (isPlain ? '' : jsonText(agent)), readSubscribed),
  AUTHORIZE,
  EXTRANONCE_SUBSCRIBE,
];

/** What we say to a kawpow pool. */
export const kawpowPool: PoolDialect = {
  ...REPLIES,
  decode: decodePool,
  login: LOGIN,

  submit(id, share) {
    const { user, poolJobId, parts } = shareIn('kawpow', share);
    return `{"id":${id},"method":"mining.submit","params":[${quote(user)},${quote(poolJobId)},"0x${part(parts, 'nonce')}","0x${part(parts, 'header')}","0x${part(parts, 'mix')}"]}\n`;
  },
};
