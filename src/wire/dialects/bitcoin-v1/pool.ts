import { difficultyOfTarget, targetOfCompact } from '../../../domain/difficulty.ts';
import type { BitcoinWork } from '../../../domain/job.ts';
import { hex32, isHex, isHexOf, parseHex32 } from '../../../kit/hex.ts';
import {
  bitcoinWork,
  type LoginCall,
  type LoginOutcome,
  type PoolDialect,
  type PoolShare,
} from '../../dialect.ts';
import { clip, type JsonObject, jsonNumber, jsonText, parseObject, quote, rawId } from '../../json.ts';
import type { PoolEvent, PoolRefusal, PoolSubscription } from '../../messages.ts';
import { readReconnect } from '../mining-methods/events.ts';
import { classifyRefusal } from './codes.ts';
import { bitcoinShare } from './share.ts';

const MAX_MESSAGE = 200;
const MAX_COINBASE_DIGITS = 60_000;
/** [quirk: ESP-Miner takes at most 32 branches; a block cannot need more.] */
const MAX_BRANCHES = 32;

/**
 * What a bitcoin-v1 pool says. Tolerant of every reply shape that is in the field (docs/protocols/bitcoin-v1.md, replies and errors);
 * a job that is not of the coinbase + branch form is a fault, since its extranonce cannot be placed.
 */
export function decodePool(line: string): PoolEvent {
  const message = parseObject(line);
  if (message === null)
    return { kind: 'fault', problem: 'the pool sent something that is not a JSON object' };
  const method = message['method'];
  if (typeof method !== 'string') return decodeReply(message);
  const params = message['params'];
  const list: readonly unknown[] = Array.isArray(params) ? params : [params];
  switch (method) {
    case 'mining.notify':
      return decodeJob(list);
    case 'mining.set_difficulty':
      return decodeDifficulty(list[0]);
    case 'mining.set_extranonce':
      return decodeExtranonce(list);
    case 'mining.set_version_mask': {
      const mask = typeof list[0] === 'string' ? parseHex32(list[0]) : null;
      return mask === null
        ? { kind: 'fault', problem: 'the pool sent an unreadable version mask' }
        : { kind: 'version-mask', mask };
    }
    case 'client.reconnect':
      return readReconnect(list);
    case 'mining.ping':
      return { kind: 'ping', id: rawId(message['id'], line) };
    case 'client.get_version':
      return { kind: 'get-version', id: rawId(message['id'], line) };
    case 'client.show_message':
      return {
        kind: 'message',
        id: rawId(message['id'], line),
        text: clip(typeof list[0] === 'string' ? list[0] : '', MAX_MESSAGE),
      };
    default:
      return { kind: 'notice', method: clip(method, 64) };
  }
}

function decodeReply(message: JsonObject): PoolEvent {
  const id = message['id'];
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) return { kind: 'notice', method: 'reply' };
  return { kind: 'reply', id, result: message['result'], refusal: readRefusal(message) };
}

/** null where the pool said yes: no error of any shape and a result that is neither false nor null nor missing. */
function readRefusal(message: JsonObject): PoolRefusal | null {
  const error = message['error'];
  const result = message['result'];
  const isError = !isEmpty(error);
  if (!isError && result !== false && result !== null && result !== undefined) return null;
  if (isError && Array.isArray(error)) {
    const [code, text] = error as readonly unknown[];
    return { code: readCode(code), message: readText(text ?? code) };
  }
  if (isError && typeof error === 'object' && error !== null) {
    const { code, message: text } = error as { code?: unknown; message?: unknown };
    return { code: readCode(code), message: readText(text) };
  }
  if (typeof error === 'string' && error !== '') return { code: null, message: readText(error) };
  // [quirk: ckpool writes result false, error null and its words beside them]
  return { code: null, message: readText(message['reject-reason']) };
}

