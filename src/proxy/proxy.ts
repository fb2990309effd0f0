import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { Account } from '../domain/account.ts';
import type { ProxyEvent } from '../domain/event.ts';
import { ANY_LISTENER, type ListenerPolicy } from '../domain/listener.ts';
import type { PoolFinding, PoolProbe } from '../domain/pool-probe.ts';
import type { Collection, FleetSummary, SessionDetail, SessionRow, WorkerReport } from '../domain/report.ts';
import type { Clock } from '../kit/clock.ts';
import { Histogram } from '../kit/histogram.ts';
import type { Log } from '../kit/log.ts';
import type { ByteCounter } from '../net/connection.ts';
import type { Networks } from '../net/networks.ts';
import { TcpDialer } from '../net/tcp-dialer.ts';
import type { BoundAddress } from '../net/tcp-listener.ts';
import { WriteBatch } from '../net/write-batch.ts';
import type { Dialect } from '../wire/dialect.ts';
import { AddressBook } from './address-book.ts';
import { FleetReport } from './fleet-report.ts';
import { FreshPrefixes } from './fresh-prefixes.ts';
import { FreshWork } from './fresh-work.ts';
import { FrontDoor } from './front-door.ts';
import type { Group } from './group.ts';
import { Groups } from './groups.ts';
import { JobSequence } from './issued-job.ts';
import { JobLabels } from './job-labels.ts';
import { MeasuringLoad } from './measuring-load.ts';
import { MinerMemory } from './miner-memory.ts';
import type { MinerSession } from './miner-session.ts';
import { OpenConnections } from './open-connections.ts';
import { Operations } from './operations.ts';
import { OwnPrefixes } from './own-prefixes.ts';
import { PoolFigures } from './pool-figures.ts';
import { PoolProbing } from './probe-pool.ts';
import { Recordings } from './recordings.ts';
import { RefusedLogins } from './refused-logins.ts';
import { RetiredBooks } from './retired-books.ts';
import { Routes } from './routes.ts';
import type { AccountDirectory, SessionContext } from './session-context.ts';
import { LiveSettings, type ProxySettings } from './settings.ts';
import type { ShareMix } from './share-mix.ts';
import type { ShareVerifier } from './share-verifier.ts';
import { Totals } from './totals.ts';

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
const COLLECTED_AT_ONCE = 2000;
const FAN_OUT_BOUNDS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/**
 * The living part of one process: miners come in by the front door, each is led along the route of its account to a group, whose upstreams mine for it at a pool; what comes of that
 * is in the books, and the report shows it. Knows no store and no HTTP.
 */
export class Proxy {
  readonly #parts: ProxyParts;
  readonly #settings: LiveSettings;
  readonly #dialer: TcpDialer;
  readonly #addresses: AddressBook;
  readonly #context: SessionContext;
  readonly #door: FrontDoor;
  readonly #open: OpenConnections;
  readonly #routes: Routes;
  readonly #groups: Groups;
  readonly #totals = new Totals();
  readonly #freshWork = new FreshWork();
  readonly #retired = new RetiredBooks();
  readonly #memory: MinerMemory;
  readonly #report: FleetReport;
  readonly #probing = new Set<PoolProbing>();
  readonly #timer: NodeJS.Timeout;
  /** What an operator does to miners. */
  readonly operations: Operations;

