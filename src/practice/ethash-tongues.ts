import { parseDifficulty, targetOfDifficulty } from '../domain/difficulty.ts';
import type { PracticeFlavour } from './ethash-proof.ts';
import type { LinkMessage } from './request-link.ts';

/** A job as a miner understood it; hex in lower case without `0x`. */
export interface EthashTask {
  /** How it is named in submits. */
  readonly key: string;
  readonly header: string;
  /** Null in 2.0.0. */
  readonly seed: string | null;
  /** Null but in 2.0.0. */
  readonly epoch: number | null;
  readonly height: number | null;
  readonly clean: boolean;
  /** 64 digits, big-endian. */
  readonly target: string;
  /** What the nonces begin with. */
  readonly prefix: string;
}

/** What a session has been told so far. */
export interface EthashState {
  target: string | null;
  prefix: string | null;
  epoch: number | null;
  worker: string;
}

/** The login as a miner of one flavour does it, and how it understands and answers. */
export interface EthashTongue {
  /** The first message, under id 1. */
  first(given: Identity): LinkMessage;
  /** What is wrong with the answer to it; null where the flavour is spoken. */
  greeted(answer: LinkMessage, state: EthashState): string | null;
  /** The messages after it, each sent when the one before was answered. */
  rest(given: Identity): readonly ({ readonly id: number } & LinkMessage)[];
  /** What is wrong with an answer to one of those; null where nothing is. */
  answered(id: number, answer: LinkMessage, state: EthashState): string | null;
  /** A message that nobody asked for, or the answer to `eth_getWork`: a job, nothing (null), or what is wrong with it in words. */
  read(message: LinkMessage, state: EthashState): EthashTask | string | null;
  submit(share: Share, given: Identity, state: EthashState): LinkMessage;
}

export interface Identity {
  readonly user: string;
  readonly rig: string;
  readonly password: string;
  readonly agent: string;
  readonly host: string;
  readonly port: number;
}

export interface Share {
  readonly task: EthashTask;
  /** 16 digits. */
  readonly nonce: string;
  readonly mix: string;
  /** Submit all digits where the flavour wants those behind the prefix. */
  readonly isWhole: boolean;
}

const PREFIXED = /^0x[0-9a-f]{64}$/;
const PLAIN = /^[0-9a-f]{64}$/;
const NUMBER = /^(?:0|[1-9a-f][0-9a-f]*)$/;
const PREFIX = /^(?:[0-9a-f]{2}){0,3}$/;
const PROTOCOL_1 = 'EthereumStratum/1.0.0';
const PROTOCOL_2 = 'EthereumStratum/2.0.0';

const isPrefixed = (value: unknown): value is string => typeof value === 'string' && PREFIXED.test(value);
const isPlain = (value: unknown): value is string => typeof value === 'string' && PLAIN.test(value);
const isNumber = (value: unknown): value is string => typeof value === 'string' && NUMBER.test(value);

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function wordsOf(message: LinkMessage): string {
  return JSON.stringify(message).slice(0, 160);
}

const fullName = ({ user, rig }: Identity): string => (rig === '' ? user : `${user}.${rig}`);
const worker = ({ rig }: Identity): object => (rig === '' ? {} : { worker: rig });

function saysTrue(answer: LinkMessage): string | null {
  return answer['result'] === true ? null : `not true: ${wordsOf(answer)}`;
}

const ethProxy: EthashTongue = {
  first: (given) => ({
    method: 'eth_submitLogin',
    ...worker(given),
    params: [given.user, given.password],
  }),
  greeted: saysTrue,
  rest: () => [{ id: 5, method: 'eth_getWork', params: [] }],
  answered: () => null,

  read(message) {
    const { jsonrpc, result } = message;
    if (!Array.isArray(result)) return `not a job: ${wordsOf(message)}`;
    const [header, seed, target, height] = result as readonly unknown[];
    const isHeight =
      height === undefined || (typeof height === 'string' && /^0x[1-9a-f][0-9a-f]*$/.test(height));
    if (jsonrpc !== '2.0' || !isPrefixed(header) || !isPrefixed(seed) || !isPrefixed(target) || !isHeight) {
      return `a job of another form: ${wordsOf(message)}`;
    }
    return {
      key: header.slice(2),
      header: header.slice(2),
      seed: seed.slice(2),
      epoch: null,
      height: height === undefined ? null : Number(height),
      clean: true,
      target: target.slice(2),
      prefix: '',
    };
  },

  submit: ({ task, nonce, mix }, given) => ({
    method: 'eth_submitWork',
    ...worker(given),
    params: [`0x${nonce}`, `0x${task.header}`, `0x${mix}`],
  }),
};

