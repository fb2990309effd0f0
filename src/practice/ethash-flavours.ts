import type { PracticeFlavour } from './ethash-proof.ts';
import type { EthashJob, EthashSession, SentWork } from './ethash-session.ts';
import { REFUSALS, type RefusalReason } from './refusal.ts';

/** A request as it came. */
export interface EthashRequest {
  /** JSON text. */
  readonly id: string;
  readonly method: string;
  readonly params: unknown;
  readonly message: Readonly<Record<string, unknown>>;
}

/** How one flavour is spoken by a pool. */
export interface EthashFlavour {
  /** The pool begins the nonce. */
  readonly hasPrefix: boolean;
  /** What is wrong with a message by its form alone; null where nothing is. */
  formFault(message: Readonly<Record<string, unknown>>): string | null;
  /** Answers a request of the flavour's own; false where it knows no such method. */
  onRequest(session: EthashSession, request: EthashRequest): boolean;
  success(id: string, result: string): string;
  refusal(id: string, reason: RefusalReason, text: string): string;
  /** The lines that bring a job to a client, `first` being its first one. */
  job(work: SentWork, session: EthashSession, first: boolean): string;
}

const PREFIXED_HASH = /^0x[0-9a-f]{64}$/;
const PREFIXED_NONCE = /^0x[0-9a-f]{16}$/;

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function line(message: object): string {
  return `${JSON.stringify(message)}\n`;
}

function jsonRpcFault({ jsonrpc }: Readonly<Record<string, unknown>>): string | null {
  return jsonrpc === '2.0' ? null : 'jsonrpc is not 2.0';
}

const jsonRpcSuccess = (id: string, result: string): string =>
  `{"id":${id},"jsonrpc":"2.0","result":${result}}\n`;

const jsonRpcRefusal = (id: string, reason: RefusalReason, text: string): string =>
  `{"id":${id},"jsonrpc":"2.0","error":{"code":${REFUSALS[reason].code},"message":${JSON.stringify(text)}}}\n`;

/** Header, nonce and mix hash in the one form that open-ethereum-pool matches. */
function wholeShare(
  nonce: unknown,
  header: unknown,
  mix: unknown,
): { readonly nonce: string; readonly header: string; readonly mix: string } | null {
  if (typeof nonce !== 'string' || !PREFIXED_NONCE.test(nonce)) return null;
  if (typeof header !== 'string' || !PREFIXED_HASH.test(header)) return null;
  if (typeof mix !== 'string' || !PREFIXED_HASH.test(mix)) return null;
  return { nonce: nonce.slice(2), header: header.slice(2), mix: mix.slice(2) };
}

function workText({ job, target }: SentWork, session: EthashSession): string {
  const bound = session.options.writesShortTargets ? target.replace(/^0+/, '') : target;
  return JSON.stringify([`0x${job.header}`, `0x${job.seed}`, `0x${bound}`, `0x${job.height.toString(16)}`]);
}

const ethProxy: EthashFlavour = {
  hasPrefix: false,
  formFault: () => null,
  success: jsonRpcSuccess,
  refusal: jsonRpcRefusal,
  job: (work, session) => (session.options.pushesJobs ? jsonRpcSuccess('0', workText(work, session)) : ''),

  onRequest(session, request) {
    const params = listOf(request.params);
    switch (request.method) {
      case 'eth_submitLogin': {
        const [login, password] = params;
        const rig = request.message['worker'];
        const worker = typeof rig === 'string' && /^[0-9a-zA-Z-_]{1,32}$/.test(rig) ? `.${rig}` : '';
        if (typeof login !== 'string' || !session.login(request, login + worker, password)) break;
        session.answer(request, 'true');
        session.begin();
        break;
      }
      case 'eth_getWork': {
        const work = session.isAuthorized ? session.currentWork() : null;
        if (work === null) session.refuse(request, 'unauthorized', 'Work not ready');
        else session.answer(request, workText(work, session));
        break;
      }
      case 'eth_submitWork': {
        const [nonce, header, mix] = params;
        const share = params.length === 3 ? wholeShare(nonce, header, mix) : null;
        const rig = request.message['worker'];
        session.submit(request, {
          user: session.userOfRig(rig),
          jobKey: share?.header ?? '',
          share,
        });
        break;
      }
      case 'eth_submitHashrate':
        session.answer(request, 'true');
        break;
      default:
        return false;
    }
    return true;
  },
};

