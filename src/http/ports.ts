import type { AccountDifficulty, AccountMode, AlgorithmFacts } from '../domain/account.ts';
import type { AlgorithmSource } from '../domain/algorithm-judgement.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import type { HistoryScope } from '../domain/history.ts';
import type { PoolOptions } from '../domain/pool-options.ts';
import type { PoolPattern, PoolSource } from '../domain/pool-pattern.ts';
import type { PoolFinding } from '../domain/pool-probe.ts';
import type { ShareCounts, WorkerReport } from '../domain/report.ts';
import type { EventsPort, FleetPort, ServerPort } from './fleet-port.ts';
import type { ManagePorts } from './manage-ports.ts';

/** Where to mine and as whom. */
export interface Credentials {
  readonly endpoint: Endpoint;
  readonly user: string;
  /** Secret. May be empty. */
  readonly password: string;
}

/** What an account has beside its credentials. Absent: not given. */
export interface AccountProperties {
  readonly mode?: AccountMode;
  readonly label?: string;
  /** Each by itself; null: none, or what is configured for all. */
  readonly difficulty?: Partial<AccountDifficulty>;
  readonly workerTemplate?: string;
}

/** What `POST /users` asks for; the credentials are the primary's. */
export interface Registration extends Credentials, AccountProperties {
  /** In order. */
  readonly backups?: readonly Credentials[];
}

/** What `PATCH /users/{name}` asks for. Absent: stays as it is. */
export interface AccountChange extends Partial<Credentials>, AccountProperties {
  /** In the place of all that there were. Without a password: that of the account's entry with the same address and user, else none. */
  readonly backups?: readonly (Omit<Credentials, 'password'> & { readonly password?: string })[];
}

/** Why an account cannot be as it was asked for. */
export type AccountRefusal =
  | { readonly kind: 'unknown-pool'; readonly endpoint: Endpoint }
  /** The account `name` is in the way. The message says how and holds no secret. */
  | { readonly kind: 'conflict'; readonly name: string; readonly message: string }
  /** The pool at `endpoint` mines `algorithm`, the entries before it `expected`. */
  | {
      readonly kind: 'mixed-algorithms';
      readonly endpoint: Endpoint;
      readonly algorithm: string;
      readonly expected: string;
    }
  | { readonly kind: 'difficulty-range'; readonly min: number; readonly max: number }
  /** The mode `shared` is not possible for what is mined at `endpoint`. */
  | { readonly kind: 'not-sharable'; readonly endpoint: Endpoint; readonly algorithm: string };

export type RegisterResult =
  | { readonly kind: 'created'; readonly name: string }
  | { readonly kind: 'existing'; readonly name: string }
  | AccountRefusal;

export type UpdateAccountResult =
  | { readonly kind: 'updated'; readonly account: AccountView }
  | { readonly kind: 'not-found' }
  | AccountRefusal;

/** One entry of an account as it is shown. */
export interface CredentialsView {
  /** `host:port` or `[IPv6]:port`. */
  readonly pool: string;
  readonly user: string;
  readonly hasPassword: boolean;
  /** What the pool mines; null when it is no longer in the pool list. */
  readonly algorithm: string | null;
}

/** An account as it is shown; the credentials are the primary's. */
export interface AccountView extends CredentialsView {
  readonly name: string;
  readonly backups: readonly CredentialsView[];
  readonly mode: AccountMode;
  readonly label: string;
  readonly difficulty: AccountDifficulty;
  readonly workerTemplate: string;
  /** 1 at first, one more with every change. */
  readonly revision: number;
  /** ISO 8601 in UTC. */
  readonly createdAt: string;
  readonly changedAt: string;
  /** When it last had a miner, to the minute; null: not since that is noted. */
  readonly lastSeenAt: string | null;
}

export interface AccountQuery {
  readonly limit: number;
  /** `next` of the page before; null for the first page. */
  readonly after: string | null;
  /** Lower case; found in the name, the label, or a user or pool of any entry, whatever their case. */
  readonly search: string | null;
}

export interface AccountPage {
  /** Ordered by name. */
  readonly users: readonly AccountView[];
  /** What to pass as `after` for the page that follows; null after the last. */
  readonly next: string | null;
}

/** Names are in lower case. */
export interface AccountsPort {
  /** Resolves when the account is safe on disk. */
  register(registration: Registration): Promise<RegisterResult>;
  list(query: AccountQuery): Promise<AccountPage>;
  show(name: string): Promise<AccountView | null>;
  /** Resolves when the change is safe on disk and has begun to reach the miners. */
  update(name: string, change: AccountChange): Promise<UpdateAccountResult>;
  /** The same. */
  delete(name: string): Promise<{ readonly kind: 'deleted' | 'not-found' }>;
}

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
  | { readonly kind: 'updated'; readonly pool: PoolView }
  /** The list has no entry of this very address. */
  | { readonly kind: 'not-found' }
  /** A pool of the catalogue keeps the catalogue's label. */
  | { readonly kind: 'catalogue-label' }
  | { readonly kind: 'unknown-algorithm'; readonly known: readonly string[] }
  | { readonly kind: 'unknown-dialect'; readonly known: readonly string[] }
  | NoDifficulty;

/** What is in the way: how many there are, and the first few by name. */
export interface InUse {
  readonly kind: 'in-use';
  readonly count: number;
  readonly names: readonly string[];
}

export type DeletePoolResult =
  | { readonly kind: 'deleted'; readonly pool: PoolView }
  | { readonly kind: 'not-found' }
  /** Accounts use it. */
  | InUse;

