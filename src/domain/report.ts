import type { WorkLabels } from './label-map.ts';
import type { RecentRates } from './recent-shares.ts';
import type { RecentEfficiency } from './recent-work.ts';
import type { ShareResult } from './result.ts';

/**
 * What a worker process tells the supervisor of itself when asked: plain data only, since it crosses a process boundary.
 * Times are milliseconds since 1970-01-01 UTC, rates H/s, work is in hashes.
 */

/** Shares by bucket. Every bucket is present. */
export type ShareCounts = Readonly<Record<ShareResult, number>>;

/**
 * One miner's connection on one pool. A session that was moved to another pool has one row per pool;
 * rows of what is over (`up: false`) are kept for a minute.
 */
export interface SessionRow {
  readonly id: string;
  /** `ip:port` of the miner: the label `worker` of the original metrics. */
  readonly address: string;
  /** Account name: the label `user`. Empty before authorize. */
  readonly account: string;
  /** What the miner put after the first `.` of its user name. */
  readonly worker: string;
  readonly agent: string;
  readonly dialect: string;
  /** `host:port` of the pool; empty while there is none. */
  readonly pool: string;
  readonly algorithm: string;
  readonly up: boolean;
  readonly connectedAtMs: number;
  readonly lastShareAtMs: number | null;
  /** Difficulty in force for the newest job sent; 0 before the first. */
  readonly difficulty: number;
  readonly received: number;
  readonly inFlight: number;
  readonly counts: ShareCounts;
  /** Sum of the difficulties of all shares received, and of those credited. */
  readonly difficultyReceived: number;
  readonly difficultyAccepted: number;
  /** Hashrate over 1, 5 and 15 minutes, from credited shares; a younger session divides by its age. */
  readonly rate1mHs: number;
  readonly rate5mHs: number;
  readonly rate15mHs: number;
  /** Relative standard error of the 5-minute rate, 1/√n of n equal shares; null without a share in the window. */
  readonly rate5mError: number | null;
  /** Its shares are held back, since most of them were invalid. */
  readonly isQuarantined: boolean;
  /** What a connection that has not logged in has sent; null for the others, of which it is not asked. */
  readonly bytesReceived: number | null;
}

/** One session looked at by itself. */
export interface SessionDetail {
  readonly row: SessionRow;
  readonly isSubscribed: boolean;
  readonly isAuthorized: boolean;
  /** It has a job of a connection that is up. */
  readonly isMining: boolean;
  /** It takes `mining.set_extranonce`. */
  readonly isExtranonceAware: boolean;
  /** Hex and bytes, as the miner was told. */
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
  /** 8 hex digits; null where it did not negotiate version rolling. */
  readonly versionMask: string | null;
  /** What its shares are submitted under; empty before it has logged in. */
  readonly nameAtPool: string;
  /** State of its connection to the pool; null while it has none. */
  readonly upstream: string | null;
}

/** Totals since start per (account, pool, algorithm); account and pool are empty for shares before a successful authorize. */
export interface TotalRow {
  readonly account: string;
  readonly pool: string;
  readonly algorithm: string;
  readonly counts: ShareCounts;
  readonly received: number;
  readonly inFlight: number;
  /** Hashes behind the credited shares. */
  readonly work: number;
  /** Hashes behind every valid share found here, each at its own difficulty. */
  readonly workFound: number;
  /** Hashes behind the shares that the pool accepted, at its difficulty, and how many they were: `workAtPool / workFound` is the efficiency. */
  readonly workAtPool: number;
  readonly sharesAtPool: number;
}

/** What the miners of one worker name did on one pool within some time: sums, so that they add up. */
export interface WorkRow extends WorkLabels {
  /** Hashes behind the credited shares. */
  readonly work: number;
  /** Results that did not occur are absent. */
  readonly counts: Partial<ShareCounts>;
}

/** A part of what a worker counted since it was last asked. */
export interface Collection {
  /** One for each session and pool that had a verdict; labels may come up more than once. */
  readonly work: readonly WorkRow[];
  /** There is more to be asked for. */
  readonly hasMore: boolean;
  /** Those that have changed; the figures are since start. In the last part only. */
  readonly totals: readonly TotalRow[];
}

