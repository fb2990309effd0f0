import type { RateUnit } from './figures.ts';

/**
 * What `top` shows, as the API told it. Times are milliseconds since 1970-01-01 UTC, rates H/s. Texts are as miners and operators wrote them.
 */

/** The whole fleet: the `fleet` message of `GET /api/v1/stream`. */
export interface Fleet {
  readonly atMs: number;
  readonly sessions: number;
  readonly workers: number;
  readonly upstreams: number;
  readonly algorithms: readonly AlgorithmRate[];
  readonly sharesPerSecond: number;
  /** Of the last five minutes; null without shares. */
  readonly acceptance: number | null;
  readonly efficiency: Efficiency;
  readonly poolsUp: number;
  readonly poolsDown: number;
  readonly poolsRefused: number;
  /** Why the proxy is not ready; empty where it is. */
  readonly notReady: readonly string[];
}

/** Work that pools paid for over work found. */
export interface Efficiency {
  /** A proxy that does not tell of the last hour tells of all time since its start. */
  readonly span: '1h' | 'since-start';
  /** Null where nothing was found. */
  readonly share: number | null;
  /** Relative standard error; null where it is not known. */
  readonly error: number | null;
}

export interface AlgorithmRate {
  readonly algorithm: string;
  readonly unit: RateUnit;
  readonly hashrateHs: number;
  readonly workers: number;
}

/** All sessions of one account that call themselves the same. */
export interface Worker {
  readonly worker: string;
  readonly account: string;
  readonly algorithm: string;
  readonly pool: string;
  readonly sessions: number;
  readonly hashrate5mHs: number;
  /** Relative standard error of it; null without a share. */
  readonly hashrate5mError: number | null;
  readonly difficulty: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly lastShareAtMs: number | null;
  readonly isUp: boolean;
}

/** `idle`: nobody needs it. `refused`: it refuses logins. */
export const POOL_STATES = ['up', 'idle', 'connecting', 'down', 'refused'] as const;
export type PoolState = (typeof POOL_STATES)[number];

export interface Pool {
  readonly pool: string;
  readonly algorithm: string;
  readonly state: PoolState;
  readonly sessions: number;
  readonly live: number;
  /** Connections that are being made, or wait to be. */
  readonly pending: number;
  readonly jobs: number;
  readonly failures: number;
  readonly roundTripSeconds: number | null;
  readonly lastError: string;
}

export const SEVERITIES = ['info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface FleetEvent {
  readonly id: number;
  readonly atMs: number;
  readonly kind: string;
  readonly severity: Severity;
  readonly message: string;
}

/** A part of the table of workers. */
export interface WorkerPage {
  /** How many rows come before these. */
  readonly offset: number;
  readonly rows: readonly Worker[];
  /** How many there are of these in all. */
  readonly total: number;
}
