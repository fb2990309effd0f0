import type { HistogramRow, PoolRow, TotalRow, WorkerFacts, WorkerReport } from '../domain/report.ts';
import { addCounts } from './add-counts.ts';
import { foldMiners, type MinerRows } from './miner-rows.ts';
import type { ProcessFacts } from './process-monitor.ts';

/** One thing the proxy needs to do its work, and whether it is there. */
export interface ReadyCheck {
  /** A short stable word: `store`, … */
  readonly name: string;
  readonly ready: boolean;
}

export interface BuildFacts {
  /** The proxy's version. */
  readonly version: string;
  /** When this process began, in milliseconds since 1970-01-01 UTC. */
  readonly startedAtMs: number;
}

/** All that one exposition is made from. */
export interface ScrapeInput {
  /** The label `proxy`. */
  readonly tag: string;
  /** Above so many sessions, or twice as many rows with those of the last minute, the per-miner series are left out. */
  readonly maxWorkers: number;
  /** One per worker process. */
  readonly reports: readonly WorkerReport[];
  readonly checks: readonly ReadyCheck[];
  readonly process: ProcessFacts;
  readonly build: BuildFacts;
}

/** The reports of all workers folded together: every label set once. */
export interface Scrape extends Omit<ScrapeInput, 'reports'> {
  /** True when the per-miner series are left out; there are no miner rows then. */
  readonly suppressed: boolean;
  readonly miners: MinerRows;
  readonly pools: readonly PoolRow[];
  readonly totals: readonly TotalRow[];
  readonly facts: WorkerFacts;
}

/**
 * Rows of what is over are kept for a minute: a farm that reconnects as a whole doubles them for that long, which the
 * per-miner series bear. More than that is churn without end, which they do not.
 */
const ROWS_PER_SESSION = 2;

/**
 * Folds the reports. A generator because there may be a hundred thousand rows: it yields after each, so that the
 * caller can pause.
 */
export function* foldReports(input: ScrapeInput): Generator<undefined, Scrape, undefined> {
  const { reports } = input;
  const facts = foldFacts(reports.map((report) => report.facts));
  const rows = reports.reduce((sum, report) => sum + report.sessions.length, 0);
  const suppressed = facts.sessions > input.maxWorkers || rows > ROWS_PER_SESSION * input.maxWorkers;
  const miners = yield* foldMiners(suppressed ? [] : reports.map((report) => report.sessions));
  const pools = new Map<string, PoolRow>();
  const totals = new Map<string, TotalRow>();
  for (const report of reports) {
    for (const row of report.pools) {
      const key = `${row.pool}\n${row.algorithm}`;
      const known = pools.get(key);
      pools.set(key, known === undefined ? row : addPools(known, row));
    }
    for (const row of report.totals) {
      const key = `${row.account}\n${row.pool}\n${row.algorithm}`;
      const known = totals.get(key);
      totals.set(key, known === undefined ? row : addTotals(known, row));
      yield;
    }
  }
  return {
    tag: input.tag,
    maxWorkers: input.maxWorkers,
    checks: input.checks,
    process: input.process,
    build: input.build,
    suppressed,
    miners,
    pools: [...pools.values()],
    totals: [...totals.values()],
    facts,
  };
}

function addPools(a: PoolRow, b: PoolRow): PoolRow {
  return {
    pool: a.pool,
    algorithm: a.algorithm,
    divider: a.divider,
    up: a.up || b.up,
    upstreams: {
      idle: a.upstreams.idle + b.upstreams.idle,
      dialing: a.upstreams.dialing + b.upstreams.dialing,
      handshaking: a.upstreams.handshaking + b.upstreams.handshaking,
      live: a.upstreams.live + b.upstreams.live,
      cooling: a.upstreams.cooling + b.upstreams.cooling,
    },
    sessions: a.sessions + b.sessions,
    jobs: a.jobs + b.jobs,
    failures: a.failures + b.failures,
    lastError: b.lastError === '' ? a.lastError : b.lastError,
    roundTrip: addHistograms(a.roundTrip, b.roundTrip),
  };
}

function addTotals(a: TotalRow, b: TotalRow): TotalRow {
  return {
    account: a.account,
    pool: a.pool,
    algorithm: a.algorithm,
    counts: addCounts(a.counts, b.counts),
    received: a.received + b.received,
    inFlight: a.inFlight + b.inFlight,
    work: a.work + b.work,
    workFound: a.workFound + b.workFound,
    workAtPool: a.workAtPool + b.workAtPool,
    sharesAtPool: a.sharesAtPool + b.sharesAtPool,
  };
}

/** Workers run the same code, so their bounds are the same. */
function addHistograms(a: HistogramRow, b: HistogramRow): HistogramRow {
  return {
    bounds: a.bounds,
    cumulative: a.cumulative.map((count, at) => count + (b.cumulative[at] ?? 0)),
    sum: a.sum + b.sum,
    count: a.count + b.count,
  };
}

const NO_FACTS: WorkerFacts = {
  worker: 0,
  sessions: 0,
  authorizedSessions: 0,
  upstreams: 0,
  connectionsAccepted: 0,
  connectionsRefused: {},
  bannedAddresses: 0,
  quarantinedSessions: 0,
  quarantines: 0,
  authorizeFailures: 0,
  bytesFromMiners: 0,
  bytesToMiners: 0,
  bytesFromPools: 0,
  bytesToPools: 0,
  jobFanOut: { bounds: [], cumulative: [], sum: 0, count: 0 },
  accountsWithJob: 0,
  accountsInUse: 0,
};

function foldFacts(all: readonly WorkerFacts[]): WorkerFacts {
  const [first, ...others] = all;
  return first === undefined ? NO_FACTS : others.reduce(addFacts, first);
}

function addFacts(a: WorkerFacts, b: WorkerFacts): WorkerFacts {
  const refused: Record<string, number> = { ...a.connectionsRefused };
  for (const [reason, count] of Object.entries(b.connectionsRefused)) {
    refused[reason] = (refused[reason] ?? 0) + count;
  }
  return {
    worker: a.worker,
    sessions: a.sessions + b.sessions,
    authorizedSessions: a.authorizedSessions + b.authorizedSessions,
    upstreams: a.upstreams + b.upstreams,
    connectionsAccepted: a.connectionsAccepted + b.connectionsAccepted,
    connectionsRefused: refused,
    bannedAddresses: a.bannedAddresses + b.bannedAddresses,
    quarantinedSessions: a.quarantinedSessions + b.quarantinedSessions,
    quarantines: a.quarantines + b.quarantines,
    authorizeFailures: a.authorizeFailures + b.authorizeFailures,
    bytesFromMiners: a.bytesFromMiners + b.bytesFromMiners,
    bytesToMiners: a.bytesToMiners + b.bytesToMiners,
    bytesFromPools: a.bytesFromPools + b.bytesFromPools,
    bytesToPools: a.bytesToPools + b.bytesToPools,
    jobFanOut: addHistograms(a.jobFanOut, b.jobFanOut),
    accountsWithJob: a.accountsWithJob + b.accountsWithJob,
    accountsInUse: a.accountsInUse + b.accountsInUse,
  };
}