/** One pool that is, or was since start, in use. */
export interface PoolRow {
  readonly pool: string;
  readonly algorithm: string;
  readonly divider: number;
  /** At least one upstream is logged in and has a job. */
  readonly up: boolean;
  readonly upstreams: Readonly<Record<'idle' | 'dialing' | 'handshaking' | 'live' | 'cooling', number>>;
  readonly sessions: number;
  /** Jobs received since start. */
  readonly jobs: number;
  /** Failed dials, refused logins and connections lost since start. */
  readonly failures: number;
  readonly lastError: string;
  readonly lastErrorAtMs: number | null;
  /** Its last connection attempt failed, and none has succeeded since. */
  readonly isFailing: boolean;
  /** Accounts whose last login was refused within the last minutes. */
  readonly loginsRefused: number;
  /** The last that failed was such a login: the pool can be had. */
  readonly isRefusing: boolean;
  /** Miners on connections that are not up. */
  readonly waiting: number;
  /** Round trip of submits: count per upper bound in seconds (cumulative, as Prometheus wants it), their sum and count. */
  readonly roundTrip: HistogramRow;
}

/** A login of an account that its pool has refused. */
export interface LoginRefusal {
  readonly atMs: number;
  /** The pool's words, without secrets. */
  readonly reason: string;
  /** The pool has taken the login since. */
  readonly isOver: boolean;
}

/** An account at one of its pools: while it has connections or miners there, or the pool is down for it, or has refused its login within the last day. */
export interface LoginRow
  extends Pick<PoolRow, 'pool' | 'algorithm' | 'upstreams' | 'isFailing' | 'isRefusing'> {
  readonly account: string;
  /** User name at the pool. */
  readonly user: string;
  /** Its miners there, those that wait among them. */
  readonly sessions: number;
  /** Of its miners those that are connected and have no job from there, those that were just refused for the pool's sake among them. */
  readonly waiting: number;
  /** The last one; null: none. */
  readonly lastRefusal: LoginRefusal | null;
}

export interface HistogramRow {
  /** Upper bounds in seconds, ascending, without +Inf. */
  readonly bounds: readonly number[];
  /** Observations at or below each bound. */
  readonly cumulative: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** Figures of the worker as a whole. */
export interface WorkerFacts {
  readonly worker: number;
  readonly sessions: number;
  readonly authorizedSessions: number;
  readonly upstreams: number;
  readonly connectionsAccepted: number;
  /** Connections refused or closed, by reason (`banned`, `address-cap`, `global-cap`, `not-stratum`, `http`, `handshake-timeout`, `line-too-long`, `slow-reader`, …). */
  readonly connectionsRefused: Readonly<Record<string, number>>;
  readonly bannedAddresses: number;
  /** Miners whose shares are held back at the moment, since most of them were invalid; and how often that has begun. */
  readonly quarantinedSessions: number;
  readonly quarantines: number;
  readonly authorizeFailures: number;
  readonly bytesFromMiners: number;
  readonly bytesToMiners: number;
  readonly bytesFromPools: number;
  readonly bytesToPools: number;
  readonly jobFanOut: HistogramRow;
  /** Accounts with at least one session that has a job, and all accounts with a session: readiness is their comparison. */
  readonly accountsWithJob: number;
  readonly accountsInUse: number;
  /** Further accounts, whose miners were turned away within the last two minutes: no pool takes their login, or none is up. */
  readonly accountsTurnedAway: number;
}

/** The whole report. `sessions` may arrive in several pages; the rest stands in the last. */
export interface WorkerReport {
  readonly sessions: readonly SessionRow[];
  readonly totals: readonly TotalRow[];
  readonly pools: readonly PoolRow[];
  readonly logins: readonly LoginRow[];
  readonly facts: WorkerFacts;
}

/** What the miners of one algorithm do together. */
export interface AlgorithmSum {
  readonly algorithm: string;
  /** Of the miners that are connected, over 5 minutes. */
  readonly hashrateHs: number;
  /** Different (account, worker name). */
  readonly workers: number;
}

/** The sums alone: what can be had every second, since nothing is made per miner. Shares and work since start. */
export interface FleetSummary {
  readonly sessions: number;
  readonly authorizedSessions: number;
  /** Of those the ones that have a job. */
  readonly miningSessions: number;
  readonly upstreams: number;
  readonly algorithms: readonly AlgorithmSum[];
  readonly received: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly workFound: number;
  readonly workAtPool: number;
  readonly sharesAtPool: number;
  readonly pools: readonly PoolRow[];
}

/** One look at the sums. */
export interface FleetTick {
  readonly atMs: number;
  readonly summary: FleetSummary;
  readonly recent: RecentRates;
  /** Less where the process has not run for so long. */
  readonly lastHour: RecentEfficiency;
}