const plain: EthashTongue = {
  first: () => ({ jsonrpc: '2.0', method: 'mining.subscribe', params: [] }),
  greeted: (answer) => ('result' in answer ? null : `no result: ${wordsOf(answer)}`),
  rest: (given) => [
    { id: 3, jsonrpc: '2.0', method: 'mining.authorize', params: [fullName(given), given.password] },
  ],
  answered: (_id, answer) => saysTrue(answer),

  read(message) {
    const { id, jsonrpc, method, params } = message;
    if (method !== 'mining.notify') return `unknown: ${wordsOf(message)}`;
    const [key, header, seed, target, clean] = listOf(params);
    if (
      id !== null ||
      jsonrpc !== '2.0' ||
      typeof key !== 'string' ||
      !isPlain(header) ||
      !isPlain(seed) ||
      !isPlain(target) ||
      typeof clean !== 'boolean'
    ) {
      return `a job of another form: ${wordsOf(message)}`;
    }
    return { key, header, seed, epoch: null, height: null, clean, target, prefix: '' };
  },

  submit: ({ task, nonce, mix }, given) => ({
    jsonrpc: '2.0',
    method: 'mining.submit',
    params: [fullName(given), task.key, `0x${nonce}`, `0x${task.header}`, `0x${mix}`],
    ...worker(given),
  }),
};

function digitsOf({ task, nonce, isWhole }: Share): string {
  return isWhole ? nonce : nonce.slice(task.prefix.length);
}

const stratum1: EthashTongue = {
  first: ({ agent }) => ({ method: 'mining.subscribe', params: [agent, PROTOCOL_1] }),

  greeted(answer, state) {
    const { result } = answer;
    const [names, prefix] = listOf(result);
    // [ethereum-mining/ethminer takes no other shape]
    if (listOf(result).length !== 2 || listOf(names).length !== 3 || listOf(names)[2] !== PROTOCOL_1) {
      return `not ${PROTOCOL_1}: ${wordsOf(answer)}`;
    }
    if (typeof prefix !== 'string' || !PREFIX.test(prefix)) return `not a prefix: ${wordsOf(answer)}`;
    state.prefix = prefix;
    return null;
  },

  rest: (given) => [
    { id: 2, method: 'mining.extranonce.subscribe', params: [] },
    { id: 3, method: 'mining.authorize', params: [fullName(given), given.password] },
  ],
  answered: (id, answer) => (id === 2 ? null : saysTrue(answer)),

  read(message, state) {
    const { id, method } = message;
    const params = listOf(message['params']);
    if (id !== null || 'jsonrpc' in message) return `a notification of another form: ${wordsOf(message)}`;
    if (method === 'mining.set_difficulty') {
      const difficulty = typeof params[0] === 'number' ? parseDifficulty(params[0]) : null;
      if (difficulty === null) return `not a difficulty: ${wordsOf(message)}`;
      state.target = Buffer.from(targetOfDifficulty(difficulty, 1)).toString('hex');
      return null;
    }
    if (method === 'mining.set_extranonce') {
      const [prefix] = params;
      if (params.length !== 1 || typeof prefix !== 'string' || !PREFIX.test(prefix)) {
        return `not a prefix: ${wordsOf(message)}`;
      }
      state.prefix = prefix;
      return null;
    }
    if (method !== 'mining.notify') return `unknown: ${wordsOf(message)}`;
    const [key, seed, header, clean] = params;
    if (typeof key !== 'string' || !isPlain(seed) || !isPlain(header) || typeof clean !== 'boolean') {
      return `a job of another form: ${wordsOf(message)}`;
    }
    if (state.target === null) return 'a job before any difficulty';
    const { target } = state;
    return { key, header, seed, epoch: null, height: null, clean, target, prefix: state.prefix ?? '' };
  },

  submit: (share, given) => ({
    method: 'mining.submit',
    params: [fullName(given), share.task.key, digitsOf(share)],
  }),
};

