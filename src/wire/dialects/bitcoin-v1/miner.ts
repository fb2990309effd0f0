import { hex32, isHex, parseHex32 } from '../../../kit/hex.ts';
import {
  bitcoinWork,
  type ConfigureResult,
  type JobView,
  type MinerDialect,
  type Refusal,
} from '../../dialect.ts';
import { clip, type JsonObject, jsonNumber, jsonText, parseObject, rawId } from '../../json.ts';
import type { MinerRequest, RequestId } from '../../messages.ts';
import { REFUSAL_CODES } from './codes.ts';
import { assembleShare } from './share.ts';

const MAX_AGENT = 256;
const MAX_USER = 512;
const MAX_ID = 256;
const MAX_EXTENSIONS = 16;

/**
 * What a bitcoin-v1 miner says (docs/protocols/bitcoin-v1.md). Every order of methods is accepted; ids keep their JSON text.
 * A line that is no JSON object is a fault; a known method with unusable parameters is `malformed`, which keeps the connection.
 */
export function decodeMiner(line: string): MinerRequest {
  const message = parseObject(line);
  if (message === null) return { kind: 'fault', problem: 'not a JSON object' };
  const id = rawId(message['id'], line);
  // An id is kept until its answer may go out, which a miner could use to fill our memory.
  if (id.length > MAX_ID) return { kind: 'fault', problem: `the id is longer than ${MAX_ID} characters` };
  const method = message['method'];
  const isReply = 'result' in message || 'error' in message;
  if ((method === undefined || method === null) && isReply) return { kind: 'reply', id };
  if (typeof method !== 'string') return { kind: 'malformed', id, method: '', problem: 'method is missing' };
  const params = message['params'];
  const list: readonly unknown[] = Array.isArray(params) ? params : [];
  switch (method) {
    case 'mining.submit':
      return decodeSubmit(id, params);
    case 'mining.subscribe':
      return decodeSubscribe(id, list);
    case 'mining.authorize':
      return decodeAuthorize(id, list);
    case 'mining.configure':
      return decodeConfigure(id, list);
    case 'mining.extranonce.subscribe':
    case 'mining.subscribe.extranonce': // [quirk: the misspelling was once documented, slush0/stratum-mining-proxy#71]
      return { kind: 'extranonce-subscribe', id };
    case 'mining.suggest_difficulty':
      return decodeSuggestDifficulty(id, list[0]);
    case 'mining.suggest_target':
      return typeof list[0] === 'string' && isHex(list[0]) && list[0].length > 0 && list[0].length <= 64
        ? { kind: 'suggest-target', id, target: list[0] }
        : { kind: 'malformed', id, method, problem: 'the target must be up to 64 hex digits' };
    case 'mining.multi_version':
      return { kind: 'multi-version', id };
    case 'mining.get_transactions':
      return { kind: 'get-transactions', id };
    case 'mining.capabilities':
      return { kind: 'capabilities', id };
    case 'mining.ping':
      return { kind: 'ping', id };
    case 'pong': // [quirk: ESP-Miner answers a ping with this method]
      return { kind: 'reply', id };
    default:
      // [quirk: ckpool also takes the number inside the method name, mining.suggest_difficulty(512)]
      if (method.startsWith('mining.suggest_difficulty(')) {
        const text = method.slice('mining.suggest_difficulty('.length);
        return decodeSuggestDifficulty(id, text.endsWith(')') ? text.slice(0, -1) : text);
      }
      return { kind: 'unknown', id, method: clip(method, 64) };
  }
}

