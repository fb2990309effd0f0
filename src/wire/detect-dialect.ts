import { ethashPairing } from './dialects/ethash/pairing.ts';
import { clip, type JsonObject, parseObject } from './json.ts';
import { dialectsOfAgent } from './miner-agents.ts';

/** What the first line of a connection says of the miner, read once. */
export interface FirstLine {
  /** Empty where there is none. */
  readonly method: string;
  readonly agent: string;
  /** Session id of an earlier connection, or null. */
  readonly sessionId: string | null;
  /** The host that the miner believes it has dialled, in lower case; null where it does not say. */
  readonly host: string | null;
  readonly message: JsonObject;
}

/** What is known beside the line. Dialects are named as in the catalogue. */
export interface DialectHints {
  /** Found out by an earlier connection, under the session id, or the address and agent; null where there was none. */
  readonly remembered: string | null;
  /** Answers in these have sent it away before it had logged in. Absent: none. */
  readonly mistaken?: readonly string[];
  /** The one dialect of this listener; null where it takes all. A line that proves another is still found to be that other. */
  readonly listenerDialect: string | null;
  /** What the pools in use speak. */
  readonly configured: readonly string[];
  /** What this program speaks. */
  readonly known: readonly string[];
  /** The server name of the miner's TLS hello: its first label may be a dialect's name. */
  readonly serverName?: string | null;
}

/**
 * `certain`: by the line itself, or by what the operator has fixed. `likely`: the best guess, to be remembered once it proves right or wrong.
 * `unspoken`: a dialect that is none of ours. `other-flavour`: the miner tries one flavour of stratum after the other, and the one named is not
 * what it should end with; an error at once makes it try the next. `unknown`: no first line of any dialect.
 */
export type DetectedDialect =
  | { readonly kind: 'certain' | 'likely' | 'unspoken' | 'other-flavour'; readonly dialect: string }
  | { readonly kind: 'unknown' };

const MAX_AGENT = 256;
const MAX_SESSION_ID = 64;
const MAX_HOST = 253;

/** Reads what the first line says of the miner; null where it is no JSON object. */
export function readFirstLine(line: string): FirstLine | null {
  const message = parseObject(line);
  if (message === null) return null;
  const { method, params, body } = message;
  const list: readonly unknown[] = Array.isArray(params) ? params : [];
  const object = asObject(params) ?? asObject(body);
  const agent = object === null ? list[0] : object['agent'];
  const session = textOf(list[1], MAX_SESSION_ID);
  const isSubscribe = method === 'mining.subscribe';
  return {
    method: textOf(method, 64),
    agent: typeof agent === 'string' && (isSubscribe || object !== null) ? clip(agent, MAX_AGENT) : '',
    // [quirk: NiceHash puts a 13-digit millisecond time stamp here; it is no session id]
    sessionId:
      isSubscribe && session !== '' && !isFlavour(session) && !/^\d{13}$/.test(session) ? session : null,
    host: textOf(object === null ? isSubscribe && list[2] : object['host'], MAX_HOST).toLowerCase() || null,
    message,
  };
}

/** Which dialect a connection speaks that begins with `line` (docs/protocols/one-port.md). */
export function detectDialect(line: string, hints: DialectHints): DetectedDialect {
  const first = readFirstLine(line);
  return first === null ? { kind: 'unknown' } : detectFirstLine(first, hints);
}

/** The same, from a line that has been read: its session id and agent are what an earlier connection is remembered by. */
export function detectFirstLine(first: FirstLine, hints: DialectHints): DetectedDialect {
  const all = dialectsOfLine(first);
  const spoken = first.method === 'mining.authorize' ? all.filter((one) => hints.known.includes(one)) : [];
  // An authorize alone proves nothing: that it may be something that is not spoken here is no reason to refuse it.
  const possible = spoken.length > 0 ? spoken : all;
  const found = possible.length > 1 ? choose(possible, first, hints) : only(possible[0], hints);
  if (found.kind === 'unknown') return found;
  const flavour = flavourTried(first);
  if (flavour !== null && leadsNowhere(found.dialect, first, hints)) {
    return { kind: 'other-flavour', dialect: flavour };
  }
  return hints.known.includes(found.dialect) ? found : { kind: 'unspoken', dialect: found.dialect };
}

