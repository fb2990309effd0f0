import type { Account, AccountMode, AlgorithmFacts, Pool } from '../domain/account.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import type { PoolPattern, PoolSource } from '../domain/pool-pattern.ts';

/** One entry of a registration: where to mine and as whom. The password may be empty. */
export interface CredentialsRequest {
  readonly endpoint: Endpoint;
  readonly user: string;
  readonly password: string;
}

/** What `registerAccount` is asked for. What is absent is not given: it takes its default and is not compared. */
export interface AccountRequest {
  /** The primary first; every further entry is a backup, in order. */
  readonly entries: readonly [CredentialsRequest, ...CredentialsRequest[]];
  /** Default `dedicated`. */
  readonly mode?: AccountMode | undefined;
  /** Default empty. */
  readonly label?: string | undefined;
}

export type RegisterResult =
  | { readonly kind: 'created'; readonly account: Account }
  | { readonly kind: 'existing'; readonly account: Account }
  | { readonly kind: 'unknown-pool'; readonly endpoint: Endpoint }
  /** The same primary pool, user and password are registered with other backups, mode or label than the ones given. */
  | { readonly kind: 'conflict'; readonly message: string };

export type FindAccountResult =
  | { readonly kind: 'found'; readonly account: Account }
  | { readonly kind: 'not-found' }
  /** The account exists, but none of its pools is in the pool list any more; `endpoint` is its primary. */
  | { readonly kind: 'unknown-pool'; readonly endpoint: Endpoint };

/** An account as it is shown: no password, and entries whose pool is no longer listed are kept with `pool: null`. */
export interface AccountRecord {
  readonly name: string;
  readonly label: string;
  readonly mode: AccountMode;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly createdAtMs: number;
  readonly entries: readonly AccountRecordEntry[];
}

export interface AccountRecordEntry {
  readonly endpoint: Endpoint;
  readonly user: string;
  readonly pool: Pool | null;
}

/** An algorithm of the list, with what carries it and other names it is known by. */
export interface AlgorithmRecord extends AlgorithmFacts {
  readonly aliases: readonly string[];
  /** Wire protocols it is mined with; the first is the one a pool speaks unless its entry says otherwise. */
  readonly dialects: readonly string[];
  /** What an operator should know about the divider; may be empty. */
  readonly note: string;
  readonly source: PoolSource;
}

/** What `addPool` is asked for. */
export interface PoolRequest {
  readonly pattern: PoolPattern;
  /** Name or alias of an algorithm. */
  readonly algorithm: string;
  /** Default: the algorithm's first dialect. */
  readonly dialect?: string | undefined;
  readonly tls: boolean;
  /** Default empty. What is absent is not compared. */
  readonly label?: string | undefined;
}

export type AddPoolResult =
  /** One record per port of the pattern, of which at least one is new. */
  | { readonly kind: 'created'; readonly pools: readonly PoolRecord[] }
  /** All of them were listed already, with the same facts. */
  | { readonly kind: 'existing'; readonly pools: readonly PoolRecord[] }
  /** The operator listed one of these addresses before, with other facts. */
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'unknown-algorithm'; readonly algorithm: string }
  | { readonly kind: 'unknown-dialect'; readonly dialect: string; readonly known: readonly string[] };

/** One address of the pool list: a host or wildcard with one port. */
export interface PoolRecord {
  readonly id: number;
  /** A host, an IP address or `*.suffix`; see `PoolPattern`. */
  readonly host: string;
  readonly port: number;
  /** Name of the algorithm. */
  readonly algorithm: string;
  readonly dialect: string;
  readonly tls: boolean;
  readonly label: string;
  /** Ticker of the coin, where the pool mines just one; may be empty. */
  readonly coin: string;
  readonly source: PoolSource;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly createdAtMs: number;
}

export interface AccountPage {
  /** Name of the last account of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface PoolPage {
  /** Id of the last record of the page before. */
  readonly after?: number | undefined;
  readonly limit: number;
  /** Name or alias of an algorithm. */
  readonly algorithm?: string | undefined;
  readonly source?: PoolSource | undefined;
}

/**
 * Accounts, the pool list and the algorithm list. Every method may reject with a `StoreError`; what it resolved with is on disk.
 * Calls may overlap; each is atomic.
 */
export interface Store {
  /** Idempotent on the primary's (host, port, user, password). Names are 16 random lower-case hex digits. */
  registerAccount(request: AccountRequest): Promise<RegisterResult>;
  /** By its name in lower case. Backups whose pool is no longer listed are left out. */
  findAccount(name: string): Promise<FindAccountResult>;
  countAccounts(): Promise<number>;
  /** Ordered by name. */
  listAccounts(page: AccountPage): Promise<readonly AccountRecord[]>;

  addPool(request: PoolRequest): Promise<AddPoolResult>;
  /** Ordered by id. */
  listPools(page: PoolPage): Promise<readonly PoolRecord[]>;
  /** What the pool at this address is, by the rules of `selectRule`; null when it is not in the pool list. */
  resolvePool(endpoint: Endpoint): Promise<Pool | null>;

  /** Ordered by name. */
  listAlgorithms(): Promise<readonly AlgorithmRecord[]>;
  /** By name or alias, whatever its case. */
  findAlgorithm(nameOrAlias: string): Promise<AlgorithmRecord | null>;

  /** Writes a row and reads it back; for readiness. */
  check(): Promise<void>;
  /** Waits for what is under way, then lets go of the data. May be called twice. */
  close(): Promise<void>;
}
