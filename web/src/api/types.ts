/**
 * What the REST API answers, as far as the page reads it (docs/rest-api.md). Times are ISO 8601 in UTC, rates H/s, work in hashes.
 */

export type ShareCounts = Readonly<Record<string, number>>;

export type Unit = 'H' | 'Sol' | 'g';

/** Over 1, 5 and 15 minutes; `5mError` is the relative standard error of the second. */
export interface Hashrate {
  readonly '1m': number;
  readonly '5m': number;
  readonly '15m': number;
  readonly '5mError': number | null;
}

export interface SessionView {
  readonly id: string;
  readonly address: string;
  readonly ip: string;
  readonly account: string;
  readonly worker: string;
  readonly agent: string;
  readonly dialect: string;
  readonly pool: string;
  readonly algorithm: string;
  readonly up: boolean;
  readonly connectedAt: string;
  readonly lastShareAt: string | null;
  readonly difficulty: number;
  readonly hashrate: Hashrate;
  readonly shares: ShareCounts;
  readonly received: number;
  readonly inFlight: number;
  readonly quarantined: boolean;
  /** By a connection that has not logged in; null for others. */
  readonly bytesReceived: number | null;
}

export interface WorkerView {
  readonly account: string;
  readonly worker: string;
  readonly sessions: number;
  readonly agents: readonly string[];
  readonly pool: string;
  readonly algorithm: string;
  readonly difficulty: number;
  readonly hashrate: Hashrate;
  readonly shares: ShareCounts;
  readonly received: number;
  readonly connectedAt: string;
  readonly lastShareAt: string | null;
  readonly up: boolean;
}

export interface RecordedLine {
  readonly at: string;
  readonly from: 'miner' | 'proxy';
  readonly text: string;
}

export interface Recording {
  readonly recordingSince: string | null;
  readonly until: string | null;
  readonly lines: readonly RecordedLine[];
}

/** A recording that is being made, or is kept. */
export interface RecordingRow {
  /** Of the session. */
  readonly id: string;
  readonly account: string;
  readonly worker: string;
  readonly address: string;
  readonly recordingSince: string;
}

export interface AlgorithmRate {
  readonly algorithm: string;
  readonly unit: Unit;
  readonly hashrateHs: number;
  readonly workers: number;
}

/** What the stream says of all miners once a second. */
export interface Fleet {
  readonly at: string;
  readonly sessions: number;
  readonly authorizedSessions: number;
  readonly workers: number;
  readonly upstreams: number;
  readonly algorithms: readonly AlgorithmRate[];
  readonly sharesPerSecond: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Of the last five minutes; null without shares. */
  readonly acceptance: number | null;
  readonly efficiency1h: number | null;
  /** Relative standard error of it; null while no pool has accepted a share. */
  readonly efficiency1hError: number | null;
  readonly pools: { readonly up: number; readonly down: number };
  /** Absent before the proxy says it. */
  readonly ready?: boolean;
  /** The checks that do not pass, each as `name: what is wrong`. */
  readonly notReady?: readonly string[];
}

/** How a pool is, or an account at it: `idle` where nobody wants to mine there, `refused` where it takes no login. */
export type PoolCondition = 'up' | 'idle' | 'connecting' | 'down' | 'refused';

export interface WhoAmI {
  readonly scope: string;
  readonly open: boolean;
  readonly label: string | null;
  readonly expiresAt: string | null;
}

export interface Refusal {
  readonly at: string;
  /** In the pool's words. */
  readonly reason: string;
}

export interface PoolState {
  readonly pool: string;
  readonly algorithm: string;
  readonly up: boolean;
  readonly upstreams: Readonly<Record<string, number>>;
  readonly sessions: number;
  readonly jobs: number;
  readonly failures: number;
  readonly lastError: string;
  readonly lastErrorAt?: string | null;
  readonly state?: PoolCondition;
  /** Miners that wait for it. */
  readonly waiting?: number;
  readonly roundTripSeconds: number | null;
}

export type Severity = 'info' | 'warning' | 'error';

export interface ProxyEvent {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly message: string;
  /** More than 1 where it came so often that it is told in one. */
  readonly count?: number;
  readonly account?: string;
  readonly pool?: string;
  readonly worker?: string;
  readonly address?: string;
  /** Whose doing it was: a token as the audit log names it, `local`, `command line`, `proxy`. */
  readonly by?: string;
  /** Names of the fields that are others now. */
  readonly changed?: readonly string[];
  readonly algorithm?: string;
  readonly version?: string;
  readonly lastEnd?: string;
}

