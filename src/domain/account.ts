import type { PoolOptions } from './pool-options.ts';

/**
 * How an algorithm's difficulty turns into work: a share of difficulty `d` stands for `d × 2^32 / divider` hashes.
 * `unit` is what its hashrate counts: hashes, Equihash solutions or Cuckoo graphs.
 */
export interface AlgorithmFacts {
  readonly name: string;
  readonly divider: number;
  readonly unit: 'H' | 'Sol' | 'g';
}

/** One pool of the allow-list, resolved to the concrete `host:port` that an account uses. */
export interface Pool {
  readonly host: string;
  readonly port: number;
  /** `host:port` or `[IPv6]:port`: the label in metrics, logs and the API. */
  readonly name: string;
  readonly algorithm: AlgorithmFacts;
  /** Wire protocol, a name of the dialect list (`bitcoin-v1`, …). */
  readonly dialect: string;
  readonly tls: boolean;
  readonly options: PoolOptions;
}

/** One entry of an account's ordered list: where to mine and as whom. */
export interface PoolCredentials {
  readonly pool: Pool;
  readonly user: string;
  /** Secret: sent to the pool, never logged, exported or returned. May be empty. */
  readonly password: string;
}

export const ACCOUNT_MODES = ['auto', 'dedicated', 'shared'] as const;

/**
 * `auto`: shared where the proxy can judge a share by itself, else dedicated. `dedicated`: one upstream per session.
 * `shared`: many sessions per upstream.
 */
export type AccountMode = (typeof ACCOUNT_MODES)[number];

/** Floor and cap of the difficulty that an account's miners are given; null: none of its own. `min` is at most `max`. */
export interface DifficultyBounds {
  readonly min: number | null;
  readonly max: number | null;
}

/** What an account says of its miners' difficulty where that is chosen here: in shared mode. */
export interface AccountDifficulty extends DifficultyBounds {
  /** Shares that each miner should find per minute; null: what is configured for all. */
  readonly sharesPerMinute: number | null;
}

/** The account's own rules, and those of the port its miner came to where it has none. Bounds are taken together: of two places they need not fit. */
export function difficultyAtPort(account: AccountDifficulty, port: AccountDifficulty): AccountDifficulty {
  if (port === NO_ACCOUNT_DIFFICULTY) return account;
  const { min, max } = account.min === null && account.max === null ? port : account;
  return { min, max, sharesPerMinute: account.sharesPerMinute ?? port.sharesPerMinute };
}

export const NO_ACCOUNT_DIFFICULTY: AccountDifficulty = { min: null, max: null, sharesPerMinute: null };

/** A registered set of credentials. Plain data: it crosses the boundary between processes. */
export interface Account {
  /** 16 lower-case hex digits, random. What a miner puts before the first `.` of its user name. */
  readonly name: string;
  readonly label: string;
  readonly mode: AccountMode;
  readonly difficulty: AccountDifficulty;
  /** Under which name a miner's shares are submitted at the pool; see `workerNameAtPool`. */
  readonly workerTemplate: string;
  /**
   * 1 when registered, and one more with every change of the account; of two versions of an account the higher one counts.
   * What the pool list says of its pools may change without it.
   */
  readonly revision: number;
  /** The primary first, then the backups in order, all of one algorithm. Never empty. */
  readonly entries: readonly [PoolCredentials, ...PoolCredentials[]];
}

const ACCOUNT_NAME = /^[0-9a-f]{16}$/;

export function isAccountName(text: string): boolean {
  return ACCOUNT_NAME.test(text);
}

/** A miner's user name split as the field does it: account name, first `.`, worker name. */
export interface MinerName {
  /** Lower case. Not checked against any store. */
  readonly account: string;
  /** What follows the first `.`; empty without one. At most 128 characters, control characters removed. */
  readonly worker: string;
}

const MAX_WORKER_NAME = 128;

/**
 * Splits `name.worker` at the first `.` (btccom/btcagent DownSessionBTC.go; design: "worker name").
 * Account names compare without case, as in the original program's store.
 */
export function parseMinerName(user: string): MinerName {
  const trimmed = user.trim();
  const dot = trimmed.indexOf('.');
  const account = (dot < 0 ? trimmed : trimmed.slice(0, dot)).toLowerCase();
  const rest = dot < 0 ? '' : trimmed.slice(dot + 1);
  const worker = Buffer.from(rest.slice(0, MAX_WORKER_NAME), 'utf8')
    .toString('utf8')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
  return { account, worker };
}

/** Shares are submitted under the account's user name at the pool, whichever miner found them. */
export const DEFAULT_WORKER_TEMPLATE = '{user}';

export const WORKER_PLACEHOLDERS = ['{user}', '{worker}', '{account}'] as const;

const PLACEHOLDER = /\{(user|worker|account)\}/g;
/** `{worker}` with the separator that stands before it; at the beginning with the one behind it. */
const WORKER_AND_SEPARATOR = /^\{worker\}[._/:#+-]?|[._/:#+-]?\{worker\}/g;

/** True for a text that is not blank and has braces around the known placeholders only. */
export function isWorkerTemplate(text: string): boolean {
  return text.trim() !== '' && !/[{}]/.test(text.replace(PLACEHOLDER, ''));
}

/**
 * The name under which a miner's shares are submitted: `template` with `{user}` (the account's user name at the pool), `{worker}` (what the
 * miner calls itself) and `{account}` (the account's name) filled in. A miner without a worker name takes the separator away with it, so that
 * `{user}.{worker}` gives `user` and not `user.`; what would be empty is the user name.
 */
export function workerNameAtPool(
  template: string,
  names: { readonly user: string; readonly worker: string; readonly account: string },
): string {
  const shape = names.worker === '' ? template.replace(WORKER_AND_SEPARATOR, '') : template;
  const name = shape.replace(PLACEHOLDER, (_, key: 'user' | 'worker' | 'account') => names[key]);
  return name === '' ? names.user : name;
}