function only(dialect: string | undefined, hints: DialectHints): DetectedDialect {
  if (dialect !== undefined) return { kind: 'certain', dialect };
  return hints.listenerDialect === null
    ? { kind: 'unknown' }
    : { kind: 'certain', dialect: hints.listenerDialect };
}

/** What shares a subscribe that names a program and nothing else. [quirk: ccminer for VerusHash leaves out the host and port of ZIP-301] */
const ALIKE: readonly string[] = [
  'bitcoin-v1',
  'kawpow',
  'kaspa',
  'autolykos',
  'xelis',
  'nexa',
  'handshake',
  'decred',
  'warthog',
  'kadena',
  'octopus',
  'equihash',
  'ethereum-stratum',
  'ethash-plain',
];

const BY_METHOD: Readonly<Record<string, readonly string[]>> = {
  eth_submitLogin: ['ethproxy'],
  eth_getWork: ['ethproxy'],
  eth_submitHashrate: ['ethproxy'],
  eth_submitWork: ['ethproxy'],
  'mining.configure': ['bitcoin-v1'],
  'mining.suggest_target': ['bitcoin-v1'],
  'mining.suggest_difficulty': ['bitcoin-v1'],
  'mining.capabilities': ['bitcoin-v1'],
  'mining.multi_version': ['bitcoin-v1'],
  // Nothing has to come before it with Alephium; elsewhere a miner has left out its subscribe.
  'mining.authorize': ['alephium', ...ALIKE],
  getjob: ['cryptonote'],
  keepalived: ['cryptonote'],
  getjobtemplate: ['grin'],
};

/** The dialects in which this can be a first line, the likeliest first. One: it proves that dialect. None: it is nobody's. */
function dialectsOfLine(first: FirstLine): readonly string[] {
  const { method, message } = first;
  if (method === 'login') return dialectsOfLogin(message);
  if (method === 'mining.hello') return Array.isArray(message['params']) ? ['alephium'] : ['eip1571'];
  if (method === 'mining.subscribe') return dialectsOfSubscribe(first);
  if (Object.hasOwn(BY_METHOD, method)) return BY_METHOD[method] ?? [];
  // [quirk: ckpool also takes the number inside the method name, mining.suggest_difficulty(512)]
  if (method.startsWith('mining.suggest_difficulty(')) return ['bitcoin-v1'];
  return method.startsWith('mining.') ? ALIKE : [];
}

function dialectsOfLogin(message: JsonObject): readonly string[] {
  if ('api_key' in message) return ['beam'];
  const params = asObject(message['params']);
  if (params === null || typeof params['login'] !== 'string') return [];
  if (typeof message['id'] !== 'string' || 'algo' in params || 'rigid' in params) return ['cryptonote'];
  return message['id'] === 'Stratum' ? ['grin'] : ['grin', 'cryptonote'];
}

function dialectsOfSubscribe({ message, agent }: FirstLine): readonly string[] {
  const { params, jsonrpc } = message;
  if (asObject(message['body']) !== null) return ['ironfish'];
  const list: readonly unknown[] = Array.isArray(params) ? params : [];
  if (isFlavour(list[1])) return ['ethereum-stratum', 'kaspa', 'kawpow', 'autolykos'];
  if (list.length >= 4 && typeof list[2] === 'string' && isPort(list[3])) return ['equihash', 'kawpow'];
  if (jsonrpc !== '2.0') return ALIKE;
  return agent === '' ? ['ethash-plain'] : ALIKE;
}

