import { parseDifficulty } from '../../../domain/difficulty.ts';
import type { LoginCall, LoginOutcome, PoolDialect } from '../../dialect.ts';
import { clip, jsonText, quote } from '../../json.ts';
import type { PoolEvent } from '../../messages.ts';
import { readAuthorized } from '../ethash/authorized.ts';
import { classifyRefusal } from '../ethash/codes.ts';
import { decodeReply, readPrefix } from '../ethash/events.ts';
import { ethashShare, part, partsOf, readHash, readHeight, readMore, readTarget } from '../ethash/parts.ts';
import { fault, notice, readSay } from '../mining-methods/events.ts';

/** What an EthereumStratum/1.0.0 pool says. */
export function decodePool(line: string): PoolEvent {
  const read = readSay(line);
  if ('other' in read) return read.other;
  if ('reply' in read) return decodeReply(read.reply);
  const { method, message, params } = read.say;
  switch (method) {
    case 'mining.notify':
      return decodeJob(params, message['height']);
    case 'mining.set_difficulty': {
      const difficulty = parseDifficulty(params[0]);
      return difficulty === null
        ? fault('a difficulty that is not a positive number')
        : { kind: 'difficulty', difficulty };
    }
    case 'mining.set_extranonce': {
      const prefix = readPrefix(params[0]);
      return prefix === null ? fault('an unusable extranonce') : { kind: 'extranonce', ...prefix };
    }
    default:
      return notice(method);
  }
}

/**
 * Job id, seed hash, header, clean; the order of the two hashes is the other one in the plain dialect.
 * [quirk: some pools append the height, or have it beside the parameters; btccom/btcagent StratumJobETH.go]
 */
function decodeJob(params: readonly unknown[], blockHeight: unknown): PoolEvent {
  const [poolJobId, seedText, headerText, clean, fifth] = params;
  const seed = readHash(seedText);
  const header = readHash(headerText);
  if ((typeof poolJobId !== 'string' && typeof poolJobId !== 'number') || seed === null || header === null) {
    return fault('a job that is not job id, seed hash and header');
  }
  if (typeof clean === 'string' && clean.length > 16 && readTarget(clean) !== null) {
    return fault('a job with a target: its dialect is ethash-plain, not ethereum-stratum');
  }
  const height = readHeight(blockHeight) ?? readHeight(fifth);
  return {
    kind: 'job',
    work: {
      family: 'ethash',
      poolJobId: String(poolJobId),
      block: height ?? header,
      clean: clean === true || clean === 1,
      target: null,
      algorithm: null,
      parts: partsOf({ header, seed, height, 'more:ethereum-stratum': readMore(params.slice(4)) }),
    },
  };
}

function readSubscribed(result: unknown): LoginOutcome {
  const [names, extranonce1] = Array.isArray(result) ? (result as readonly unknown[]) : [];
  const prefix = Array.isArray(result) ? readPrefix(extranonce1) : null;
  if (prefix === null) return { kind: 'unusable', problem: 'unreadable answer to subscribe' };
  const sessionId: unknown = Array.isArray(names) ? names[1] : null;
  return {
    kind: 'taken',
    subscription: {
      ...prefix,
      sessionId: typeof sessionId === 'string' && sessionId !== '' ? clip(sessionId, 128) : null,
    },
  };
}

const LOGIN: readonly LoginCall[] = [
  {
    name: 'subscribe',
    isOptional: false,
    write: (id, { agent }) =>
      `{"id":${id},"method":"mining.subscribe","params":[${jsonText(agent)},"EthereumStratum/1.0.0"]}\n`,
    read: (result, refusal) =>
      refusal === null ? readSubscribed(result) : { kind: 'unusable', problem: refusal.message },
  },
  {
    // Our miners' prefix can follow, or they are asked to come again.
    name: 'extranonce.subscribe',
    isOptional: true,
    isDispensable: true,
    write: (id) => `{"id":${id},"method":"mining.extranonce.subscribe","params":[]}\n`,
    read: () => ({ kind: 'taken' }),
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
  `{"id":${id},"method":"mining.authorize","params":[${jsonText(user)},${jsonText(password)}]}\n`;

/** What we say to an EthereumStratum/1.0.0 pool. */
export const ethereumStratumPool: PoolDialect = {
  decode: decodePool,
  login: LOGIN,
  furtherName: authorize,
  suggestDifficulty: null,
  keepalive: null,

  submit(id, share, { extranonce1 }) {
    const { user, poolJobId, parts } = ethashShare(share);
    return `{"id":${id},"method":"mining.submit","params":[${quote(user)},${quote(poolJobId)},"${part(parts, 'nonce').slice(extranonce1.length)}"]}\n`;
  },

  pong: (id) => `{"id":${id},"result":"pong","error":null}\n`,
  version: (id, agent) => `{"id":${id},"result":${jsonText(agent)},"error":null}\n`,
  acknowledge: (id) => `{"id":${id},"result":true,"error":null}\n`,
  isYes: (result) => result === true,
  classify: classifyRefusal,
};
