import type { LoginCall, PoolDialect } from '../../dialect.ts';
import { jsonText, quote } from '../../json.ts';
import type { PoolEvent } from '../../messages.ts';
import { JSON_RPC_REPLIES } from '../ethash/answers.ts';
import { readAuthorized } from '../ethash/authorized.ts';
import { classifyRefusal } from '../ethash/codes.ts';
import { decodeReply, UNDIVIDED } from '../ethash/events.ts';
import {
  ethashShare,
  ethashWork,
  part,
  partsOf,
  readHash,
  readHeight,
  readMore,
  readTarget,
} from '../ethash/parts.ts';
import { fault, notice, readSay } from '../mining-methods/events.ts';

/** What a pool of the plain dialect says. */
export function decodePool(line: string): PoolEvent {
  const read = readSay(line);
  if ('other' in read) return read.other;
  if ('reply' in read) return decodeReply(read.reply);
  const { method, message, params } = read.say;
  return method === 'mining.notify' ? decodeJob(params, message['height']) : notice(method);
}

/** Job id, header, seed hash, target, clean. */
function decodeJob(params: readonly unknown[], blockHeight: unknown): PoolEvent {
  const [poolJobId, headerText, seedText, targetText, clean] = params;
  const header = readHash(headerText);
  const seed = readHash(seedText);
  const target = readTarget(targetText);
  if ((typeof poolJobId !== 'string' && typeof poolJobId !== 'number') || header === null || seed === null) {
    return fault('a job that is not job id, header, seed hash and target');
  }
  if (target === null) {
    return fault('a job without a target: its dialect is ethereum-stratum, not ethash-plain');
  }
  const height = readHeight(blockHeight);
  return {
    kind: 'job',
    work: {
      family: 'ethash',
      poolJobId: String(poolJobId),
      block: height ?? header,
      clean: clean === true || clean === 1,
      target,
      algorithm: null,
      parts: partsOf({ header, seed, height, 'more:ethash-plain': readMore(params.slice(5)) }),
    },
  };
}

const LOGIN: readonly LoginCall[] = [
  {
    name: 'subscribe',
    isOptional: false,
    write: (id, { agent, isPlain }) =>
      `{"id":${id},"jsonrpc":"2.0","method":"mining.subscribe","params":[${isPlain ? '' : jsonText(agent)}]}\n`,
    // `true`, or any list: there is nothing in it for us.
    read: (_result, refusal) =>
      refusal === null
        ? { kind: 'taken', subscription: UNDIVIDED }
        : { kind: 'unusable', problem: refusal.message },
  },
  {
    name: 'authorize',
    isOptional: false,
    identifies: true,
    write: (id, { user, password }) => authorize(id, user, password),
    read: readAuthorized,
  },
];

const authorize = (id: number, user: string, password: string): string =>
  `{"id":${id},"jsonrpc":"2.0","method":"mining.authorize","params":[${jsonText(user)},${jsonText(password)}]}\n`;

/** What we say to a pool of the plain dialect. */
export const ethashPlainPool: PoolDialect = {
  ...JSON_RPC_REPLIES,
  decode: decodePool,
  login: LOGIN,
  furtherName: authorize,
  suggestDifficulty: null,
  keepalive: null,

  submit(id, share) {
    const { user, poolJobId, parts } = ethashShare(share);
    return `{"id":${id},"jsonrpc":"2.0","method":"mining.submit","params":[${quote(user)},${quote(poolJobId)},"0x${part(parts, 'nonce')}","0x${part(parts, 'header')}","0x${part(parts, 'mix')}"]}\n`;
  },

  isYes: (result) => result === true,
  classify: classifyRefusal,
  /** A kawpow job begins with the same elements, and goes on with height and bits. */
  isOwnJob: (work) => ethashWork(work).parts['more:ethash-plain'] === undefined,
};