const plain: EthashFlavour = {
  hasPrefix: false,
  formFault: jsonRpcFault,
  success: jsonRpcSuccess,
  refusal: jsonRpcRefusal,
  job: ({ job, target, clean }) =>
    line({
      id: null,
      jsonrpc: '2.0',
      method: 'mining.notify',
      params: [job.id, job.header, job.seed, target, clean],
    }),

  onRequest(session, request) {
    const params = listOf(request.params);
    switch (request.method) {
      case 'mining.subscribe':
        session.subscribe(params[0]);
        session.answer(request, 'true');
        break;
      case 'mining.authorize':
        onAuthorize(session, request, params);
        break;
      case 'mining.submit': {
        const [user, jobKey, nonce, header, mix] = params;
        const share = params.length === 5 ? wholeShare(nonce, header, mix) : null;
        session.submit(request, { user, jobKey, share });
        break;
      }
      case 'eth_submitHashrate':
        session.answer(request, 'true');
        break;
      default:
        return false;
    }
    return true;
  },
};

function onAuthorize(session: EthashSession, request: EthashRequest, params: readonly unknown[]): void {
  const [user, password] = params;
  if (!session.isSubscribed) session.refuse(request, 'not-subscribed');
  else if (typeof user === 'string' && session.login(request, user, password)) {
    session.answer(request, 'true');
    session.begin();
  }
}

/** The digits behind the prefix, and nothing else. */
function suffixShare(session: EthashSession, jobKey: unknown, digits: unknown): { nonce: string } | null {
  const prefix = session.prefixOf(jobKey);
  return typeof digits === 'string' &&
    digits.length === NONCE_DIGITS - prefix.length &&
    /^[0-9a-f]+$/.test(digits)
    ? { nonce: prefix + digits }
    : null;
}

const NONCE_DIGITS = 16;
const PROTOCOL_1 = 'EthereumStratum/1.0.0';
const PROTOCOL_2 = 'EthereumStratum/2.0.0';

const stratum1: EthashFlavour = {
  hasPrefix: true,
  formFault: () => null,
  success: (id, result) => `{"id":${id},"result":${result},"error":null}\n`,
  refusal: (id, reason, text) =>
    `{"id":${id},"result":null,"error":[${REFUSALS[reason].code},${JSON.stringify(text)},null]}\n`,
  job: ({ job, clean, difficulty }, session) =>
    (session.told.difficulty === difficulty
      ? ''
      : line({ id: null, method: 'mining.set_difficulty', params: [difficulty] })) +
    line({ id: null, method: 'mining.notify', params: [job.id, job.seed, job.header, clean] }),

  onRequest(session, request) {
    const params = listOf(request.params);
    switch (request.method) {
      case 'mining.subscribe':
        if (params[1] !== PROTOCOL_1) {
          session.refuse(request, 'malformed', `Only ${PROTOCOL_1} is spoken here`);
          break;
        }
        session.subscribe(params[0]);
        session.answer(
          request,
          JSON.stringify([['mining.notify', session.sessionId, PROTOCOL_1], session.prefix]),
        );
        break;
      case 'mining.extranonce.subscribe':
        if (session.options.extranonceSubscribe === 'ignore') break;
        if (session.options.extranonceSubscribe === 'error') {
          session.refuse(request, 'malformed', 'Not supported');
          break;
        }
        session.takesPrefix = true;
        session.answer(request, 'true');
        break;
      case 'mining.authorize':
        onAuthorize(session, request, params);
        break;
      case 'mining.submit': {
        const [user, jobKey, digits] = params;
        const share = params.length === 3 ? suffixShare(session, jobKey, digits) : null;
        session.submit(request, { user, jobKey, share });
        break;
      }
      case 'eth_submitHashrate':
        session.answer(request, 'true');
        break;
      default:
        return false;
    }
    return true;
  },
};

