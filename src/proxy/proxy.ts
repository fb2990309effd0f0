import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Account, AccountMode, PoolCredentials } from '../domain/account.ts';
import type { ProxyEvent } from '../domain/event.ts';
import { ANY_LISTENER, type ListenerPolicy } from '../domain/listener.ts';
import type { PoolFinding, PoolProbe } from '../domain/pool-probe.ts';
import type {
  Collection,
  FleetSummary,
  HistogramRow,
  PoolRow,
  SessionDetail,
  SessionRow,
  TotalRow,
  WorkerFacts,
  WorkerReport,
} from '../domain/report.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/clock.ts';
import { hexOf } from '../kit/hex.ts';
import { Histogram } from '../kit/histogram.ts';
import type { Log } from '../kit/log.ts';
import { type ByteCounter, type CloseReason, Connection } from '../net/connection.ts';
import type { Networks } from '../net/networks.ts';
import { TcpDialer } from '../net/tcp-dialer.ts';
import { type BoundAddress, TcpListener } from '../net/tcp-listener.ts';
import { WriteBatch } from '../net/write-batch.ts';
import type { Dialect } from '../wire/dialect.ts';
import { AddressBook } from './address-book.ts';
import { Arrival, type ArrivalHost } from './arrival.ts';
import { FreshWork } from './fresh-work.ts';
import { Group } from './group.ts';
import { HintBook } from './hint-book.ts';
import { JobSequence } from './issued-job.ts';
import { JobLabels } from './job-labels.ts';
import { MeasuringLoad } from './measuring-load.ts';
import { MinerSession } from './miner-session.ts';
import { OpenConnections } from './open-connections.ts';
import { Operations } from './operations.ts';
import { OwnPrefixes } from './own-prefixes.ts';
import { PoolStats } from './pool-stats.ts';
import { PoolProbing } from './probe-pool.ts';
import { Recordings } from './recordings.ts';
import { Routes } from './routes.ts';
import type { SessionBooks } from './session-books.ts';
import type { AccountDirectory, ResumeRecord, SessionContext } from './session-context.ts';
import { endedDetail, sessionRow } from './session-row.ts';
import { SessionSums } from './session-sums.ts';
import { LiveSettings, type ProxySettings } from './settings.ts';
import type { ShareMix } from './share-mix.ts';
import type { ShareVerifier } from './share-verifier.ts';
import { Tally } from './tally.ts';

export interface ProxyParts {
  readonly clock: Clock;
  readonly log: Log;
  /** What miners and pools may speak; the first is what a connection speaks that does not say. Never empty. */
  readonly dialects: readonly Dialect[];
  readonly accounts: AccountDirectory;
  /** What the pools of accounts speak, as far as is known; that of accounts with miners counts anyway. */
  dialectsInUse(): readonly string[];
  /** The catalogue's name of the algorithm that is known by this name or alias; null where none is. */
  algorithmNamed(nameOrAlias: string): string | null;
  /** True where `host:port` is in the pool list: a pool may send its upstreams there. */
  isListed(host: string, port: number): boolean;
  /** What miners are answered with by TLS, asked for each connection; null where TLS is refused. */
  readonly secureContext: (() => SecureContext | null) | null;
  /** Who may say by a PROXY header for whom it connects. */
  readonly trustedProxies: Networks;
  /** Hears of what an operator wants to know, at whatever rate it happens. */
  emit(event: ProxyEvent): void;
  /** Hashes shares; which are is the configuration's choice. */
  readonly verifier: ShareVerifier;
  /** Completes shares of miners whose dialect leaves out what their pool wants. */
  readonly mix: ShareMix;
}

const SWEEP_MS = 250;
const RETIRED_MS = 60_000;
const ACCEPT_FAULT_EVERY_MS = 60_000;
const RESUMES_KEPT = 100_000;
const HINTS_KEPT = 50_000;
const RATES_KEPT = 100_000;
const RATES_KEPT_MS = 24 * 3_600_000;
const COLLECTED_AT_ONCE = 2000;
const FAN_OUT_BOUNDS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

const FLOOD_WORDS = 'a connection was closed that sent too much that cannot be used';
const CAP_WORDS = {
  'address-cap': 'it has as many connections as limits.connectionsPerAddress allows',
  'global-cap': 'there are as many connections as limits.connections or the open files allow',
} as const;