function decodeSubmit(id: RequestId, params: unknown): MinerRequest {
  const method = 'mining.submit';
  if (!Array.isArray(params) || params.length < 5) {
    return {
      kind: 'malformed',
      id,
      method,
      problem: 'submit needs worker, job id, extranonce2, ntime and nonce',
    };
  }
  const [user, jobId, extranonce2, ntime, nonce, bits] = params as readonly unknown[];
  if (typeof jobId !== 'string' || jobId.length > 128) {
    return { kind: 'malformed', id, method, problem: 'the job id must be a string' };
  }
  const trimmedExtranonce2 = typeof extranonce2 === 'string' ? extranonce2.trim() : null;
  if (trimmedExtranonce2 === null || !isHex(trimmedExtranonce2)) {
    return { kind: 'malformed', id, method, problem: 'extranonce2 must be hex' };
  }
  const ntimeText = readHex32(ntime);
  if (ntimeText === null) {
    return { kind: 'malformed', id, method, problem: 'ntime must be 8 hex digits' };
  }
  const nonceText = readHex32(nonce);
  if (nonceText === null) {
    return { kind: 'malformed', id, method, problem: 'the nonce must be 8 hex digits' };
  }
  let versionBits: number | null = null;
  if (bits !== undefined && bits !== null) {
    const text = readHex32(bits);
    if (text === null) {
      return { kind: 'malformed', id, method, problem: 'the version bits must be 8 hex digits' };
    }
    versionBits = Number.parseInt(text, 16);
  }
  return {
    kind: 'submit',
    family: 'bitcoin',
    id,
    user: typeof user === 'string' ? user.slice(0, MAX_USER) : '',
    jobId: jobId.trim(), // [quirk: trailing blanks]
    extranonce2: trimmedExtranonce2,
    ntime: ntimeText,
    nonce: nonceText,
    versionBits,
  };
}

const EIGHT_HEX = /^[0-9a-fA-F]{8}$/;

/** 8 hex digits. [quirk: NerdMiner omits leading zeros and may write 0x] */
function readHex32(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (EIGHT_HEX.test(value)) return value;
  const text = value.trim().replace(/^0x/i, '');
  return parseHex32(text) === null ? null : text.padStart(8, '0');
}

function decodeSubscribe(id: RequestId, params: readonly unknown[]): MinerRequest {
  const [agent, session] = params;
  return {
    kind: 'subscribe',
    id,
    agent: typeof agent === 'string' ? clip(agent, MAX_AGENT) : '',
    // [quirk: NiceHash puts a 13-digit millisecond time stamp here; it is no session id]
    sessionId:
      typeof session === 'string' && session.length > 0 && session.length <= 64 && !/^\d{13}$/.test(session)
        ? session
        : null,
  };
}

function decodeAuthorize(id: RequestId, params: readonly unknown[]): MinerRequest {
  const [user, password] = params;
  if (typeof user !== 'string') {
    return {
      kind: 'malformed',
      id,
      method: 'mining.authorize',
      problem: 'authorize needs the user name as a string',
    };
  }
  return {
    kind: 'authorize',
    id,
    user: clip(user, MAX_USER),
    password: typeof password === 'string' ? password.slice(0, MAX_USER) : '',
  };
}

/** [BIP310] The result carries only what was asked for, so the codes are kept in their order. */
function decodeConfigure(id: RequestId, params: readonly unknown[]): MinerRequest {
  const codes = Array.isArray(params[0]) ? (params[0] as readonly unknown[]) : [];
  const options: JsonObject =
    typeof params[1] === 'object' && params[1] !== null ? (params[1] as JsonObject) : {};
  const extensions = codes
    .filter((code): code is string => typeof code === 'string' && code.length <= 64)
    .slice(0, MAX_EXTENSIONS);
  const mask = options['version-rolling.mask'];
  const minimum = options['minimum-difficulty.value'];
  return {
    kind: 'configure',
    id,
    extensions,
    // [BIP310 version-rolling] default mask ffffffff; min-bit-count is ignored, some firmware writes nonsense there.
    versionMask: (typeof mask === 'string' ? parseHex32(mask.replace(/^0x/i, '')) : null) ?? 0xffffffff,
    minimumDifficulty:
      typeof minimum === 'number' && Number.isFinite(minimum) && minimum >= 0 ? minimum : null,
  };
}

