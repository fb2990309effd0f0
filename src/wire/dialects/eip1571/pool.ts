import type { LoginCall, LoginOutcome, PoolDialect } from '../../dialect.ts';
import { clip, type JsonObject, jsonText, quote } from '../../json.ts';
import type { PoolEvent, PoolRefusal } from '../../messages.ts';
import { decodeReply, readPrefix } from '../ethash/events.ts';
import {
  ethashShare,
  ethashWork,
  part,
  partsOf,
  readHash,
  readHexNumber,
  readMore,
  readTarget,
} from '../ethash/parts.ts';
import { fault, notice, readSay, reconnect } from '../mining-methods/events.ts';
import { classifyRefusal, isRemark, STALE } from './codes.ts';

const PROTOCOL = 'EthereumStratum/2.0.0';
const MAX_NAME = 128;

/** What an EthereumStratum/2.0.0 pool says. */
export function decodePool(line: string): PoolEvent {
  const read = readSay(line);
  if ('other' in read) return read.other;
  if ('reply' in read) return decodeAnswer(read.reply);
  const { method, message, params } = read.say;
  switch (method) {
    case 'mining.notify':
      return decodeJob(params);
    case 'mining.set':
      return decodeSet(asObject(message['params']));
    case 'mining.reconnect': {
      const { host, port } = asObject(message['params']);
      const number = readHexNumber(port);
      return reconnect(host, number === null ? null : Number.parseInt(number, 16), 0);
    }
    case 'mining.bye':
      return reconnect(null, null, 0);
    default:
      return notice(method);
  }
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** [EIP-1571] An error of 2xx is a remark on something that was taken; of a stale share it is kept, see {@link STALE}. */
function decodeAnswer(message: JsonObject): PoolEvent {
  const reply = decodeReply(message);
  if (reply.kind !== 'reply' || reply.refusal === null) return reply;
  return isRemark(reply.refusal) && reply.refusal.code !== STALE ? { ...reply, refusal: null } : reply;
}

/** Job id, height, header, clean. */
function decodeJob(params: readonly unknown[]): PoolEvent {
  const [poolJobId, heightText, headerText, clean] = params;
  const height = readHexNumber(heightText);
  // [ethereum-mining/ethminer EthStratumClient.cpp fills it up as well]
  const header = readHash(
    typeof headerText === 'string' ? headerText.replace(/^0x/i, '').padStart(64, '0') : null,
  );
  if ((typeof poolJobId !== 'string' && typeof poolJobId !== 'number') || header === null) {
    return fault('a job that is not job id, height, header and clean');
  }
  return {
    kind: 'job',
    work: {
      family: 'ethash',
      poolJobId: String(poolJobId),
      block: height ?? header,
      clean: clean === '1' || clean === true || clean === 1,
      target: null,
      algorithm: null,
      parts: partsOf({ header, height, 'more:eip1571': readMore(params.slice(4)) }),
    },
  };
}

/** What holds from the next job on; only what has changed is there. */
function decodeSet(params: JsonObject): PoolEvent {
  const events: PoolEvent[] = [];
  const { epoch, algo, target, extranonce } = params;
  const epochNumber = epoch === undefined ? null : readHexNumber(epoch);
  if (epoch !== undefined && epochNumber === null) return fault('an unreadable epoch');
  const algorithm = typeof algo === 'string' && algo !== '' ? clip(algo, 64) : null;
  if (epochNumber !== null || algorithm !== null) {
    events.push({ kind: 'standing', standing: { parts: partsOf({ epoch: epochNumber }), algorithm } });
  }
  if (target !== undefined) {
    const read = readTarget(target);
    if (read === null) return fault('an unreadable target');
    events.push({ kind: 'target', target: read });
  }
  if (extranonce !== undefined) {
    const prefix = readPrefix(extranonce);
    if (prefix === null) return fault('an unusable extranonce');
    events.push({ kind: 'extranonce', ...prefix });
  }
  const [only] = events;
  return events.length === 1 && only !== undefined ? only : { kind: 'several', events };
}

function readHello(result: unknown, refusal: PoolRefusal | null): LoginOutcome {
  if (refusal !== null) return { kind: 'unusable', problem: refusal.message };
  const { proto, encoding } = asObject(result);
  if (proto !== PROTOCOL) return { kind: 'unusable', problem: `the pool does not speak ${PROTOCOL}` };
  return encoding === undefined || encoding === 'plain'
    ? { kind: 'taken' }
    : { kind: 'unusable', problem: 'the pool wants its messages compressed, which is not supported' };
}

function readSubscribed(result: unknown, refusal: PoolRefusal | null): LoginOutcome {
  if (refusal !== null) return { kind: 'unusable', problem: refusal.message };
  return {
    kind: 'taken',
    subscription: {
      sessionId: typeof result === 'string' && result !== '' ? clip(result, MAX_NAME) : null,
      // Until `mining.set` says otherwise, which it does before the first job.
      extranonce1: '',
      extranonce2Bytes: 8,
    },
  };
}

function readAuthorized(result: unknown, refusal: PoolRefusal | null): LoginOutcome {
  if (refusal !== null && !isRemark(refusal)) return { kind: 'refused', refusal };
  return typeof result === 'string' && result.length <= MAX_NAME
    ? { kind: 'taken', worker: result }
    : { kind: 'taken' };
}

const LOGIN: readonly LoginCall[] = [
  {
    name: 'hello',
    isOptional: false,
    write: (id, { agent, host, port }) =>
      `{"id":${id},"method":"mining.hello","params":{"agent":${jsonText(agent)},"host":${jsonText(host)},"port":"${port.toString(16)}","proto":"${PROTOCOL}"}}\n`,
    read: readHello,
  },
  {
    // Never with the last session's id: what `mining.set` said in it is gone with the connection, and a resumed session may leave it out.
    name: 'subscribe',
    isOptional: false,
    write: (id) => `{"id":${id},"method":"mining.subscribe"}\n`,
    read: readSubscribed,
  },
  {
    name: 'authorize',
    isOptional: false,
    identifies: true,
    write: (id, { user, password }) =>
      `{"id":${id},"method":"mining.authorize","params":[${jsonText(user)},${jsonText(password)}]}\n`,
    read: readAuthorized,
  },
];

/** What we say to an EthereumStratum/2.0.0 pool. */
export const eip1571Pool: PoolDialect = {
  mostId: 65_535,
  decode: decodePool,
  login: LOGIN,
  furtherName: null,
  suggestDifficulty: null,
  /** [EIP-1571] What a client says that would else be taken for dead. */
  keepalive: (id) => `{"id":${id},"method":"mining.noop"}\n`,

  submit(id, share, { extranonce1, worker }) {
    const { user, poolJobId, parts } = ethashShare(share);
    return `{"id":${id},"method":"mining.submit","params":[${quote(poolJobId)},"${part(parts, 'nonce').slice(extranonce1.length)}",${quote(worker ?? user)}]}\n`;
  },

  pong: (id) => `{"id":${id}}\n`,
  version: (id, agent) => `{"id":${id},"result":${jsonText(agent)}}\n`,
  acknowledge: (id) => `{"id":${id}}\n`,
  isYes: (result) => result !== false,
  classify: classifyRefusal,
  /** An EthereumStratum/1.0.0 job has a hash where this has the height, one of the Zcash stratum goes on behind the fourth element. */
  isOwnJob(work) {
    const { parts } = ethashWork(work);
    return parts['height'] !== undefined && parts['more:eip1571'] === undefined;
  },
  namedAlgorithm: (work) => ethashWork(work).algorithm?.toLowerCase() ?? null,
};