/** The books of one (account, pool, algorithm). */
interface Total {
  readonly key: Pick<TotalRow, 'account' | 'pool' | 'algorithm'>;
  readonly tally: Tally;
}

/** The living part of one process: a Stratum port, the sessions on it, and their upstreams. Knows no store and no HTTP. */
export class Proxy {
  readonly #parts: ProxyParts;
  readonly #settings: LiveSettings;
  readonly #context: SessionContext;
  readonly #batch = new WriteBatch();
  readonly #minerBytes: ByteCounter = { received: 0, sent: 0 };
  readonly #poolBytes: ByteCounter = { received: 0, sent: 0 };
  readonly #dialer: TcpDialer;
  readonly #listeners: TcpListener[] = [];
  readonly #addresses: AddressBook;
  readonly #arrivals = new Set<Arrival>();
  readonly #sessions = new Set<MinerSession>();
  readonly #groups = new Map<string, Group>();
  readonly #routes: Routes;
  readonly #totals = new Map<string, Total>();
  readonly #freshWork = new FreshWork();
  readonly #pools = new Map<string, PoolStats>();
  readonly #probing = new Set<PoolProbing>();
  readonly #refused = new Map<string, number>();
  readonly #jobs = new JobSequence();
  readonly #labels: JobLabels;
  readonly #fanOut = new Histogram(FAN_OUT_BOUNDS_SECONDS);
  #retired: SessionBooks[] = [];
  #accepted = 0;
  #acceptFaultAtMs = Number.NEGATIVE_INFINITY;
  #authorizeFailures = 0;
  #quarantines = 0;
  #nextPrefix = randomBytes(4).readUInt32BE();
  #isDraining = false;
  readonly #timer: NodeJS.Timeout;
  readonly #open: OpenConnections;
  /** What an operator does to miners. */
  readonly operations: Operations;

