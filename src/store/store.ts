import type { Account, AccountDifficulty, AccountMode, AlgorithmFacts, Pool } from '../domain/account.ts';
import type { AlgorithmSource } from '../domain/algorithm-judgement.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import type {
  HistoryPoint,
  HistoryRetention,
  HistoryScope,
  HistoryStep,
  LastingTotal,
} from '../domain/history.ts';
import type { PoolOptions } from '../domain/pool-options.ts';
import type { PoolPattern, PoolSource } from '../domain/pool-pattern.ts';
import type { WorkRow } from '../domain/report.ts';
import type { AccountsInBulk } from './activity-store.ts';
import type { AuditStore } from './audit-store.ts';
import type { BanStore } from './ban-store.ts';
import type { EventStore } from './event-store.ts';
import type { TokenStore } from './token-store.ts';

/** One entry of a registration: where to mine and as whom. The password may be empty. */
export interface CredentialsRequest {
  readonly endpoint: Endpoint;
  readonly user: string;
  readonly password: string;
}

/** What an account has beside its credentials. What is absent is not given. */
export interface AccountProperties {
  /** Default `auto`. */
  readonly mode?: AccountMode | undefined;
  /** Default empty. */
  readonly label?: string | undefined;
  /** Each by itself; null: no bound, or the rate configured for all, the default. */
  readonly difficulty?:
    | { readonly [Key in keyof AccountDifficulty]?: AccountDifficulty[Key] | undefined }
    | undefined;
  /** Default `{user}`. Not checked here; see `isWorkerTemplate`. */
  readonly workerTemplate?: string | undefined;
}

/**
 * What `registerAccount` is asked for: the primary's credentials and the rest. What is absent takes its default for a new account and is
 * not compared with one that exists.
 */
export interface AccountRequest extends CredentialsRequest, AccountProperties {
  /** In order. Default: none. */
  readonly backups?: readonly CredentialsRequest[] | undefined;
  /** 16 lower-case hex digits, for an account that moves here and keeps its name. Default: a random one. */
  readonly name?: string | undefined;
}

/** What `updateAccount` is asked for. What is absent stays as it is; `endpoint`, `user` and `password` are the primary's. */
export interface AccountChange extends AccountProperties {
  readonly endpoint?: Endpoint | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** In the place of all that there were. */
  readonly backups?: readonly BackupChange[] | undefined;
}

/** A backup whose password is not given keeps that of the account's entry with the same address and user; empty where there is none. */
export interface BackupChange {
  readonly endpoint: Endpoint;
  readonly user: string;
  readonly password?: string | undefined;
}

/** Why an account cannot be as it was asked for. Nothing has been stored then. */
export type AccountRefusal =
  | { readonly kind: 'unknown-pool'; readonly endpoint: Endpoint }
  /** The pool at `endpoint` mines `algorithm`, the entries before it `expected`. */
  | {
      readonly kind: 'mixed-algorithms';
      readonly endpoint: Endpoint;
      readonly algorithm: string;
      readonly expected: string;
    }
  /** The floor would be above the cap. */
  | { readonly kind: 'difficulty-range'; readonly min: number; readonly max: number };

export type RegisterResult =
  | { readonly kind: 'created'; readonly account: Account }
  | { readonly kind: 'existing'; readonly account: Account }
  /** The account `name` has the same primary pool, user and password, but other properties than those given. */
  | { readonly kind: 'conflict'; readonly name: string; readonly message: string }
  | AccountRefusal;

/** Names of the fields that are others than before, as whoever asks for the change calls them; never what is in them. */
export type ChangedNames = readonly string[];

export type UpdateAccountResult =
  /** As it is now, also where it was like that before: then its revision is the old one. */
  | { readonly kind: 'updated'; readonly account: AccountRecord; readonly changed: ChangedNames }
  | { readonly kind: 'not-found' }
  /** The new primary pool, user and password are those of the account `name`. */
  | { readonly kind: 'conflict'; readonly name: string; readonly message: string }
  | AccountRefusal;

export type DeleteAccountResult = { readonly kind: 'deleted' } | { readonly kind: 'not-found' };

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
  readonly difficulty: AccountDifficulty;
  readonly workerTemplate: string;
  /** 1 at first, one more with every change. */
  readonly revision: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly createdAtMs: number;
  /** The same; the time of registration where nothing was changed since. */
  readonly changedAtMs: number;
  /** When it last had a miner, to the minute; null: not since that is noted. */
  readonly lastSeenAtMs: number | null;
  /** The primary first. */
  readonly entries: readonly [AccountRecordEntry, ...AccountRecordEntry[]];
}

export interface AccountRecordEntry {
  readonly endpoint: Endpoint;
  readonly user: string;
  readonly hasPassword: boolean;
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
  /** What an operator has changed of what the catalogue says; it outlives updates of the catalogue. */
  readonly overridden: readonly string[];
}