export interface Credentials {
  readonly pool: string;
  readonly user: string;
  readonly hasPassword: boolean;
  readonly algorithm: string | null;
}

/** What the miners of an account do at one of its pools. */
export interface PoolOfAccount {
  readonly pool: string;
  readonly algorithm: string;
  /** Login at the pool, by which two of one pool are told apart; null where the account has the pool no more. */
  readonly user: string | null;
  readonly state: PoolCondition;
  readonly lastRefusal: Refusal | null;
  readonly miners: number;
}

export interface UserView extends Credentials {
  readonly name: string;
  readonly backups: readonly Credentials[];
  readonly mode: 'auto' | 'dedicated' | 'shared';
  readonly label: string;
  readonly revision: number;
  readonly createdAt: string;
  readonly changedAt: string;
  readonly lastSeenAt: string | null;
  readonly difficulty: {
    readonly min: number | null;
    readonly max: number | null;
    readonly sharesPerMinute: number | null;
  };
  readonly workerTemplate: string;
  readonly mining: {
    /** Miners that wait for a pool. */
    readonly waiting: number;
    readonly pools: readonly PoolOfAccount[];
    readonly miners: number;
    readonly shares: ShareCounts;
    readonly efficiency: number | null;
    readonly efficiencyError: number | null;
    readonly pool: string | null;
  };
}

export interface PoolEntry {
  readonly pool: string;
  readonly algorithm: string;
  readonly algorithmFrom: string;
  readonly dialect: string;
  readonly tls: boolean;
  readonly label: string;
  readonly coin: string;
  readonly source: 'catalogue' | 'operator' | (string & {});
  readonly options: PoolOptions;
}

export interface PoolOptions {
  readonly suggestDifficulty: number | null;
  readonly passwordTemplate: string | null;
  readonly jobTimeoutSeconds: number | null;
  readonly tlsVerify: boolean | null;
  readonly tlsFingerprint: string | null;
  readonly via: string | null;
}

/** A login of a miner that was refused, as often as it was. */
export interface RefusedLogin {
  readonly address: string;
  readonly name: string;
  readonly agent: string;
  readonly dialect: string;
  readonly reason: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface AlgorithmView {
  readonly name: string;
  readonly unit: Unit;
  readonly divider: number;
  readonly aliases: readonly string[];
  readonly dialects: readonly string[];
}

/** What a test of a pool has found; the page shows what it knows and leaves the rest to the API. */
export interface PoolTestView {
  readonly pool: string;
  readonly dialect: string | null;
  readonly algorithm: string | null;
  readonly notes: readonly string[];
  readonly [key: string]: unknown;
}

export interface HistoryPoint {
  readonly at: string;
  readonly work: number;
  readonly hashrateHs: number;
  readonly accepted: number;
  readonly rejected: number | Readonly<Record<string, number>>;
}

export interface HistorySeries {
  readonly algorithm: string;
  readonly unit: Unit;
  readonly points: readonly HistoryPoint[];
}

export interface History {
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  readonly series: readonly HistorySeries[];
}

export interface Ban {
  readonly address: string;
  readonly until: string | null;
  readonly reason: string;
  readonly by: 'proxy' | 'operator';
}

export interface TokenView {
  readonly id: string | number;
  readonly scope: string;
  readonly label: string;
  readonly createdAt?: string;
  readonly expiresAt?: string | null;
}

export interface AuditEntry {
  readonly id: number;
  readonly at: string;
  readonly who: string;
  readonly from: string;
  readonly action: string;
  readonly target: string;
  readonly change: unknown;
}

export interface ServerFacts {
  readonly version: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly node: string;
  readonly sessions: number;
  readonly upstreams: number;
  readonly stratum: { readonly address: string; readonly port: number };
  readonly web: { readonly address: string; readonly port: number };
  readonly memory: { readonly rssBytes: number; readonly heapUsedBytes: number };
  readonly openFiles: { readonly used: number | null; readonly limit: number | null };
  readonly eventLoopDelaySeconds: { readonly p50: number; readonly p99: number };
  readonly connectionsRefused: Readonly<Record<string, number>>;
}
