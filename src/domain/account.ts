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
}

/** One entry of an account's ordered list: where to mine and as whom. */
export interface PoolCredentials {
  readonly pool: Pool;
  readonly user: string;
  /** Secret: sent to the pool, never logged, exported or returned. May be empty. */
  readonly password: string;
}

/**
 * `dedicated`: one upstream per session. `shared`: many sessions per upstream.
 */
export type AccountMode = 'dedicated' | 'shared';

/** A registered set of credentials. Plain data: it crosses the boundary between processes. */
export interface Account {
  /** 16 lower-case hex digits, random. What a miner puts before the first `.` of its user name. */
  readonly name: string;
  readonly label: string;
  readonly mode: AccountMode;
  /** The primary first, then the backups in order. Never empty. */
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