export interface PoolsPort {
  /** Resolves when the pool is safe on disk. */
  add(addition: PoolAddition): Promise<AddPoolResult>;
  /** Changes the entry of this host or wildcard and port. Resolves when the change is safe on disk and has begun to reach the miners. */
  update(address: Endpoint, change: PoolChange): Promise<UpdatePoolResult>;
  /** Takes the entry of this host or wildcard and port off the list. Resolves when that is safe on disk. */
  delete(address: Endpoint): Promise<DeletePoolResult>;
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

export interface AlgorithmView extends AlgorithmFacts {
  /** Other names it is known by. */
  readonly aliases: readonly string[];
  /** Wire protocols it is mined with, the usual one first. */
  readonly dialects: readonly string[];
  /** What an operator should know of it; may be empty. */
  readonly note: string;
  readonly source: PoolSource;
  /** What an operator has changed of what the catalogue says. */
  readonly overridden: readonly string[];
}

/** What `POST /algorithms` asks for. */
export interface AlgorithmAddition extends AlgorithmFacts {
  readonly aliases?: readonly string[];
  readonly dialects: readonly [string, ...string[]];
  readonly note?: string;
}

/** What `PATCH /algorithms/{name}` asks for. Absent: stays as it is. Null: the default, which for the catalogue's is what it says. */
export interface AlgorithmChange {
  readonly divider?: number | null;
  readonly unit?: AlgorithmFacts['unit'] | null;
  readonly aliases?: readonly string[] | null;
  readonly dialects?: readonly [string, ...string[]] | null;
  readonly note?: string | null;
}

export type AddAlgorithmResult =
  | { readonly kind: 'created' | 'existing'; readonly algorithm: AlgorithmView }
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'unknown-dialect'; readonly dialect: string; readonly known: readonly string[] };

export type UpdateAlgorithmResult =
  | { readonly kind: 'updated'; readonly algorithm: AlgorithmView }
  | { readonly kind: 'not-found'; readonly known: readonly string[] }
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'unknown-dialect'; readonly dialect: string; readonly known: readonly string[] }
  /** Null was given for this key, which has no default. */
  | { readonly kind: 'no-default'; readonly key: string }
  /** Entries of the pool list name a dialect that would be taken away. */
  | InUse;

export type DeleteAlgorithmResult =
  | { readonly kind: 'deleted'; readonly algorithm: AlgorithmView }
  | { readonly kind: 'not-found'; readonly known: readonly string[] }
  /** It ships with the program. */
  | { readonly kind: 'catalogue' }
  /** Pools of the list are of it. */
  | InUse;

/** Changes resolve when they are safe on disk and have begun to reach the miners. */
export interface AlgorithmsPort {
  /** Ordered by name. */
  list(): Promise<readonly AlgorithmView[]>;
  add(addition: AlgorithmAddition): Promise<AddAlgorithmResult>;
  update(name: string, change: AlgorithmChange): Promise<UpdateAlgorithmResult>;
  delete(name: string): Promise<DeleteAlgorithmResult>;
}

/** One thing the proxy needs to do its work. */
export interface HealthCheck {
  /** A short stable word: `store`, `listener`, … */
  readonly name: string;
  readonly ready: boolean;
  /** What is wrong, for people; empty when ready. Holds no secret. */
  readonly message: string;
}

export interface HealthPort {
  ready(): Promise<{ readonly ready: boolean; readonly checks: readonly HealthCheck[] }>;
}

/** `text`: Prometheus text format 0.0.4. `openmetrics`: OpenMetrics 1.0.0. */
export type MetricsFormat = 'text' | 'openmetrics';

export interface MetricsPort {
  /** The exposition in chunks, made as they are asked for. Fails before its first chunk, or ends whole. */
  render(format: MetricsFormat): AsyncIterable<Uint8Array>;
}

export interface ReportsPort {
  /** What every worker says of itself now, with totals of all runs of the program. Costs something for every connected miner. */
  read(): Promise<readonly WorkerReport[]>;
}

/** The sum of one bucket of one algorithm. */
export interface HistoryPointView {
  /** When it begins, in milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
  readonly algorithm: string;
  /** Hashes behind the credited shares. */
  readonly work: number;
  readonly hashrateHs: number;
  readonly counts: Partial<ShareCounts>;
}

export interface HistoryPort {
  /** What was mined in the scope, up to ten seconds ago; by time, without empty buckets. */
  read(
    scope: HistoryScope,
    range: { readonly fromMs: number; readonly toMs: number },
  ): Promise<{
    readonly stepSeconds: number;
    /** The range in whole steps. */
    readonly fromMs: number;
    readonly toMs: number;
    readonly points: readonly HistoryPointView[];
  }>;
}

/** Why what stands behind the ports cannot be used at the moment: locked by another process, no room on its disk, or not there at all. */
export type StoreOutage = 'busy' | 'full' | 'down';

export interface FaultsPort {
  /** What the rejection of a port's call means; null for a fault of the program. */
  outageOf(thrown: unknown): StoreOutage | null;
}

/** All that the server needs from the rest of the program. */
export interface HttpPorts {
  readonly accounts: AccountsPort;
  readonly pools: PoolsPort;
  readonly poolTests: PoolTestsPort;
  readonly algorithms: AlgorithmsPort;
  readonly health: HealthPort;
  readonly metrics: MetricsPort;
  readonly reports: ReportsPort;
  readonly fleet: FleetPort;
  readonly events: EventsPort;
  readonly server: ServerPort;
  readonly history: HistoryPort;
  readonly faults: FaultsPort;
  readonly manage: ManagePorts;
}