  constructor(parts: ProxyParts, initial: ProxySettings) {
    const { clock, log } = parts;
    const settings = new LiveSettings(initial);
    const batch = new WriteBatch();
    const poolBytes: ByteCounter = { received: 0, sent: 0 };
    const jobs = new JobSequence();
    const fanOut = new Histogram(FAN_OUT_BOUNDS_SECONDS);
    const emit = (event: ProxyEvent): void => parts.emit(event);
    const figures = new PoolFigures(emit);
    const totals = this.#totals;
    const dialectNamed = (name: string): Dialect | null =>
      parts.dialects.find((one) => one.name === name) ?? null;
    this.#parts = parts;
    this.#settings = settings;
    this.#addresses = new AddressBook(settings.bans);
    this.#memory = new MinerMemory(settings.session);
    this.#dialer = new TcpDialer(
      { batch, bytes: poolBytes },
      {
        get sendBufferBytes() {
          return settings.limits.sendBufferBytes;
        },
      },
    );
    this.#groups = new Groups(
      {
        dialer: this.#dialer,
        clock,
        log,
        jobs,
        labels: new JobLabels(parts),
        figures,
        totals,
        verifier: parts.verifier,
        fanOut,
        dialectNamed: (name) => spoken(dialectNamed(name), name),
        isListed: (host, port) => parts.isListed(host, port),
        emit,
        onHealthChanged: (account) => this.#routes.decide(account),
      },
      settings,
    );
    this.#routes = new Routes(
      {
        clock,
        log,
        mix: parts.mix,
        emit,
        groupOf: (account, credentials, isRented) => this.#groups.of(account, credentials, isRented),
      },
      settings,
    );
    this.#context = this.#contextOf(jobs, dialectNamed, emit);
    this.#door = new FrontDoor({
      context: this.#context,
      batch,
      dialects: parts.dialects,
      dialectsInUse: () => this.#dialectsInUse(),
      secureContext: parts.secureContext,
      trustedProxies: parts.trustedProxies,
      isBanned: (ip) => this.operations.isBanned(ip),
      upstreams: () => this.#groups.upstreams,
    });
    const { recordings, refusedLogins, sessionsById } = this.#context;
    const connections = { sessions: this.#door.sessions, arrivals: this.#door.arrivals, sessionsById };
    this.#open = new OpenConnections(connections);
    this.operations = new Operations({
      clock,
      addresses: this.#addresses,
      recordings,
      refusedLogins,
      ...connections,
      open: this.#open,
      emit,
    });
    this.#report = new FleetReport({
      door: this.#door,
      open: this.#open,
      retired: this.#retired,
      groups: this.#groups,
      figures,
      totals,
      addresses: this.#addresses,
      operations: this.operations,
      poolBytes,
      fanOut,
    });
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** What all sessions share. */
  #contextOf(
    jobs: JobSequence,
    dialectNamed: (name: string) => Dialect | null,
    emit: (event: ProxyEvent) => void,
  ): SessionContext {
    const { clock, log, dialects, accounts, verifier, mix } = this.#parts;
    const { resumes, hints, dialectsSeen, dialectsMistaken, lastRates } = this.#memory;
    const prefixes = new FreshPrefixes();
    const first = dialects[0]?.name ?? '';
    return {
      settings: this.#settings,
      clock,
      log,
      defaultDialect: spoken(dialectNamed(first), first),
      dialectNamed,
      accounts,
      addresses: this.#addresses,
      jobs,
      sessionsById: new Map<string, MinerSession>(),
      resumes,
      dialectsSeen,
      dialectsMistaken,
      hints,
      recordings: new Recordings(clock),
      refusedLogins: new RefusedLogins(clock),
      lastRates,
      measuring: new MeasuringLoad(),
      unboundTally: this.#totals.of({ account: '', pool: '', algorithm: '' }),
      freshWork: this.#freshWork,
      verifier,
      mix,
      prefixes: new OwnPrefixes(),
      newPrefix: (bytes) => prefixes.next(bytes),
      newSessionId: () => randomBytes(8).toString('hex'),
      routeOf: (account, kind) => this.#routes.of(account, kind),
      retire: (books) => this.#retired.add(books),
      countRefused: (reason) => this.#door.countRefused(reason),
      emit,
      isDraining: () => this.#door.isClosed,
      onAuthorizeFailure: () => {
        this.#report.authorizeFailures += 1;
      },
      onTurnedAway: (account) => this.#report.noteTurnedAway(account, clock.monotonicMs()),
      onQuarantined: () => {
        this.#report.quarantines += 1;
      },
      onClosed: (closed, reason) => this.#door.onClosed(closed, reason),
    };
  }

  /** What the pools of accounts with miners speak. */
  #dialectsInUse(): readonly string[] {
    const inUse = new Set(this.#parts.dialectsInUse());
    for (const route of this.#routes.all())
      for (const { pool } of route.account.entries) inUse.add(pool.dialect);
    return [...inUse];
  }

  // ---- its life

  /** Opens a Stratum port. Rejects with `ListenError`. */
  listen(
    address: { readonly host: string | null; readonly port: number },
    policy: ListenerPolicy = ANY_LISTENER,
  ): Promise<BoundAddress> {
    return this.#door.listen(address, policy);
  }

  /**
   * Ends in order: no new miners, shares in flight get their answers for at most `graceMs`, then miners and pools are closed.
   */
  async drain(graceMs: number): Promise<void> {
    const { clock } = this.#parts;
    this.#door.drain();
    const deadlineMs = clock.monotonicMs() + graceMs;
    while (this.#totals.inFlight > 0 && clock.monotonicMs() < deadlineMs) await pause(20);
    this.stop();
  }

  /** Ends at once. Shares in flight are counted as lost. */
  stop(): void {
    clearInterval(this.#timer);
    this.#door.close();
    for (const probing of this.#probing) probing.abort();
    this.#groups.stop();
    this.#door.stop();
    this.#groups.clear();
    this.#routes.clear();
  }

  #sweep(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#door.sweep(nowMs);
    this.#routes.sweep(nowMs);
    const routed = new Set<Group>();
    for (const route of this.#routes.all()) for (const group of route.groups) routed.add(group);
    this.#groups.sweep(nowMs, routed);
    this.#retired.sweep(nowMs);
    this.operations.sweep(nowMs);
    this.#memory.sweep(nowMs);
  }

  // ---- what changes from outside

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

  // ---- what is shown

  /** Sessions whose rate is being measured. */
  get measuringSessions(): number {
    return this.#context.measuring.sessions;
  }

  /** Groups that sessions mine in, or that have something to finish. */
  get groupCount(): number {
    return this.#groups.count;
  }

  /** Everything about the present, for metrics and API. */
  report(): WorkerReport {
    return this.#report.whole(this.#parts.clock.monotonicMs());
  }

  /** The sums of the report alone, without anything made per miner. */
  summary(): FleetSummary {
    return this.#report.summary(this.#parts.clock.monotonicMs());
  }

  /** Connections that have not logged in. */
  withoutLogin(): readonly SessionRow[] {
    return this.#open.withoutLogin();
  }

  /** One session or other connection by its id, a session also for the minute after its end; null where there is none. */
  session(id: string): SessionDetail | null {
    return this.#report.session(id, this.#parts.clock.monotonicMs());
  }

  /** A part of what was counted since the last call: the work of some thousand sessions takes a millisecond or two. */
  collect(): Collection {
    const work = this.#freshWork.take(COLLECTED_AT_ONCE);
    if (!this.#freshWork.isEmpty) return { work, hasMore: true, totals: [] };
    return { work, hasMore: false, totals: this.#totals.takeChanged() };
  }
}

/** Throws where there is no such dialect: accounts of such pools are refused at login. */
function spoken(dialect: Dialect | null, name: string): Dialect {
  if (dialect === null) throw new Error(`no dialect ${name} in the list`);
  return dialect;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
