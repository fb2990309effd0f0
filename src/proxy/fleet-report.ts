import type {
  FleetSummary,
  HistogramRow,
  SessionDetail,
  SessionRow,
  WorkerFacts,
  WorkerReport,
} from '../domain/report.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Histogram } from '../kit/histogram.ts';
import type { ByteCounter } from '../net/connection.ts';
import { AccountLogins } from './account-logins.ts';
import type { AddressBook } from './address-book.ts';
import type { FrontDoor } from './front-door.ts';
import type { Groups } from './groups.ts';
import type { OpenConnections } from './open-connections.ts';
import type { Operations } from './operations.ts';
import type { PoolFigures } from './pool-figures.ts';
import type { RetiredBooks } from './retired-books.ts';
import { endedDetail, sessionRow } from './session-row.ts';
import { SessionSums } from './session-sums.ts';
import type { TotalKey, Totals } from './totals.ts';

/** Miners that are refused come back within a minute or so: between two tries their account is not out of use. */
const TURNED_AWAY_MS = 120_000;
const ACCOUNTS_KEPT = 10_000;

export interface FleetReportParts {
  readonly door: Pick<FrontDoor, 'sessions' | 'connections' | 'accepted' | 'refused' | 'bytes'>;
  readonly open: Pick<OpenConnections, 'detail'>;
  readonly retired: Pick<RetiredBooks, 'all' | 'lastOf'>;
  readonly groups: Pick<Groups, 'all'>;
  readonly figures: Pick<PoolFigures, 'all' | 'rows' | 'isSuperseded'>;
  readonly totals: Pick<Totals, 'rows' | 'sums'>;
  readonly addresses: Pick<AddressBook, 'bannedCount'>;
  readonly operations: Pick<Operations, 'banCount'>;
  readonly poolBytes: Readonly<ByteCounter>;
  readonly fanOut: Histogram;
}

/** What is shown of the present, at three prices: a row per session, sums, or one session. */
export class FleetReport {
  readonly #parts: FleetReportParts;
  /** Logins that named no account. */
  authorizeFailures = 0;
  /** Sessions that were put in quarantine. */
  quarantines = 0;
  readonly #turnedAway = new BoundedMap<string, string>({ capacity: ACCOUNTS_KEPT, ttlMs: TURNED_AWAY_MS });

  constructor(parts: FleetReportParts) {
    this.#parts = parts;
  }

  /** A miner of this account gets no work, for its pools' sake. */
  noteTurnedAway(account: string, nowMs: number): void {
    this.#turnedAway.set(account, account, nowMs);
  }

  /** Everything, for metrics and API. */
  whole(nowMs: number): WorkerReport {
    const { door, retired, groups, figures, totals, addresses, operations, poolBytes, fanOut } = this.#parts;
    const sessions: SessionRow[] = [];
    const inUse = new Set<string>();
    const withJob = new Set<string>();
    const perPool = new Map<string, number>();
    const logins = new AccountLogins();
    let authorized = 0;
    let quarantined = 0;
    for (const session of door.sessions) {
      logins.add(session);
      if (session.binding === null) continue;
      const { books } = session.binding;
      authorized += 1;
      if (session.conduct.isQuarantined) quarantined += 1;
      inUse.add(books.subject.account);
      if (session.isMining) withJob.add(books.subject.account);
      const poolKey = `${books.subject.pool} ${books.subject.algorithm}`;
      perPool.set(poolKey, (perPool.get(poolKey) ?? 0) + 1);
      sessions.push(sessionRow(books, { isQuarantined: session.conduct.isQuarantined }, nowMs));
    }
    for (const books of retired.all()) sessions.push(sessionRow(books, null, nowMs));
    const { pools, upstreams } = figures.rows(
      groups.all(),
      (pool, algorithm) => perPool.get(`${pool} ${algorithm}`) ?? 0,
      nowMs,
    );
    this.#turnedAway.expire(nowMs);
    let turnedAway = 0;
    for (const account of this.#turnedAway.values()) if (!inUse.has(account)) turnedAway += 1;
    const facts: WorkerFacts = {
      worker: 0,
      sessions: door.connections,
      authorizedSessions: authorized,
      upstreams,
      connectionsAccepted: door.accepted,
      connectionsRefused: Object.fromEntries(door.refused),
      bannedAddresses: addresses.bannedCount(nowMs) + operations.banCount,
      quarantinedSessions: quarantined,
      quarantines: this.quarantines,
      authorizeFailures: this.authorizeFailures,
      bytesFromMiners: door.bytes.received,
      bytesToMiners: door.bytes.sent,
      bytesFromPools: poolBytes.received,
      bytesToPools: poolBytes.sent,
      jobFanOut: fanOut.snapshot() satisfies HistogramRow,
      accountsWithJob: withJob.size,
      accountsInUse: inUse.size,
      accountsTurnedAway: turnedAway,
    };
    const isMisnamed = ({ pool, algorithm }: TotalKey): boolean => figures.isSuperseded(pool, algorithm);
    return {
      sessions,
      totals: totals.rows(isMisnamed),
      pools,
      logins: logins.rows(groups.all(), figures, nowMs),
      facts,
    };
  }

  /** The sums alone, without anything made per miner. */
  summary(nowMs: number): FleetSummary {
    const { door, groups, figures, totals } = this.#parts;
    const sums = new SessionSums();
    let mining = 0;
    for (const session of door.sessions) {
      if (session.binding === null) continue;
      sums.add(session.binding, nowMs);
      if (session.isMining) mining += 1;
    }
    const { pools, upstreams } = figures.rows(
      groups.all(),
      (pool, algorithm) => sums.onPool(pool, algorithm),
      nowMs,
    );
    const { received, inFlight, accepted, workFound, workAtPool, sharesAtPool } = totals.sums();
    return {
      sessions: door.connections,
      authorizedSessions: sums.authorized,
      miningSessions: mining,
      upstreams,
      algorithms: sums.algorithms(),
      received,
      accepted,
      rejected: received - inFlight - accepted,
      workFound,
      workAtPool,
      sharesAtPool,
      pools,
    };
  }

  /** One session or other connection by its id, a session also for the minute after its end; null where there is none. */
  session(id: string, nowMs: number): SessionDetail | null {
    const open = this.#parts.open.detail(id, nowMs);
    if (open !== null) return open;
    const books = this.#parts.retired.lastOf(id);
    return books === null ? null : endedDetail(books, nowMs);
  }
}