/** What `addPool` is asked for. */
export interface PoolRequest {
  readonly pattern: PoolPattern;
  /** Name or alias of an algorithm. */
  readonly algorithm: string;
  /** Default: the algorithm's first dialect. */
  readonly dialect?: string | undefined;
  readonly tls: boolean;
  /** How the algorithm is known; default `given`. Not compared. */
  readonly algorithmFrom?: AlgorithmSource | undefined;
  /** Default empty. What is absent is not compared. */
  readonly label?: string | undefined;
  /** Each by itself; default null. What is absent is not compared. */
  readonly options?: Partial<PoolOptions> | undefined;
}

/** What `updatePool` is asked for. What is absent stays as it is, of the options too. */
export interface PoolChange {
  readonly label?: string | undefined;
  readonly options?: Partial<PoolOptions> | undefined;
  /** Name or alias. Without a dialect the entry keeps its own where the algorithm has it, else it gets the algorithm's first. */
  readonly algorithm?: string | undefined;
  /** Null: the algorithm's first. */
  readonly dialect?: string | null | undefined;
  readonly tls?: boolean | undefined;
}

/** The password's template names a difficulty, and there is none. Nothing has been stored then. */
export interface NoDifficulty {
  readonly kind: 'no-difficulty';
}

export type UpdatePoolResult =
  | { readonly kind: 'updated'; readonly pool: PoolRecord; readonly changed: ChangedNames }
  /** The list has no entry of this very address; a wildcard that covers it is another entry. */
  | { readonly kind: 'not-found' }
  /** The next catalogue would put its own label back. */
  | { readonly kind: 'catalogue-label' }
  | { readonly kind: 'unknown-algorithm'; readonly algorithm: string }
  | { readonly kind: 'unknown-dialect'; readonly dialect: string; readonly known: readonly string[] }
  | NoDifficulty;

/** What is in the way of a deletion: how many there are, and the first few by name. */
export interface InUse {
  readonly kind: 'in-use';
  readonly count: number;
  readonly names: readonly string[];
}

export type DeletePoolResult =
  | { readonly kind: 'deleted'; readonly pool: PoolRecord }
  | { readonly kind: 'not-found' }
  /** Accounts have an entry that is this very entry's. */
  | InUse;

/** What `addAlgorithm` is asked for. */
export interface AlgorithmRequest extends AlgorithmFacts {
  /** Default: none. What is absent is not compared. */
  readonly aliases?: readonly string[] | undefined;
  readonly dialects: readonly [string, ...string[]];
  /** Default empty. What is absent is not compared. */
  readonly note?: string | undefined;
}

export type AddAlgorithmResult =
  | { readonly kind: 'created' | 'existing'; readonly algorithm: AlgorithmRecord }
  /** The name or an alias is another algorithm's, or this one is there with other facts. */
  | { readonly kind: 'conflict'; readonly message: string };

/** What `updateAlgorithm` is asked for. Absent: stays. Null: as the catalogue has it; only for what the catalogue ships. */
export interface AlgorithmChange {
  readonly divider?: number | null | undefined;
  readonly unit?: AlgorithmFacts['unit'] | null | undefined;
  readonly aliases?: readonly string[] | null | undefined;
  readonly dialects?: readonly [string, ...string[]] | null | undefined;
  readonly note?: string | null | undefined;
}

export type UpdateAlgorithmResult =
  | { readonly kind: 'updated'; readonly algorithm: AlgorithmRecord; readonly changed: ChangedNames }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'conflict'; readonly message: string }
  /** Null was given for this key, and there is no catalogue behind it. */
  | { readonly kind: 'no-default'; readonly key: keyof AlgorithmChange }
  /** Entries of the pool list name a dialect that would be taken away. */
  | InUse;

export type DeleteAlgorithmResult =
  | { readonly kind: 'deleted'; readonly algorithm: AlgorithmRecord }
  | { readonly kind: 'not-found' }
  /** It ships with the program. */
  | { readonly kind: 'catalogue' }
  /** Pools of the list are of it. */
  | InUse;

export type AddPoolResult =
  /** One record per port of the pattern, of which at least one is new. */
  | { readonly kind: 'created'; readonly pools: readonly PoolRecord[] }
  /** All of them were listed already, with the same facts. */
  | { readonly kind: 'existing'; readonly pools: readonly PoolRecord[] }
  /** The operator listed one of these addresses before, with other facts. */
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'unknown-algorithm'; readonly algorithm: string }
  | { readonly kind: 'unknown-dialect'; readonly dialect: string; readonly known: readonly string[] }
  | NoDifficulty;

/** What was done in one minute. */
export interface HistoryMinute {
  /** When it begins, in milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
  /** Labels may come up more than once. */
  readonly rows: readonly WorkRow[];
  readonly keepDays: HistoryRetention;
}