  constructor(parts: ProxyParts, initial: ProxySettings) {
    this.#parts = parts;
    const settings = new LiveSettings(initial);
    this.#settings = settings;
    this.#labels = new JobLabels(parts);
    const { bans, session } = settings;
    this.#dialer = new TcpDialer(
      { batch: this.#batch, bytes: this.#poolBytes },
      {
        get sendBufferBytes() {
          return settings.limits.sendBufferBytes;
        },
      },
    );
    this.#addresses = new AddressBook(bans);
    const groupOf = (owner: Account, credentials: PoolCredentials, isRented: boolean): Group =>
      this.#groupOf(owner, credentials, isRented);
    const emit = (event: ProxyEvent): void => parts.emit(event);
    this.#routes = new Routes(
      { clock: parts.clock, log: parts.log, mix: parts.mix, emit, groupOf },
      settings,
    );
    const unboundTally = this.#tallyOf({ account: '', pool: '', algorithm: '' });
    this.#context = {
      settings,
      clock: parts.clock,
      log: parts.log,
      defaultDialect: this.#dialectNamed(parts.dialects[0]?.name ?? ''),
      dialectNamed: (name) => parts.dialects.find((one) => one.name === name) ?? null,
      accounts: parts.accounts,
      addresses: this.#addresses,
      jobs: this.#jobs,
      sessionsById: new Map<string, MinerSession>(),
      resumes: new BoundedMap<string, ResumeRecord>({
        capacity: RESUMES_KEPT,
        ttlMs: session.resumeSeconds * 1000,
      }),
      dialectsSeen: new BoundedMap({ capacity: HINTS_KEPT, ttlMs: session.hintSeconds * 1000 }),
      dialectsMistaken: new BoundedMap({ capacity: HINTS_KEPT, ttlMs: session.hintSeconds * 1000 }),
      hints: new HintBook({ capacity: HINTS_KEPT, ttlMs: session.hintSeconds * 1000 }),
      recordings: new Recordings(parts.clock),
      lastRates: new BoundedMap<string, number>({ capacity: RATES_KEPT, ttlMs: RATES_KEPT_MS }),
      measuring: new MeasuringLoad(),
      unboundTally,
      freshWork: this.#freshWork,
      verifier: parts.verifier,
      mix: parts.mix,
      prefixes: new OwnPrefixes(),
      newPrefix: (bytes) => {
        this.#nextPrefix = (this.#nextPrefix + 1) >>> 0;
        return hexOf(this.#nextPrefix % 256 ** bytes, bytes);
      },
      newSessionId: () => randomBytes(8).toString('hex'),
      routeOf: (account, kind) => this.#routes.of(account, kind),
      retire: (books) => {
        this.#retired.push(books);
      },
      countRefused: (reason) => this.#countRefused(reason),
      emit,
      isDraining: () => this.#isDraining,
      onAuthorizeFailure: () => {
        this.#authorizeFailures += 1;
      },
      onQuarantined: () => {
        this.#quarantines += 1;
      },
      onClosed: (closed, reason) => this.#onClosed(closed, reason),
    };
    const { recordings, sessionsById } = this.#context;
    const connections = { sessions: this.#sessions, arrivals: this.#arrivals, sessionsById };
    this.#open = new OpenConnections(connections);
    this.operations = new Operations({
      clock: parts.clock,
      addresses: this.#addresses,
      recordings,
      ...connections,
      open: this.#open,
      emit,
    });
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Sessions whose rate is being measured. */
  get measuringSessions(): number {
    return this.#context.measuring.sessions;
  }

  /** Opens a Stratum port. Rejects with `ListenError`. */
  async listen(
    address: { readonly host: string | null; readonly port: number },
    policy: ListenerPolicy = ANY_LISTENER,
  ): Promise<BoundAddress> {
    const listener = new TcpListener(
      (socket) => this.#onSocket(socket, policy),
      (error) => this.#onAcceptFault(error),
    );
    const bound = await listener.listen(address);
    this.#listeners.push(listener);
    return bound;
  }

  /**
   * Ends in order: no new miners, shares in flight get their answers for at most `graceMs`, then miners and pools are closed.
   */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    for (const listener of this.#listeners) listener.close();
    // Miners go on finding shares; what they send from now on they will send to whoever comes after us.
    for (const arrival of this.#arrivals) arrival.connection.close('shutdown');
    for (const session of this.#sessions) session.connection.stopReading();
    const deadlineMs = this.#parts.clock.monotonicMs() + graceMs;
    while (this.#inFlight() > 0 && this.#parts.clock.monotonicMs() < deadlineMs) await pause(20);
    this.stop();
  }

  /** Ends at once. Shares in flight are counted as lost. */
  stop(): void {
    this.#isDraining = true;
    clearInterval(this.#timer);
    for (const probing of this.#probing) probing.abort();
    for (const listener of this.#listeners) listener.close();
    for (const group of this.#groups.values())
      for (const upstream of group.upstreams) upstream.close('shutdown');
    for (const arrival of this.#arrivals) arrival.connection.close('shutdown');
    for (const session of this.#sessions) session.end('shutdown');
    this.#groups.clear();
    this.#routes.clear();
  }

  /** Puts other settings in the place of those in force. What is opened from now on has them, and miners whose account is to be mined otherwise follow by `onAccountChanged`. */
  apply(settings: ProxySettings): void {
    this.#settings.replace(settings);
    this.#addresses.setLimits(settings.bans);
  }

  /** Accounts that have had miners since this was asked last, or have them now. */
  accountsSeen(): { readonly seen: readonly string[]; readonly inUse: readonly string[] } {
    return this.#routes.accountsSeen();
  }

  /** Accounts that miners are here for. */
  accountsInUse(): readonly string[] {
    return this.#routes.accounts();
  }

  /** Groups that sessions mine in, or that have something to finish. */
  get groupCount(): number {
    let count = 0;
    for (const group of this.#groups.values()) if (!group.isAtRest) count += 1;
    return count;
  }

  /** An account has changed: its miners follow, on the same sockets. */
  onAccountChanged(account: Account): void {
    this.#routes.update(account);
  }

  /** An account is gone: its miners are closed. */
  onAccountRemoved(name: string): void {
    this.#routes.remove(name);
  }

  /** Finds out what a pool is, by connections of its own; see {@link PoolProbing}. Never rejects, and takes no longer than 15 seconds. */
  async probe(probe: PoolProbe): Promise<PoolFinding> {
    const { clock, dialects } = this.#parts;
    const probing = new PoolProbing({ dialer: this.#dialer, clock, dialects }, probe, this.#settings);
    this.#probing.add(probing);
    try {
      return await probing.run();
    } finally {
      this.#probing.delete(probing);
    }
  }

  /** Everything about the present, for metrics and API. */
  report(): WorkerReport {
    const nowMs = this.#parts.clock.monotonicMs();
    const sessions: SessionRow[] = [];
    const inUse = new Set<string>();
    const withJob = new Set<string>();
    const perPool = new Map<string, number>();
    let authorized = 0;
    let quarantined = 0;
    for (const session of this.#sessions) {
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
    for (const books of this.#retired) sessions.push(sessionRow(books, null, nowMs));
    const { pools, upstreams } = this.#poolRows(
      (pool, algorithm) => perPool.get(`${pool} ${algorithm}`) ?? 0,
    );
    const facts: WorkerFacts = {
      worker: 0,
      sessions: this.#sessions.size + this.#arrivals.size,
      authorizedSessions: authorized,
      upstreams,
      connectionsAccepted: this.#accepted,
      connectionsRefused: Object.fromEntries(this.#refused),
      bannedAddresses: this.#addresses.bannedCount(nowMs) + this.operations.banCount,
      quarantinedSessions: quarantined,
      quarantines: this.#quarantines,
      authorizeFailures: this.#authorizeFailures,
      bytesFromMiners: this.#minerBytes.received,
      bytesToMiners: this.#minerBytes.sent,
      bytesFromPools: this.#poolBytes.received,
      bytesToPools: this.#poolBytes.sent,
      jobFanOut: this.#fanOut.snapshot() satisfies HistogramRow,
      accountsWithJob: withJob.size,
      accountsInUse: inUse.size,
    };
    return { sessions, totals: this.#totalRows(), pools, facts };
  }

  /** The sums of the report alone, without anything made per miner. */
  summary(): FleetSummary {
    const nowMs = this.#parts.clock.monotonicMs();
    const sums = new SessionSums();
    for (const { binding } of this.#sessions) if (binding !== null) sums.add(binding, nowMs);
    const { pools, upstreams } = this.#poolRows((pool, algorithm) => sums.onPool(pool, algorithm));
    let received = 0;
    let inFlight = 0;
    let accepted = 0;
    let workFound = 0;
    let workAtPool = 0;
    let sharesAtPool = 0;
    for (const { tally } of this.#totals.values()) {
      received += tally.received;
      inFlight += tally.inFlight;
      accepted += tally.counts.accepted + tally.counts['accepted-local'];
      workFound += tally.workFound;
      workAtPool += tally.workAtPool;
      sharesAtPool += tally.sharesAtPool;
    }
    return {
      sessions: this.#sessions.size + this.#arrivals.size,
      authorizedSessions: sums.authorized,
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

  /** The pools that are, or were since start, in use, and how many connections there are to all of them. */
  #poolRows(sessionsOn: (pool: string, algorithm: string) => number): {
    readonly pools: PoolRow[];
    readonly upstreams: number;
  } {
    let upstreams = 0;
    const states = new Map<PoolStats, Record<keyof PoolRow['upstreams'], number>>();
    for (const group of this.#groups.values()) {
      for (const upstream of group.upstreams) {
        const { kind } = upstream.state;
        if (kind === 'closed') continue;
        const counts = states.get(upstream.figures) ?? noUpstreams();
        states.set(upstream.figures, counts);
        counts[kind] += 1;
        upstreams += 1;
      }
    }
    // Under an algorithm that the pool does not mine, or does not any more, it is not down but gone.
    const shown = [...this.#pools.values()].filter(
      (stats) => states.has(stats) || (stats.supersededBy === null && !stats.isNamedByJobs),
    );
    const pools = shown.map((stats): PoolRow => {
      const counts = states.get(stats) ?? noUpstreams();
      return {
        pool: stats.pool,
        algorithm: stats.algorithm,
        divider: stats.divider,
        up: counts.live > 0,
        upstreams: counts,
        sessions: sessionsOn(stats.pool, stats.algorithm),
        jobs: stats.jobs,
        failures: stats.failures,
        lastError: stats.lastError,
        roundTrip: stats.roundTrip.snapshot(),
      };
    });
    return { pools, upstreams };
  }

  /** Connections that have not logged in. */
  withoutLogin(): readonly SessionRow[] {
    return this.#open.withoutLogin();
  }

  /** One session or other connection by its id, a session also for the minute after its end; null where there is none. */
  session(id: string): SessionDetail | null {
    const nowMs = this.#parts.clock.monotonicMs();
    const open = this.#open.detail(id, nowMs);
    if (open !== null) return open;
    const books = this.#retired.findLast(({ subject }) => subject.sessionId === id);
    return books === undefined ? null : endedDetail(books, nowMs);
  }

  /** A part of what was counted since the last call: the work of some thousand sessions takes a millisecond or two. */
  collect(): Collection {
    const work = this.#freshWork.take(COLLECTED_AT_ONCE);
    if (!this.#freshWork.isEmpty) return { work, hasMore: true, totals: [] };
    const totals: TotalRow[] = [];
    for (const total of this.#totals.values()) {
      if (!total.tally.isChanged) continue;
      total.tally.isChanged = false;
      totals.push(totalRow(total));
    }
    return { work, hasMore: false, totals };
  }

  // ---- connections

  #onSocket(socket: Socket, policy: ListenerPolicy): void {
    const ip = plainAddress(socket.remoteAddress);
    if (ip === null) {
      socket.destroy();
      return;
    }
    const refusal = this.#refusalOf(ip);
    if (refusal !== null) {
      this.#countRefused(refusal);
      if (refusal === 'address-cap' || refusal === 'global-cap')
        this.#parts.emit({ kind: 'session-flood', address: ip, reason: CAP_WORDS[refusal] });
      socket.on('error', ignore);
      socket.destroy();
      return;
    }
    this.#accepted += 1;
    const connection = new Connection(
      { socket, batch: this.#batch, bytes: this.#minerBytes },
      { sendBufferBytes: this.#settings.limits.sendBufferBytes },
    );
    const arrival = new Arrival(
      { context: this.#context, connection, host: this.#arrivalHost },
      { number: this.#accepted, ip, port: socket.remotePort ?? 0, policy },
    );
    this.#addresses.connected(ip);
    this.#arrivals.add(arrival);
    connection.attach(arrival, 'from-events');
  }

  readonly #arrivalHost: ArrivalHost = {
    secureContext: () => this.#parts.secureContext?.() ?? null,
    isTrusted: (ip) => this.#parts.trustedProxies.has(ip),
    // A balancer's own address is nobody's: caps and bans are for those behind it.
    onSource: (arrival, ip) => {
      this.#addresses.disconnected(arrival.ip, false);
      this.#addresses.connected(ip);
      const refusal = this.#refusalOf(ip, 1);
      if (refusal === null) return true;
      this.#countRefused(refusal);
      // It ends as a connection of the balancer, under whose address it is known still.
      this.#addresses.disconnected(ip, false);
      this.#addresses.connected(arrival.ip);
      return false;
    },
    dialectsInUse: () => this.#dialectsInUse(),
    dialectNamed: (name) => this.#context.dialectNamed(name),
    dialects: () => this.#parts.dialects.map(({ name }) => name),
    onRecognised: (arrival, dialect, isGuess) => {
      const { number, connection, ip, port, connectedMonotonicMs, policy } = arrival;
      const session = new MinerSession(
        { context: this.#context, connection, dialect },
        { number, ip, port, connectedMonotonicMs, policy, isGuess },
      );
      this.#arrivals.delete(arrival);
      this.#sessions.add(session);
      this.#parts.log.debug('miner connected', { miner: session.address, dialect: dialect.name });
      return session;
    },
    onGone: (arrival, reason, detail) => {
      this.#arrivals.delete(arrival);
      this.#addresses.disconnected(arrival.ip, false);
      this.#noteClosed(reason);
      this.#parts.log.debug('connection ended before it said what it is', {
        address: arrival.ip,
        reason,
        detail,
      });
    },
  };

  /** What the pools of accounts with miners speak. */
  #dialectsInUse(): readonly string[] {
    const inUse = new Set(this.#parts.dialectsInUse());
    for (const route of this.#routes.all())
      for (const { pool } of route.account.entries) inUse.add(pool.dialect);
    return [...inUse];
  }

  /** The system could not hand a connection over; whoever it was tries again. Logged once a minute. */
  #onAcceptFault(error: NodeJS.ErrnoException): void {
    this.#countRefused('accept-fault');
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - this.#acceptFaultAtMs < ACCEPT_FAULT_EVERY_MS) return;
    this.#acceptFaultAtMs = nowMs;
    this.#parts.log.error('a connection could not be accepted', { reason: error.code ?? error.message });
  }

  /** Why a connection from this address is not taken; null where it is. `counted`: it is among its address's connections already. */
  #refusalOf(ip: string, counted = 0): string | null {
    const { limits } = this.#settings;
    if (this.#isDraining) return 'draining';
    if (this.operations.isBanned(ip)) return 'banned';
    if (this.#addresses.isBanned(ip, this.#parts.clock.monotonicMs())) return 'banned';
    const open = this.#sessions.size + this.#arrivals.size;
    if (limits.connections > 0 ? open >= limits.connections : !this.#hasFilesForOneMore())
      return 'global-cap';
    if (
      limits.connectionsPerAddress > 0 &&
      this.#addresses.connections(ip) - counted >= limits.connectionsPerAddress
    ) {
      return 'address-cap';
    }
    return null;
  }

  /** Every miner takes a file; a pool connection too, and who has not logged in yet may need one. */
  #hasFilesForOneMore(): boolean {
    const { openFiles } = this.#settings.limits;
    const open = this.#sessions.size + this.#arrivals.size;
    // Two files each at the most.
    if (openFiles === 0 || (open + 1) * 2 <= openFiles) return true;
    let upstreams = 0;
    for (const group of this.#groups.values()) upstreams += group.upstreams.length;
    const newcomers = open - this.#addresses.authorizedConnections;
    return open + newcomers + upstreams + 2 <= openFiles;
  }

  #onClosed(session: MinerSession, reason: CloseReason): void {
    this.#sessions.delete(session);
    this.#noteClosed(reason);
    if (reason === 'flood')
      this.#parts.emit({ kind: 'session-flood', address: session.ip, reason: FLOOD_WORDS });
  }

  #noteClosed(reason: CloseReason): void {
    if (reason !== 'peer' && reason !== 'shutdown') this.#countRefused(reason);
  }

  #countRefused(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  // ---- groups

  #groupOf(account: Account, credentials: PoolCredentials, isRented: boolean): Group {
    const { pool, user, password } = credentials;
    const dialect = this.#dialectNamed(pool.dialect);
    const mode = this.#modeOf(account.mode, pool.algorithm.name, dialect, isRented);
    // The same login in the same mode is the same group, so a change that leaves an entry as it is costs its miners nothing; corrected facts
    // about a pool make another.
    const key = JSON.stringify([account.name, pool, user, password, mode, account.workerTemplate]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const { clock, log } = this.#parts;
    const group = new Group(
      {
        dialer: this.#dialer,
        dialect,
        clock,
        log,
        jobs: this.#jobs,
        stats: this.#statsOf(pool.name, pool.algorithm.name, pool.algorithm.divider),
        labels: this.#labels,
        statsOf: (algorithm) => this.#statsByJobs(pool.name, algorithm, pool.algorithm.divider),
        tallyOf: (algorithm) => this.#tallyOf({ account: account.name, pool: pool.name, algorithm }),
        isListed: (host, port) => this.#parts.isListed(host, port),
        fanOut: this.#fanOut,
        emit: (event) => this.#parts.emit(event),
        onHealthChanged: () => this.#routes.decide(account.name),
      },
      {
        account: account.name,
        workerTemplate: account.workerTemplate,
        credentials,
        settings: this.#settings,
        mode,
        verifies: this.#verifies(mode, pool.algorithm.name, dialect),
      },
    );
    this.#groups.set(key, group);
    return group;
  }

  /** `auto` is shared where a share can be judged here, else dedicated, and so for rented hashrate. */
  #modeOf(mode: AccountMode, algorithm: string, dialect: Dialect, isRented: boolean): 'dedicated' | 'shared' {
    if (mode !== 'auto') return mode;
    if (isRented && this.#settings.rental.mode === 'dedicated') return 'dedicated';
    if (this.#settings.verify === 'never') return 'dedicated';
    // Where the pool's prefix would have to grow by a byte for each miner, sharing is the account's to ask for.
    const isClaimed = dialect.claim !== null && dialect.miner.nonces.kind === 'job';
    return isClaimed || this.#canHash(algorithm, dialect) ? 'shared' : 'dedicated';
  }

  #canHash(algorithm: string, dialect: Dialect): boolean {
    return dialect.family === 'bitcoin' && this.#parts.verifier.canVerify(algorithm);
  }

  #verifies(mode: 'dedicated' | 'shared', algorithm: string, dialect: Dialect): boolean {
    const { verify } = this.#settings;
    const isClaimed = dialect.claim !== null && dialect.claimsOf?.(algorithm) !== false;
    if (verify === 'never' || (!isClaimed && !this.#canHash(algorithm, dialect))) return false;
    return verify === 'always' || mode === 'shared';
  }

  /** Throws where there is none: accounts of such pools are refused at login. */
  #dialectNamed(name: string): Dialect {
    const dialect = this.#parts.dialects.find((one) => one.name === name);
    if (dialect === undefined) throw new Error(`no dialect ${name} in the list`);
    return dialect;
  }

  #statsOf(pool: string, algorithm: string, divider: number): PoolStats {
    const key = `${pool} ${algorithm}`;
    const stats =
      this.#pools.get(key) ?? new PoolStats(pool, algorithm, divider, (event) => this.#parts.emit(event));
    // A divider that was corrected holds from now on.
    stats.divider = divider;
    stats.isNamedByJobs = false;
    this.#pools.set(key, stats);
    return stats;
  }

  /** Of an algorithm that the jobs of a pool name. `divider`: of the pool's entry, on whose scale its difficulties are. */
  #statsByJobs(pool: string, algorithm: string, divider: number): PoolStats {
    const known = this.#pools.get(`${pool} ${algorithm}`);
    if (known !== undefined) return known;
    const stats = this.#statsOf(pool, algorithm, divider);
    stats.isNamedByJobs = true;
    return stats;
  }

  #tallyOf(key: { account: string; pool: string; algorithm: string }): Tally {
    const text = `${key.account} ${key.pool} ${key.algorithm}`;
    const total = this.#totals.get(text) ?? { key, tally: new Tally() };
    this.#totals.set(text, total);
    return total.tally;
  }

  #totalRows(): TotalRow[] {
    // Books that were opened before the first job said what it is.
    const isMisnamed = ({ key, tally }: Total) =>
      tally.received === 0 && this.#pools.get(`${key.pool} ${key.algorithm}`)?.supersededBy != null;
    const shown = [...this.#totals.values()].filter((total) => !isMisnamed(total));
    return shown.map(totalRow);
  }

  #inFlight(): number {
    let inFlight = 0;
    for (const { tally } of this.#totals.values()) inFlight += tally.inFlight;
    return inFlight;
  }

  // ---- time

  #sweep(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const arrival of this.#arrivals) arrival.sweep(nowMs);
    for (const session of this.#sessions) session.sweep(nowMs);
    const routed = new Set<Group>();
    this.#routes.sweep(nowMs);
    for (const route of this.#routes.all()) for (const group of route.groups) routed.add(group);
    for (const [key, group] of this.#groups) {
      group.sweep(nowMs);
      if (!routed.has(group) && group.isForgettable(nowMs)) this.#groups.delete(key);
    }
    if (this.#retired.length > 0) {
      this.#retired = this.#retired.filter(
        ({ endedAtMs, tally }) => endedAtMs === null || nowMs - endedAtMs < RETIRED_MS || tally.inFlight > 0,
      );
    }
    this.operations.sweep(nowMs);
    this.#context.resumes.expire(nowMs);
    this.#context.hints.expire(nowMs);
    this.#context.dialectsSeen.expire(nowMs);
    this.#context.dialectsMistaken.expire(nowMs);
    this.#context.lastRates.expire(nowMs);
  }
}

function totalRow({ key, tally }: Total): TotalRow {
  return {
    ...key,
    counts: { ...tally.counts },
    received: tally.received,
    inFlight: tally.inFlight,
    work: tally.work,
    workFound: tally.workFound,
    workAtPool: tally.workAtPool,
    sharesAtPool: tally.sharesAtPool,
  };
}

/** An IPv4 address that came through an IPv6 socket, in its own form. */
function plainAddress(address: string | undefined): string | null {
  if (address === undefined) return null;
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

function noUpstreams(): Record<keyof PoolRow['upstreams'], number> {
  return { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 0 };
}

function ignore(): void {}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
