import { parseDifficulty } from '../../../domain/difficulty.ts';
import type { LoginCall, LoginOutcome, PoolDialect } from '../../dialect.ts';
import { jsonText, quote } from '../../json.ts';
import type { PoolEvent } from '../../messages.ts';
import { AUTHORIZE, REPLIES, subscribeWith } from '../nonce-prefix/answers.ts';
import { fault, notice, readPoolJobId, readSay, readSessionId } from '../nonce-prefix/events.ts';
import { part, readCount, readHexOf, readMore, readPrefix, shareIn } from '../nonce-prefix/fields.ts';
import { MAX_MORE, NONCE_BYTES, readDecimalTarget } from './parts.ts';

/** What an Ergo pool says. */
export function decodePool(line: string): PoolEvent {
  const read = readSay(line);
  if ('other' in read) return read.other;
  const { method, params } = read.say;
  switch (method) {
    case 'mining.notify':
      return decodeJob(params);
    case 'mining.set_difficulty': {
      // A factor of the job's target, not a difficulty: 1 with miningcore. [mhssamadani/ErgoStratumServer lib/jobManager.js]
      const factor = parseDifficulty(params[0]);
      return factor === null
        ? fault('a difficulty that is not a positive number')
        : { kind: 'scale', factor };
    }
    case 'mining.set_extranonce': {
      const geometry = readGeometry(params[0], params[1]);
      return geometry === null ? fault('an unusable extranonce') : { kind: 'extranonce', ...geometry };
    }
    default:
      return notice(method);
  }
}

/** Prefix and size have to make up the nonce; a size that is missing follows. */
function readGeometry(extranonce1: unknown, size: unknown): ReturnType<typeof readPrefix> {
  const prefix = readPrefix(extranonce1, NONCE_BYTES);
  const isWhole = size === undefined || size === null || size === prefix?.extranonce2Bytes;
  return isWhole ? prefix : null;
}

function decodeJob(params: readonly unknown[]): PoolEvent {
  const [id, heightNumber, msgText, third, fourth, versionText, b, seventh, clean] = params;
  const poolJobId = readPoolJobId(id);
  const height = readCount(heightNumber);
  const msg = readHexOf(msgText, 32);
  const version = readHexOf(versionText, 4);
  const target = readDecimalTarget(b);
  const thirdText = readMore([third], MAX_MORE);
  const fourthText = readMore([fourth], MAX_MORE);
  const seventhText = readMore([seventh], MAX_MORE);
  const more = readMore(params.slice(9), MAX_MORE);
  if (
    poolJobId === null ||
    height === null ||
    msg === null ||
    version === null ||
    target === null ||
    thirdText === null ||
    fourthText === null ||
    seventhText === null ||
    more === null
  ) {
    return fault('a job that is not of the autolykos form');
  }
  const parts = {
    height,
    msg,
    version,
    third: thirdText.slice(1),
    fourth: fourthText.slice(1),
    seventh: seventhText.slice(1),
  };
  return {
    kind: 'job',
    work: {
      family: 'autolykos',
      poolJobId,
      block: height,
      clean: clean === true || clean === 1,
      target,
      algorithm: null,
      parts: more === '' ? parts : { ...parts, more },
    },
  };
}

function readSubscribed(result: unknown): LoginOutcome {
  const [names, extranonce1, size] = Array.isArray(result) ? (result as readonly unknown[]) : [];
  const geometry = Array.isArray(result) ? readGeometry(extranonce1, size) : null;
  return geometry === null
    ? { kind: 'unusable', problem: 'unreadable answer to subscribe' }
    : { kind: 'taken', subscription: { ...geometry, sessionId: readSessionId(names) } };
}

const LOGIN: readonly LoginCall[] = [
  subscribeWith(({ agent, isPlain }) => (isPlain ? '' : jsonText(agent)), readSubscribed),
  AUTHORIZE,
];

/** What we say to an Ergo pool. */
export const autolykosPool: PoolDialect = {
  ...REPLIES,
  decode: decodePool,
  login: LOGIN,

  // Both the rest of the nonce and the whole: pools read one or the other.
  submit(id, share, { extranonce1 }) {
    const { user, poolJobId, parts } = shareIn('autolykos', share);
    const nonce = part(parts, 'nonce');
    return `{"id":${id},"method":"mining.submit","params":[${quote(user)},${quote(poolJobId)},"${nonce.slice(extranonce1.length)}",${part(parts, 'time')},"${nonce}"]}\n`;
  },
};