/** A part of the history. */
export interface HistoryRange {
  readonly scope: HistoryScope;
  readonly step: HistoryStep;
  /** Begin of the first bucket, and the end of the last, in milliseconds since 1970-01-01 UTC. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** One address of the pool list: a host or wildcard with one port. */
export interface PoolRecord {
  readonly id: number;
  /** A host, an IP address or `*.suffix`; see `PoolPattern`. */
  readonly host: string;
  readonly port: number;
  /** Name of the algorithm. */
  readonly algorithm: string;
  /** How that is known: `catalogue` for entries of the catalogue, else as it was when the entry was added. */
  readonly algorithmFrom: AlgorithmSource;
  readonly dialect: string;
  readonly tls: boolean;
  readonly label: string;
  /** Ticker of the coin, where the pool mines just one; may be empty. */
  readonly coin: string;
  readonly source: PoolSource;
  readonly options: PoolOptions;
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
export interface Store extends AccountsInBulk, TokenStore, AuditStore, BanStore, EventStore {
  /** Idempotent on the primary's (host, port, user, password). Names are 16 random lower-case hex digits. */
  registerAccount(request: AccountRequest): Promise<RegisterResult>;
  /** Changes what is given and nothing else. The name stays, whatever changes. */
  updateAccount(name: string, change: AccountChange): Promise<UpdateAccountResult>;
  /** Its credentials may be registered again, under a new name. */
  deleteAccount(name: string): Promise<DeleteAccountResult>;
  /**
   * By its name in lower case, to be mined with. Left out are entries whose pool is no longer listed, backups of which the pool list says by now
   * that they mine another algorithm than the first, and repetitions of an entry before.
   */
  findAccount(name: string): Promise<FindAccountResult>;
  /** By its name in lower case, to be looked at; null when there is none. */
  showAccount(name: string): Promise<AccountRecord | null>;
  countAccounts(): Promise<number>;
  /** Ordered by name. */
  listAccounts(page: AccountPage): Promise<readonly AccountRecord[]>;

  addPool(request: PoolRequest): Promise<AddPoolResult>;
  /**
   * Changes one entry: the operator's of this host or wildcard and port, else the catalogue's, whose next version leaves the options alone. Another algorithm,
   * dialect or TLS for an entry of the catalogue makes an entry of the operator's for the same address, which counts before it.
   */
  updatePool(address: Endpoint, change: PoolChange): Promise<UpdatePoolResult>;
  /**
   * Takes one entry off the list: the operator's of this host or wildcard and port, else the catalogue's, whose next version does not bring it back.
   * One that accounts use stays.
   */
  deletePool(address: Endpoint): Promise<DeletePoolResult>;
  /** Ordered by id. */
  listPools(page: PoolPage): Promise<readonly PoolRecord[]>;
  /** What the pool at this address is, by the rules of `selectRule`; null when it is not in the pool list. */
  resolvePool(endpoint: Endpoint): Promise<Pool | null>;

  /** Ordered by name. */
  listAlgorithms(): Promise<readonly AlgorithmRecord[]>;
  /** By name or alias, whatever its case. */
  findAlgorithm(nameOrAlias: string): Promise<AlgorithmRecord | null>;
  /** Idempotent. An operator's algorithm stays as it is whatever a later catalogue says of its name. */
  addAlgorithm(request: AlgorithmRequest): Promise<AddAlgorithmResult>;
  /** By its name. What is changed of an algorithm of the catalogue outlives its updates. */
  updateAlgorithm(name: string, change: AlgorithmChange): Promise<UpdateAlgorithmResult>;
  deleteAlgorithm(name: string): Promise<DeleteAlgorithmResult>;

  /** Totals of all runs so far. Those of accounts that were deleted are removed when nothing was added to them for 90 days. */
  loadTotals(): Promise<readonly LastingTotal[]>;
  /**
   * Puts these in the place of those with the same labels, all or none. As with `addHistory`, what it resolved with survives the end of the process, a power
   * cut perhaps not. `withinMs`: how long it goes on trying while another process holds a lock.
   */
  saveTotals(totals: readonly LastingTotal[], options?: { readonly withinMs?: number }): Promise<void>;
  /** Adds to what is known of that minute, all or none. */
  addHistory(minute: HistoryMinute, options?: { readonly withinMs?: number }): Promise<void>;
  /** By time. Empty buckets are absent. */
  readHistory(range: HistoryRange): Promise<readonly HistoryPoint[]>;
  /** Removes some of what is older than it is to be kept. True where there may be more. */
  pruneHistory(keepDays: HistoryRetention): Promise<boolean>;

  /** Writes a row and reads it back, without a wait for the disk; for readiness. */
  check(): Promise<void>;
  /** Waits for what is under way, then lets go of the data. May be called twice. */
  close(): Promise<void>;
}