/** "No error" in each of its spellings: absent, null or empty. */
function isEmpty(error: unknown): boolean {
  if (Array.isArray(error)) return error.length === 0;
  return error === undefined || error === null || error === false || error === '';
}

function readCode(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

function readText(value: unknown): string {
  return typeof value === 'string' && value !== '' ? clip(value, MAX_MESSAGE) : 'Rejected by the pool';
}

function decodeJob(params: readonly unknown[]): PoolEvent {
  const [poolJobId, prevHash, coinb1, coinb2, branch, version, nbits, ntime, clean] = params;
  const versionNumber = typeof version === 'string' ? parseHex32(version) : null;
  const ntimeNumber = typeof ntime === 'string' ? parseHex32(ntime) : null;
  if (
    (typeof poolJobId !== 'string' && typeof poolJobId !== 'number') ||
    typeof prevHash !== 'string' ||
    !isHexOf(prevHash, 32) ||
    !isEvenHex(coinb1) ||
    !isEvenHex(coinb2) ||
    !Array.isArray(branch) ||
    branch.length > MAX_BRANCHES ||
    !branch.every((hash) => typeof hash === 'string' && isHexOf(hash, 32)) ||
    versionNumber === null ||
    typeof nbits !== 'string' ||
    !isHexOf(nbits, 4) ||
    ntimeNumber === null
  ) {
    return { kind: 'fault', problem: 'the pool sent a job that is not of the bitcoin-v1 form' };
  }
  const work: BitcoinWork = {
    family: 'bitcoin',
    poolJobId: String(poolJobId),
    prevHash,
    coinb1,
    coinb2,
    branch: branch as readonly string[],
    version: versionNumber,
    nbits,
    ntime: ntimeNumber,
    clean: clean === true || clean === 1,
  };
  return { kind: 'job', work };
}

function isEvenHex(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length % 2 === 0 && value.length <= MAX_COINBASE_DIGITS && isHex(value)
  );
}

/** [quirk: some pools write the number as a string] */
function decodeDifficulty(value: unknown): PoolEvent {
  const difficulty = typeof value === 'string' ? Number(value) : value;
  return typeof difficulty === 'number' && Number.isFinite(difficulty) && difficulty > 0
    ? { kind: 'difficulty', difficulty }
    : { kind: 'fault', problem: 'the pool sent a difficulty that is not a positive number' };
}

function decodeExtranonce(params: readonly unknown[]): PoolEvent {
  const geometry = readGeometry(params[0], params[1]);
  return geometry === null
    ? { kind: 'fault', problem: 'the pool sent an unreadable extranonce' }
    : { kind: 'extranonce', ...geometry };
}

function readGeometry(
  extranonce1: unknown,
  size: unknown,
): { extranonce1: string; extranonce2Bytes: number } | null {
  if (typeof extranonce1 !== 'string' || extranonce1.length > 32 || extranonce1.length % 2 !== 0) return null;
  if (!isHex(extranonce1)) return null;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > 16) return null;
  return { extranonce1, extranonce2Bytes: size };
}

/** [quirk: some pools give one pair instead of a list of pairs, or an empty list] */
function readSubscription(result: unknown): PoolSubscription | null {
  if (!Array.isArray(result)) return null;
  const [names, extranonce1, size] = result as readonly unknown[];
  const geometry = readGeometry(extranonce1, size);
  return geometry === null ? null : { ...geometry, sessionId: readSessionId(names) };
}

function readSessionId(names: unknown): string | null {
  if (!Array.isArray(names)) return null;
  const list = names as readonly unknown[];
  const pairs = typeof list[0] === 'string' ? [list] : list;
  for (const pair of pairs) {
    if (!Array.isArray(pair)) continue;
    const [name, id] = pair as readonly unknown[];
    if (name === 'mining.notify' && typeof id === 'string' && id !== '') return clip(id, 128);
  }
  return null;
}

