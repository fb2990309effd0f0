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
  readonly roundTripSeconds: number | null;
}

export type Severity = 'info' | 'warning' | 'error';

export interface ProxyEvent {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly message: string;
  readonly account?: string;
  readonly pool?: string;
  readonly worker?: string;
  readonly address?: string;
}

export interface Credentials {
  readonly pool: string;
  readonly user: string;
  readonly hasPassword: boolean;
  readonly algorithm: string | null;
}

export interface UserView extends Credentials {
  readonly name: string;
  readonly backups: readonly Credentials[];
  readonly mode: 'auto' | 'dedicated' | 'shared';
  readonly label: string;
  readonly revision: number;
  readonly createdAt: string;
  readonly changedAt: string;
  readonly mining: {
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