const CODES_2: Readonly<Record<RefusalReason, number>> = {
  malformed: 400,
  'ntime-out-of-range': 400,
  'bad-version-bits': 400,
  'unknown-job': 404,
  stale: 202,
  duplicate: 406,
  'low-difficulty': 406,
  'wrong-hash': 406,
  unauthorized: 301,
  'not-subscribed': 300,
};

const stratum2: EthashFlavour = {
  hasPrefix: true,

  /** [EIP-1571] Ids are integers from 0 to 65535, `jsonrpc` and null parameters must not be. */
  formFault(message) {
    const { id } = message;
    if ('jsonrpc' in message) return 'jsonrpc must not be there';
    if (message['params'] === null) return 'params must not be null';
    return typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= 65_535
      ? null
      : 'an id is an integer from 0 to 65535';
  },

  success: (id, result) => (result === 'true' ? `{"id":${id}}\n` : `{"id":${id},"result":${result}}\n`),
  refusal: (id, reason, text) =>
    `{"id":${id},"error":{"code":${CODES_2[reason]},"message":${JSON.stringify(text)}}}\n`,

  job({ job, clean, target, difficulty, prefix }, session, first) {
    const { told } = session;
    const set = {
      ...(first || told.epoch !== job.epoch ? { epoch: job.epoch.toString(16) } : {}),
      ...(first || told.difficulty !== difficulty ? { target: target.replace(/^(?:00)+/, '') } : {}),
      ...(first ? { algo: 'ethash' } : {}),
      ...(first || told.prefix !== prefix ? { extranonce: prefix } : {}),
    };
    const params = [job.id, job.height.toString(16), job.header, clean ? '1' : '0'];
    return (
      (Object.keys(set).length === 0 ? '' : line({ method: 'mining.set', params: set })) +
      line({ method: 'mining.notify', params })
    );
  },

  onRequest(session, request) {
    const params = listOf(request.params);
    switch (request.method) {
      case 'mining.hello':
        onHello(session, request);
        break;
      case 'mining.subscribe':
        if (!session.isGreeted) {
          session.refuse(request, 'not-subscribed', 'Say hello first');
          break;
        }
        session.subscribe(session.agent);
        session.answer(request, JSON.stringify(session.sessionId));
        break;
      case 'mining.authorize': {
        const [user, password] = params;
        if (!session.isSubscribed) session.refuse(request, 'not-subscribed');
        else if (typeof user === 'string' && session.login(request, user, password)) {
          session.answer(request, JSON.stringify(session.tokenOf(user)));
          session.begin();
        }
        break;
      }
      case 'mining.submit': {
        const [jobKey, digits, token] = params;
        const share = params.length === 3 ? suffixShare(session, jobKey, digits) : null;
        session.submit(request, { user: session.userOfToken(token), jobKey, share });
        break;
      }
      case 'mining.hashrate':
      case 'mining.noop':
        session.answer(request, 'true');
        break;
      default:
        return false;
    }
    return true;
  },
};

function onHello(session: EthashSession, request: EthashRequest): void {
  const { params } = request;
  const { agent, host, port, proto } = (
    typeof params === 'object' && params !== null ? params : {}
  ) as Readonly<Record<string, unknown>>;
  const isWhole =
    proto === PROTOCOL_2 &&
    typeof agent === 'string' &&
    typeof host === 'string' &&
    typeof port === 'string' &&
    /^[1-9a-f][0-9a-f]{0,3}$/.test(port);
  if (!isWhole) {
    session.refuse(request, 'malformed', 'Bad protocol request');
    return;
  }
  session.greet(agent);
  session.answer(
    request,
    JSON.stringify({
      proto: PROTOCOL_2,
      encoding: 'plain',
      resume: '0',
      timeout: 'b4',
      maxerrors: '5',
      node: 'practice/1',
    }),
  );
}

export const ETHASH_FLAVOURS: Readonly<Record<PracticeFlavour, EthashFlavour>> = {
  ethproxy: ethProxy,
  'ethash-plain': plain,
  'ethereum-stratum': stratum1,
  eip1571: stratum2,
};

/** The name of a job in a submit: EthProxy has no ids. */
export function jobKeyOf(flavour: PracticeFlavour, job: EthashJob): string {
  return flavour === 'ethproxy' ? job.header : job.id;
}
