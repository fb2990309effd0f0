import type { AlgorithmSource } from '../../domain/algorithm-judgement.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import type { PoolOptions } from '../../domain/pool-options.ts';
import type { PoolPattern, PoolSource } from '../../domain/pool-pattern.ts';
import type { PoolFinding } from '../../domain/pool-probe.ts';
import type { InUse } from './in-use.ts';

/** One entry of the pool list as it is shown. */
export interface PoolView {
  /** `host:port`, `*.suffix:port` or `[IPv6]:port`. */
  readonly pool: string;
  readonly algorithm: string;
  /** How that is known. */
  readonly algorithmFrom: AlgorithmSource;
  readonly dialect: string;
  readonly tls: boolean;
  readonly label: string;
  /** Ticker of the coin, where the pool mines just one; may be empty. */
  readonly coin: string;
  readonly source: PoolSource;
  readonly options: PoolOptions;
}

export interface PoolQuery {
  readonly limit: number;
  /** `next` of the page before; null for the first page. */
  readonly after: number | null;
  /** Name or alias of an algorithm. */
  readonly algorithm: string | null;
  /** Lower case; found in `pool`, `label` or `coin`, whatever their case. */
  readonly search: string | null;
}

export interface PoolPage {
  readonly pools: readonly PoolView[];
  /** What to pass as `after` for the page that follows; null after the last. */
  readonly next: number | null;
}

/** What `POST /pools` asks for. */
export interface PoolAddition {
  readonly pattern: PoolPattern;
  /** Null: it is found out by asking the pool. */
  readonly algorithm: string | null;
  /** With which the pool is asked where the algorithm is null; not kept. Null: it is asked what it says without a login. */
  readonly login?: Login | null;
  readonly tls: boolean;
  /** Absent: the algorithm's first dialect. */
  readonly dialect?: string;
  readonly label?: string;
  /** Each by itself; null and absent: as usual. */
  readonly options?: Partial<PoolOptions>;
}

/** What `PATCH /pools/{pool}` asks for. Absent: stays as it is, of the options too. */
export interface PoolChange {
  readonly label?: string;
  readonly options?: Partial<PoolOptions>;
  /** Name or alias. */
  readonly algorithm?: string;
  /** Null: the algorithm's first. */
  readonly dialect?: string | null;
  readonly tls?: boolean;
}

/** The password's template names a difficulty, and there is none. */
interface NoDifficulty {
  readonly kind: 'no-difficulty';
}

export type AddPoolResult =
  /** One view per port of the pattern. */
  | { readonly kind: 'created' | 'existing'; readonly pools: readonly PoolView[] }
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'unknown-algorithm'; readonly known: readonly string[] }
  | { readonly kind: 'unknown-dialect'; readonly known: readonly string[] }
  /** The pool was asked for its algorithm, and it is not clear. The message says what to give. */
  | { readonly kind: 'undetermined'; readonly message: string }
  | TooMany
  | NoDifficulty;

export type UpdatePoolResult =
  /** `changed`: names of the fields that are others now, as the API calls them. */
  | { readonly kind: 'updated'; readonly pool: PoolView; readonly changed: readonly string[] }
  /** The list has no entry of this very address. */
  | { readonly kind: 'not-found' }
  /** A pool of the catalogue keeps the catalogue's label. */
  | { readonly kind: 'catalogue-label' }
  | { readonly kind: 'unknown-algorithm'; readonly known: readonly string[] }
  | { readonly kind: 'unknown-dialect'; readonly known: readonly string[] }
  | NoDifficulty;

export type DeletePoolResult =
  | { readonly kind: 'deleted'; readonly pool: PoolView }
  | { readonly kind: 'not-found' }
  /** Accounts use it. */
  | InUse;

/** `by`: whoever asks for it, as the audit log names them; absent: not known. */
export interface PoolsPort {
  /** Resolves when the pool is safe on disk. */
  add(addition: PoolAddition, by?: string): Promise<AddPoolResult>;
  /** Changes the entry of this host or wildcard and port. Resolves when the change is safe on disk and has begun to reach the miners. */
  update(address: Endpoint, change: PoolChange, by?: string): Promise<UpdatePoolResult>;
  /** Takes the entry of this host or wildcard and port off the list. Resolves when that is safe on disk. */
  delete(address: Endpoint, by?: string): Promise<DeletePoolResult>;
  list(query: PoolQuery): Promise<PoolPage>;
}

/** User and password at a pool; the second is a secret and may be empty. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** What `POST /pools/test` asks for. */
export interface PoolTest {
  readonly endpoint: Endpoint;
  /** Null: what the pool says without one. */
  readonly login: Login | null;
  /** Name or alias. Absent: it is found out; the dialect likewise. */
  readonly algorithm?: string;
  readonly dialect?: string;
  /** Absent: as the pool list says, else false. */
  readonly tls?: boolean;
  /** What is absent is as the pool list says, else as usual. */
  readonly options?: Partial<PoolOptions>;
}

export const DIALECT_SOURCES = ['job', 'given', 'answers', 'catalogue', 'unknown'] as const;

/** How it is known what a pool speaks: as `AlgorithmSource`; `answers`: what it answered fits no other that was thought of. */
export type DialectSource = (typeof DIALECT_SOURCES)[number];

/** What a test has found. */
export interface PoolTestView
  extends Omit<PoolFinding, 'isDialectProven' | 'namedAlgorithm' | 'impliedAlgorithm'> {
  readonly pool: string;
  readonly dialectFrom: DialectSource;
  /** Name; null where it is not known. */
  readonly algorithm: string | null;
  readonly algorithmFrom: AlgorithmSource;
  readonly possibleAlgorithms: readonly string[];
  /** For people. */
  readonly notes: readonly string[];
}

/** So many pools are being asked that this one has to wait. */
interface TooMany {
  readonly kind: 'busy';
}

export type PoolTestResult =
  | { readonly kind: 'tested'; readonly test: PoolTestView }
  | { readonly kind: 'unknown-algorithm'; readonly known: readonly string[] }
  | { readonly kind: 'unknown-dialect'; readonly known: readonly string[] }
  | NoDifficulty
  | TooMany;

export interface PoolTestsPort {
  /** Connects to the pool, logs in, and waits for a job. Takes up to 15 seconds. */
  test(request: PoolTest): Promise<PoolTestResult>;
}
