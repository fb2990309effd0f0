import { shareCounts } from '../../src/domain/counts.ts';
import { NO_FACTS } from '../../src/domain/join-reports.ts';
import type {
  LoginRow,
  PoolRow,
  SessionRow,
  TotalRow,
  WorkerFacts,
  WorkerReport,
} from '../../src/domain/report.ts';

export function sessionRow(some: Partial<SessionRow> = {}): SessionRow {
  return {
    id: 's1',
    address: '10.0.0.1:50001',
    account: '00112233445566ff',
    worker: 'rig1',
    agent: 'cgminer/4.12.1',
    dialect: 'bitcoin-v1',
    pool: 'pool.example.com:3333',
    algorithm: 'sha256d',
    up: true,
    connectedAtMs: 1_700_000_000_000,
    lastShareAtMs: null,
    difficulty: 1024,
    received: 0,
    inFlight: 0,
    counts: shareCounts(),
    difficultyReceived: 0,
    difficultyAccepted: 0,
    rate1mHs: 0,
    rate5mHs: 0,
    rate15mHs: 0,
    rate5mError: null,
    isQuarantined: false,
    bytesReceived: null,
    ...some,
  };
}

export function totalRow(some: Partial<TotalRow> = {}): TotalRow {
  return {
    account: '00112233445566ff',
    pool: 'pool.example.com:3333',
    algorithm: 'sha256d',
    counts: shareCounts(),
    received: 0,
    inFlight: 0,
    work: 0,
    workFound: 0,
    workAtPool: 0,
    sharesAtPool: 0,
    ...some,
  };
}

export function poolRow(some: Partial<PoolRow> = {}): PoolRow {
  return {
    pool: 'pool.example.com:3333',
    algorithm: 'sha256d',
    divider: 1,
    up: true,
    upstreams: { idle: 0, dialing: 0, handshaking: 0, live: 1, cooling: 0 },
    sessions: 1,
    jobs: 0,
    failures: 0,
    lastError: '',
    lastErrorAtMs: null,
    isFailing: false,
    loginsRefused: 0,
    isRefusing: false,
    waiting: 0,
    roundTrip: { bounds: [0.01, 0.1, 1], cumulative: [0, 0, 0], sum: 0, count: 0 },
    ...some,
  };
}

export function loginRow(some: Partial<LoginRow> = {}): LoginRow {
  return {
    account: '00112233445566ff',
    pool: 'pool.example.com:3333',
    algorithm: 'sha256d',
    user: 'wallet',
    upstreams: { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 0 },
    sessions: 0,
    waiting: 0,
    isFailing: false,
    isRefusing: false,
    lastRefusal: null,
    ...some,
  };
}

export function workerFacts(some: Partial<WorkerFacts> = {}): WorkerFacts {
  return {
    ...NO_FACTS,
    sessions: 1,
    authorizedSessions: 1,
    upstreams: 1,
    connectionsAccepted: 1,
    jobFanOut: { bounds: [0.001, 0.01, 0.1], cumulative: [0, 0, 0], sum: 0, count: 0 },
    accountsWithJob: 1,
    accountsInUse: 1,
    ...some,
  };
}

export function workerReport(some: Partial<WorkerReport> = {}): WorkerReport {
  return {
    sessions: [],
    totals: [],
    pools: [],
    logins: [],
    facts: workerFacts({ sessions: some.sessions?.length ?? 0 }),
    ...some,
  };
}

/** `count` sessions of their own accounts and addresses on four pools. */
export function manySessions(count: number): SessionRow[] {
  return Array.from({ length: count }, (_, at) =>
    sessionRow({
      id: `s${at}`,
      address: `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}:${1024 + (at % 60_000)}`,
      account: at.toString(16).padStart(16, '0'),
      pool: `stratum.pool-${at % 4}.example.com:3333`,
      received: at,
      counts: shareCounts({ accepted: at }),
      difficultyReceived: at * 1024.5,
      difficultyAccepted: at * 1024.5,
      rate5mHs: 1.17e14 + at,
    }),
  );
}