/** [quirk: cpuminer-opt sends a string; NerdMiner repeats the request every 30 s] */
function decodeSuggestDifficulty(id: RequestId, value: unknown): MinerRequest {
  const difficulty = typeof value === 'string' ? Number(value) : value;
  return typeof difficulty === 'number' && Number.isFinite(difficulty) && difficulty > 0
    ? { kind: 'suggest-difficulty', id, difficulty }
    : {
        kind: 'malformed',
        id,
        method: 'mining.suggest_difficulty',
        problem: 'the difficulty must be a positive number',
      };
}

const yes = (id: RequestId): string => `{"id":${id},"result":true,"error":null}\n`;

/** What we say to a bitcoin-v1 miner. */
export const bitcoinMiner: MinerDialect = {
  nonces: { kind: 'coinbase' },
  ownJobIds: true,
  loginCarriesJob: false,
  repeatsJobs: true,
  decode: decodeMiner,
  jobId: (work) => work.poolJobId,
  assemble: assembleShare,

  yes,
  hello: yes,
  authorized: yes,
  currentJob: yes,

  refuse: (id, refusal: Refusal) =>
    `{"id":${id},"result":null,"error":[${refusal.code ?? REFUSAL_CODES[refusal.reason]},${jsonText(refusal.message)},null]}\n`,

  configured(id, result: ConfigureResult) {
    // [BIP310; quirk: Whatsminer M30S+ drops the connection over keys it did not ask for]
    const answers: string[] = [];
    for (const code of new Set(result.extensions)) {
      if (code === 'version-rolling') {
        answers.push(
          result.versionMask === 0
            ? '"version-rolling":false'
            : `"version-rolling":true,"version-rolling.mask":"${hex32(result.versionMask)}"`,
        );
      } else if (code === 'minimum-difficulty') {
        answers.push(`"minimum-difficulty":${result.minimumDifficulty}`);
      } else if (code === 'subscribe-extranonce') {
        answers.push(`"subscribe-extranonce":${result.subscribeExtranonce}`);
      } else {
        answers.push(`${jsonText(code)}:${code === 'info'}`);
      }
    }
    return `{"id":${id},"result":{${answers.join(',')}},"error":null}\n`;
  },

  subscribed: (id, { sessionId, extranonce1, extranonce2Bytes }) =>
    `{"id":${id},"result":[[["mining.set_difficulty","${sessionId}"],["mining.notify","${sessionId}"]],"${extranonce1}",${extranonce2Bytes}],"error":null}\n`,

  transactions: (id) => `{"id":${id},"result":[],"error":null}\n`,

  pong: (id) => `{"id":${id},"result":"pong","error":null}\n`,

  difficulty: ({ difficulty }) =>
    `{"id":null,"method":"mining.set_difficulty","params":[${jsonNumber(difficulty)}]}\n`,

  versionMask: (mask) => `{"id":null,"method":"mining.set_version_mask","params":["${hex32(mask)}"]}\n`,

  extranonce: (extranonce1, extranonce2Bytes) =>
    `{"id":null,"method":"mining.set_extranonce","params":["${extranonce1}",${extranonce2Bytes}]}\n`,

  message: (text) => `{"id":null,"method":"client.show_message","params":[${jsonText(clip(text, 400))}]}\n`,

  job({ jobId, work: any, coinb1Insert, ntime, clean }: JobView) {
    const work = bitcoinWork(any);
    const branch = work.branch.length === 0 ? '' : `"${work.branch.join('","')}"`;
    return `{"id":null,"method":"mining.notify","params":["${jobId}","${work.prevHash}","${work.coinb1}${coinb1Insert}","${work.coinb2}",[${branch}],"${hex32(work.version)}","${work.nbits}","${hex32(ntime)}",${clean}]}\n`;
  },
};