function readVersionMask(result: unknown): number {
  if (typeof result !== 'object' || result === null) return 0;
  const { 'version-rolling': granted, 'version-rolling.mask': mask } = result as JsonObject;
  return granted === true && typeof mask === 'string' ? (parseHex32(mask) ?? 0) : 0;
}

const authorize = (id: number, user: string, password: string): string =>
  `{"id":${id},"method":"mining.authorize","params":[${jsonText(user)},${jsonText(password)}]}\n`;

const LOGIN: readonly LoginCall[] = [
  {
    name: 'configure',
    isOptional: true,
    isDispensable: true,
    // [quirk: ViaBTC does not answer when more than version-rolling is asked for]
    write: (id, { versionMask }) =>
      versionMask === 0
        ? null
        : `{"id":${id},"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"${hex32(versionMask)}","version-rolling.min-bit-count":2}]}\n`,
    read: (result, refusal) => ({
      kind: 'taken',
      versionMask: refusal === null ? readVersionMask(result) : 0,
    }),
  },
  {
    name: 'subscribe',
    isOptional: false,
    write: (id, { agent, sessionId, isPlain }) => {
      const resumed = sessionId === null ? '' : `,${jsonText(sessionId)}`;
      return `{"id":${id},"method":"mining.subscribe","params":[${isPlain ? '' : jsonText(agent) + resumed}]}\n`;
    },
    read(result, refusal): LoginOutcome {
      const subscription = refusal === null ? readSubscription(result) : null;
      // [quirk: some pools refuse a subscribe with parameters; cgminer and cpuminer retry without]
      return subscription === null
        ? { kind: 'unusable', problem: refusal?.message ?? 'unreadable answer to subscribe' }
        : { kind: 'taken', subscription };
    },
  },
  {
    name: 'authorize',
    isOptional: false,
    identifies: true,
    write: (id, { user, password }) => authorize(id, user, password),
    read: (result, refusal) =>
      refusal === null && result === true
        ? { kind: 'taken' }
        : { kind: 'refused', refusal: refusal ?? { code: null, message: 'the login was refused' } },
  },
];

/**
 * Blocks of this difficulty ten minutes apart take 7 EH/s. Of all that is mined over an 80-byte header only the networks of sha256d have ever had so much: Bitcoin more than a hundred
 * times that, the largest of scrypt and of x11 less than a hundredth.
 */
const BEYOND_OTHERS = 1e12;

function isBeyondOthers(nbits: string): boolean {
  const target = targetOfCompact(parseHex32(nbits) ?? 0);
  return (
    target !== null && difficultyOfTarget(target, 1) >= BEYOND_OTHERS && target.some((byte) => byte !== 0)
  );
}

/** What we say to a bitcoin-v1 pool. */
export const bitcoinPool: PoolDialect = {
  decode: decodePool,
  login: LOGIN,
  furtherName: authorize,
  keepalive: null,

  suggestDifficulty: (id, difficulty) =>
    `{"id":${id},"method":"mining.suggest_difficulty","params":[${jsonNumber(difficulty)}]}\n`,

  submit: (id, share: PoolShare) => {
    const { user, poolJobId, extranonce2, ntime, nonce, versionBits } = bitcoinShare(share);
    return `{"id":${id},"method":"mining.submit","params":[${quote(user)},${quote(poolJobId)},"${extranonce2}","${ntime}","${nonce}"${versionBits === null ? '' : `,"${versionBits}"`}]}\n`;
  },

  pong: (id) => `{"id":${id},"result":"pong","error":null}\n`,
  version: (id, agent) => `{"id":${id},"result":${jsonText(agent)},"error":null}\n`,
  acknowledge: (id) => `{"id":${id},"result":true,"error":null}\n`,

  isYes: (result) => result === true,
  classify: ({ code, message }) => classifyRefusal(code, message),
  impliedAlgorithm: (work) => (isBeyondOthers(bitcoinWork(work).nbits) ? 'sha256d' : null),
};