/** Chooses among several: what the operator fixed, then what is proven, remembered, and so on down to what is most common. */
function choose(possible: readonly string[], first: FirstLine, hints: DialectHints): DetectedDialect {
  const { listenerDialect, remembered } = hints;
  // Before what is remembered: one program of one machine mines several coins, through listeners of its operator's choice.
  if (listenerDialect !== null && possible.includes(listenerDialect)) {
    return { kind: 'certain', dialect: listenerDialect };
  }
  const byAgent = dialectsOfAgent(first.agent)?.filter((dialect) => possible.includes(dialect)) ?? [];
  const [sole] = byAgent;
  if (
    sole !== undefined &&
    byAgent.length === 1 &&
    (hints.configured.length === 0 || isServed(sole, hints))
  ) {
    return { kind: 'certain', dialect: sole };
  }
  const named = [hints.serverName, first.host].map((host) => host?.toLowerCase().split('.')[0] ?? '');
  const ranked = [
    ...(remembered === null ? [] : [remembered]),
    ...named,
    ...byAgent.filter((dialect) => isServed(dialect, hints)),
    ...possible.filter((dialect) => isServed(dialect, hints)),
    ...possible.filter((dialect) => isTranslated(dialect, hints)),
    ...byAgent,
  ];
  const order = [...ranked.filter((name) => possible.includes(name)), ...possible];
  const [likeliest = ''] = order;
  const { known, mistaken = [] } = hints;
  if (!mistaken.includes(likeliest)) return { kind: 'likely', dialect: likeliest };
  // When all have been tried, it was none of them that sent the miner away.
  const untried = order.find((name) => known.includes(name) && !mistaken.includes(name));
  return { kind: 'likely', dialect: untried ?? likeliest };
}

/** True where a pool in use speaks the dialect, or another flavour of the coin that needs nothing more. */
function isServed(dialect: string, { configured }: DialectHints): boolean {
  return configured.some((pool) => pool === dialect || ethashPairing(dialect, pool) === 'direct');
}

/** True where a pool in use can be mined for by a translation that takes more than another spelling. */
function isTranslated(dialect: string, { configured }: DialectHints): boolean {
  return configured.some((pool) => ethashPairing(dialect, pool) !== 'none');
}

/**
 * ethminer and kawpowminer open a connection per flavour until one is answered, in the order 2.0.0, 1.0.0, EthProxy, plain; an error
 * to the first call, or a second of silence, makes them try the next. [ethereum-mining/ethminer EthStratumClient.cpp]
 */
function flavourTried({ method, message }: FirstLine): 'eip1571' | 'ethereum-stratum' | null {
  const { params } = message;
  if (method === 'mining.hello') return Array.isArray(params) ? null : 'eip1571';
  const isNamed = method === 'mining.subscribe' && Array.isArray(params) && isFlavour(params[1]);
  return isNamed ? 'ethereum-stratum' : null;
}

/** Programs that do so, with their forks. */
const SEARCHES = /(?:eth|nsf|etc)miner/i;

const FLAVOURS: ReadonlySet<string> = new Set([
  'eip1571',
  'ethereum-stratum',
  'ethproxy',
  'ethash-plain',
  'kawpow',
]);

/** True where the miner would end up in a flavour that no pool of its own is served in. */
function leadsNowhere(dialect: string, first: FirstLine, hints: DialectHints): boolean {
  if (hints.listenerDialect !== null) return hints.listenerDialect !== dialect;
  // Its own reading of 1.0.0 takes another order of parameters than any pool's. [RavenCommunity/kawpowminer EthStratumClient.cpp]
  if (/^kawpowminer/i.test(first.agent)) return true;
  const { remembered } = hints;
  const isProven = remembered !== null && !hints.mistaken?.includes(remembered);
  if (isProven && FLAVOURS.has(remembered)) return remembered !== dialect;
  const isEthash = dialect === 'eip1571' || dialect === 'ethereum-stratum';
  if (!isEthash || isServed(dialect, hints) || !hints.configured.some((name) => FLAVOURS.has(name)))
    return false;
  // Whoever looks for its flavour comes to one that costs less.
  return SEARCHES.test(first.agent) || !isTranslated(dialect, hints);
}

/** `EthereumStratum/1.0.0` and the like, where others have a session id. */
function isFlavour(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('EthereumStratum/1');
}

/** [quirk: nheqminer and GMiner write it as a string] */
function isPort(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^\d{1,5}$/.test(value));
}

function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** A string of at most `max` characters; empty where it is none, or longer. */
function textOf(value: unknown, max: number): string {
  return typeof value === 'string' && value.length <= max ? value : '';
}