const stratum2: EthashTongue = {
  first: ({ agent, host, port }) => ({
    method: 'mining.hello',
    params: { agent, host, port: port.toString(16), proto: PROTOCOL_2 },
  }),

  greeted(answer) {
    const result = answer['result'];
    if (typeof result !== 'object' || result === null) return `no hello: ${wordsOf(answer)}`;
    const said = result as LinkMessage;
    for (const name of ['proto', 'encoding', 'resume', 'timeout', 'maxerrors', 'node'])
      if (typeof said[name] !== 'string') return `hello without ${name}: ${wordsOf(answer)}`;
    return said['proto'] === PROTOCOL_2 && said['encoding'] === 'plain' ? null : `not ${PROTOCOL_2}`;
  },

  rest: (given) => [
    { id: 2, method: 'mining.subscribe' },
    { id: 3, method: 'mining.authorize', params: [fullName(given), given.password] },
  ],

  answered(id, answer, state) {
    const { result } = answer;
    if (typeof result !== 'string' || result === '' || 'jsonrpc' in answer)
      return `no name: ${wordsOf(answer)}`;
    if (id === 3) state.worker = result;
    return null;
  },

  read(message, state) {
    const { method, params } = message;
    if ('id' in message || 'jsonrpc' in message) return `a notification of another form: ${wordsOf(message)}`;
    if (method === 'mining.set') return readSet(message, state);
    if (method !== 'mining.notify') return `unknown: ${wordsOf(message)}`;
    const [key, height, header, clean] = listOf(params);
    if (
      listOf(params).length !== 4 ||
      typeof key !== 'string' ||
      !isNumber(height) ||
      !isPlain(header) ||
      (clean !== '0' && clean !== '1')
    ) {
      return `a job of another form: ${wordsOf(message)}`;
    }
    const { target, prefix, epoch } = state;
    if (target === null || prefix === null || epoch === null) {
      return 'a job before epoch, target and extranonce were set';
    }
    return {
      key,
      header,
      seed: null,
      epoch,
      height: Number.parseInt(height, 16),
      clean: clean === '1',
      target,
      prefix,
    };
  },

  submit: (share, _given, state) => ({
    method: 'mining.submit',
    params: [share.task.key, digitsOf(share), state.worker],
  }),
};

function readSet(message: LinkMessage, state: EthashState): string | null {
  const { params } = message;
  if (typeof params !== 'object' || params === null || Object.keys(params).length === 0) {
    return `nothing is set: ${wordsOf(message)}`;
  }
  const { epoch, target, extranonce, algo } = params as LinkMessage;
  const isGood =
    (epoch === undefined || isNumber(epoch)) &&
    (target === undefined || (typeof target === 'string' && /^[0-9a-f]{1,64}$/.test(target))) &&
    (extranonce === undefined || (typeof extranonce === 'string' && PREFIX.test(extranonce))) &&
    (algo === undefined || algo === 'ethash');
  if (!isGood) return `unreadable: ${wordsOf(message)}`;
  if (typeof epoch === 'string') state.epoch = Number.parseInt(epoch, 16);
  if (typeof target === 'string') state.target = target.padStart(64, '0');
  if (typeof extranonce === 'string') state.prefix = extranonce;
  return null;
}

export const ETHASH_TONGUES: Readonly<Record<PracticeFlavour, EthashTongue>> = {
  ethproxy: ethProxy,
  'ethash-plain': plain,
  'ethereum-stratum': stratum1,
  eip1571: stratum2,
};
