import { addCounts } from './counts.ts';
import type {
  AlgorithmSum,
  FleetSummary,
  HistogramRow,
  LoginRow,
  PoolRow,
  TotalRow,
  WorkerFacts,
  WorkerReport,
} from './report.ts';

/** The reports of all workers as one: every session, and each pool and each total once. */
export function joinReports(reports: readonly WorkerReport[]): WorkerReport {
  const [only, ...others] = reports;
  if (only !== undefined && others.length === 0) return only;
  const pools = new Map<string, PoolRow>();
  const totals = new Map<string, TotalRow>();
  const logins = new Map<string, LoginRow>();
  for (const report of reports) {
    for (const row of report.pools) foldInto(pools, `${row.pool}\n${row.algorithm}`, row, addPools);
    for (const row of report.totals)
      foldInto(totals, `${row.account}\n${row.pool}\n${row.algorithm}`, row, addTotals);
    for (const row of report.logins)
      foldInto(logins, `${row.account}\n${row.pool}\n${row.algorithm}\n${row.user}`, row, addLogins);
  }
  return {
    sessions: reports.flatMap(({ sessions }) => sessions),
    totals: [...totals.values()],
    pools: [...pools.values()],
    logins: [...logins.values()],
    facts: foldFacts(reports.map(({ facts }) => facts)),
  };
}

/** The sums of all workers together. A worker whose miners are spread over several is counted by each. */
export function joinSummaries(summaries: readonly FleetSummary[]): FleetSummary {
  const [only, ...others] = summaries;
  if (only !== undefined && others.length === 0) return only;
  const pools = new Map<string, PoolRow>();
  const algorithms = new Map<string, AlgorithmSum>();
  for (const summary of summaries) {
    for (const row of summary.pools) foldInto(pools, `${row.pool}\n${row.algorithm}`, row, addPools);
    for (const row of summary.algorithms) foldInto(algorithms, row.algorithm, row, addAlgorithms);
  }
  const sum = (valueOf: (summary: FleetSummary) => number): number =>
    summaries.reduce((all, summary) => all + valueOf(summary), 0);
  return {
    sessions: sum(({ sessions }) => sessions),
    authorizedSessions: sum(({ authorizedSessions }) => authorizedSessions),
    miningSessions: sum(({ miningSessions }) => miningSessions),
    upstreams: sum(({ upstreams }) => upstreams),
    algorithms: [...algorithms.values()],
    received: sum(({ received }) => received),
    accepted: sum(({ accepted }) => accepted),
    rejected: sum(({ rejected }) => rejected),
    workFound: sum(({ workFound }) => workFound),
    workAtPool: sum(({ workAtPool }) => workAtPool),
    sharesAtPool: sum(({ sharesAtPool }) => sharesAtPool),
    pools: [...pools.values()],
  };
}

function addAlgorithms(a: AlgorithmSum, b: AlgorithmSum): AlgorithmSum {
  return {
    algorithm: a.algorithm,
    hashrateHs: a.hashrateHs + b.hashrateHs,
    workers: a.workers + b.workers,
  };
}

function foldInto<Row>(rows: Map<string, Row>, key: string, row: Row, add: (a: Row, b: Row) => Row): void {
  const known = rows.get(key);
  rows.set(key, known === undefined ? row : add(known, row));
}

/** The same pool as two workers see it. */
export function addPools(a: PoolRow, b: PoolRow): PoolRow {
  return {
    pool: a.pool,
    algorithm: a.algorithm,
    divider: a.divider,
    up: a.up || b.up,
    upstreams: addUpstreams(a.upstreams, b.upstreams),
    sessions: a.sessions + b.sessions,
    jobs: a.jobs + b.jobs,
    failures: a.failures + b.failures,
    lastError: b.lastError === '' ? a.lastError : b.lastError,
    lastErrorAtMs:
      b.lastErrorAtMs === null ? a.lastErrorAtMs : Math.max(a.lastErrorAtMs ?? 0, b.lastErrorAtMs),
    isFailing: a.isFailing || b.isFailing,
    loginsRefused: a.loginsRefused + b.loginsRefused,
    isRefusing: a.isRefusing || b.isRefusing,
    waiting: a.waiting + b.waiting,
    roundTrip: addHistograms(a.roundTrip, b.roundTrip),
  };
}

function addUpstreams(a: PoolRow['upstreams'], b: PoolRow['upstreams']): PoolRow['upstreams'] {
  return {
    idle: a.idle + b.idle,
    dialing: a.dialing + b.dialing,
    handshaking: a.handshaking + b.handshaking,
    live: a.live + b.live,
    cooling: a.cooling + b.cooling,
  };
}

/** The same login as two workers see it; the later refusal is the last. */
function addLogins(a: LoginRow, b: LoginRow): LoginRow {
  const isLater = (b.lastRefusal?.atMs ?? 0) > (a.lastRefusal?.atMs ?? 0);
  return {
    ...a,
    upstreams: addUpstreams(a.upstreams, b.upstreams),
    sessions: a.sessions + b.sessions,
    waiting: a.waiting + b.waiting,
    isFailing: a.isFailing || b.isFailing,
    isRefusing: a.isRefusing || b.isRefusing,
    lastRefusal: isLater ? b.lastRefusal : a.lastRefusal,
  };
}

/** The same books as two workers keep them. */
export function addTotals(a: TotalRow, b: TotalRow): TotalRow {
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

/** Of a worker that has done nothing yet. */
export const NO_FACTS: WorkerFacts = {
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
  accountsTurnedAway: 0,
};

/** The figures of all workers together. */
export function foldFacts(all: readonly WorkerFacts[]): WorkerFacts {
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
    accountsTurnedAway: a.accountsTurnedAway + b.accountsTurnedAway,
  };
}
