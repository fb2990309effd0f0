import type { LoginCall, LoginOutcome, PoolDialect } from '../../dialect.ts';
import { jsonText, quote } from '../../json.ts';
import type { PoolEvent } from '../../messages.ts';
import { AUTHORIZE, EXTRANONCE_SUBSCRIBE, REPLIES, subscribeWith } from '../nonce-prefix/answers.ts';
import { fault, notice, readPoolJobId, readSay, readSessionId } from '../nonce-prefix/events.ts';
import { part, readHexOf, readPrefix, readTarget, shareIn, workIn } from '../nonce-prefix/fields.ts';
import { NONCE_BYTES, readTail } from './parts.ts';

/** What a pool of the Zcash stratum says. */
export function decodePool(line: string): PoolEvent {
  const read = readSay(line);
  if ('other' in read) return read.other;
  const { method, params } = read.say;
  switch (method) {
    case 'mining.notify':
      return decodeJob(params);
    case 'mining.set_target': {
      const target = readTarget(params[0]);
      return target === null ? fault('a target that is not 64 hex digits') : { kind: 'target', target };
    }
    case 'mining.set_extranonce': {
      const prefix = readPrefix(params[0], NONCE_BYTES);
      return prefix === null ? fault('an unusable NONCE_1') : { kind: 'extranonce', ...prefix };
    }
    default:
      return notice(method);
  }
}

function decodeJob(params: readonly unknown[]): PoolEvent {
  const [id, versionText, prevText, rootText, reservedText, timeText, bitsText, clean] = params;
  const poolJobId = readPoolJobId(id);
  const version = readHexOf(versionText, 4);
  const prevhash = readHexOf(prevText, 32);
  const merkleroot = readHexOf(rootText, 32);
  const reserved = readHexOf(reservedText, 32);
  const time = readHexOf(timeText, 4);
  const bits = readHexOf(bitsText, 4);
  const tail = readTail(params.slice(8));
  if (
    poolJobId === null ||
    version === null ||
    prevhash === null ||
    merkleroot === null ||
    reserved === null ||
    time === null ||
    bits === null ||
    tail === null
  ) {
    return fault('a job that is not of the equihash form');
  }
  const header = { version, prevhash, merkleroot, reserved, time, bits };
  return {
    kind: 'job',
    work: {
      family: 'equihash',
      poolJobId,
      block: prevhash,
      clean: clean === true || clean === 1,
      target: null,
      algorithm: tail.algorithm,
      parts: tail.more === '' ? header : { ...header, more: tail.more },
    },
  };
}

/** `[session id or null, NONCE_1]`. [quirk: pools of the NOMP family may have a list of pairs in the first place] */
function readSubscribed(result: unknown): LoginOutcome {
  const [session, nonce1] = Array.isArray(result) ? (result as readonly unknown[]) : [];
  const prefix = typeof nonce1 === 'string' ? readPrefix(nonce1, NONCE_BYTES) : null;
  return prefix === null
    ? { kind: 'unusable', problem: 'unreadable answer to subscribe' }
    : { kind: 'taken', subscription: { ...prefix, sessionId: readSessionId(session) } };
}

const LOGIN: readonly LoginCall[] = [
  subscribeWith(
    ({ agent, sessionId, host, port, isPlain }) =>
      isPlain ? '' : `${jsonText(agent)},${jsonText(sessionId)},${jsonText(host)},${port}`,
    readSubscribed,
  ),
  AUTHORIZE,
  EXTRANONCE_SUBSCRIBE,
];

/** What we say to a pool of the Zcash stratum. */
export const equihashPool: PoolDialect = {
  ...REPLIES,
  decode: decodePool,
  login: LOGIN,
  /** `144_5` is `equihash144_5` to the catalogue. */
  namedAlgorithm(work) {
    const { algorithm } = workIn('equihash', work);
    return algorithm === null ? null : `equihash${algorithm}`;
  },

  submit(id, share, { extranonce1 }) {
    const { user, poolJobId, parts } = shareIn('equihash', share);
    return `{"id":${id},"method":"mining.submit","params":[${quote(user)},${quote(poolJobId)},"${part(parts, 'time')}","${part(parts, 'nonce').slice(extranonce1.length)}","${part(parts, 'solution')}"]}\n`;
  },
};
