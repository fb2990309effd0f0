import { type AccountMode, type PoolCredentials, workerNameAtPool } from '../domain/account.ts';
import type { ProxyEvent } from '../domain/event.ts';
import type { Lane } from '../domain/lane.ts';
import type { PoolHealth } from '../domain/pool-choice.ts';
import type { Clock } from '../kit/clock.ts';
import type { Histogram } from '../kit/histogram.ts';
import type { Log } from '../kit/log.ts';
import type { DialTarget } from '../net/tcp-dialer.ts';
import type { Dialect } from '../wire/dialect.ts';
import type { PoolRefusal } from '../wire/messages.ts';
import { dialTargetOf } from './dial-target.ts';
import type { JobSequence } from './issued-job.ts';
import type { JobLabels } from './job-labels.ts';
import type { PoolLoginName } from './login-refusals.ts';
import type { Dialer } from './pool-link.ts';
import type { PoolFailure, PoolStats } from './pool-stats.ts';
import type { SearchSpace } from './search-space.ts';
import type { ProxySettings } from './settings.ts';
import type { Tally } from './tally.ts';
import { Upstream } from './upstream.ts';
import type { UpstreamClient, UpstreamOwner } from './upstream-ports.ts';

export interface GroupParts {
  readonly dialer: Dialer;
  /** What the pool speaks. */
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly log: Log;
  readonly jobs: JobSequence;
  readonly stats: PoolStats;
  /** What the pool's jobs are counted under. */
  readonly labels: JobLabels;
  /** Of the pool under an algorithm that its jobs name. */
  statsOf(algorithm: string): PoolStats;
  /** The books of this account on this pool under an algorithm; they outlive the group. */
  tallyOf(algorithm: string): Tally;
  /** True where `host:port` may be dialled: the pool list. */
  isListed(host: string, port: number): boolean;
  /** Seconds from a job's arrival to its last miner. */
  readonly fanOut: Histogram;
  emit(event: ProxyEvent): void;
  /** The pool has come up or gone down for this group. */
  onHealthChanged(): void;
}

export interface GroupOptions {
  /** Name of the account, for the template. */
  readonly account: string;
  /** Under which name a miner's shares are submitted at the pool. */
  readonly workerTemplate: string;
  readonly credentials: PoolCredentials;
  readonly settings: ProxySettings;
  /** `shared`: many sessions per upstream, shares judged here. `dedicated`: one. */
  readonly mode: Exclude<AccountMode, 'auto'>;
  /** Shares are judged here, by hashing or by what they claim. */
  readonly verifies: boolean;
}

/** A session as its group sees it. */
export interface GroupClient extends UpstreamClient {
  readonly space: Pick<SearchSpace, 'plan' | 'extranonce1'>;
  /** What the miner calls itself. */
  readonly worker: string;
  /** Where a returning miner was before, and the lane that rests there for it. */
  readonly resumed: { readonly upstream: Upstream | null; readonly lane: Lane | null } | null;
}

/**
 * After a refused login the next sessions get the same answer, and no upstream tries again, for this long; doubling up to the second figure
 * while the pool goes on refusing. A wrong password must not hammer the pool with as many logins as there are miners.
 */
const REFUSAL_KEPT_MS = 5000;
const REFUSAL_KEPT_MAX_MS = 60_000;
/** That the pool is down is remembered for so long after its last miner has gone: the next is told so. */
const DOWN_KEPT_MS = 600_000;
/** An upstream that is finding out whether the pool takes the login keeps the others waiting for at most this long. */
const PROVING_MS = 1500;
/** Another upstream is opened when this part of an upstream's lanes is leased. */
const FULL_FROM = 7 / 8;

/** What is known of the account's login at this pool. */
type Login =
  /** `provingSinceMs`: an upstream has set out to try it; null where none has. */
  | { readonly kind: 'unproven'; readonly provingSinceMs: number | null }
  | { readonly kind: 'taken' }
  | {
      readonly kind: 'refused';
      readonly refusal: PoolRefusal;
      readonly untilMs: number;
      readonly keptMs: number;
    };

/**
 * The upstreams that serve one (account, pool).
 * Until the pool has taken the login once, one upstream tries it for all: a wrong password must not cost as many refused logins as there are miners.
 * Dedicated: each carries one session; one whose session left lingers a little and is given back to that
 * miner, by its session id or its address and agent.
 * Shared: each carries as many as it has lanes for; another is opened before the last lane is leased.
 */
export class Group implements UpstreamOwner {
  readonly #parts: GroupParts;
  readonly #options: GroupOptions;
  readonly upstreams: Upstream[] = [];
  #login: Login = { kind: 'unproven', provingSinceMs: null };
  #liveSinceMs: number | null = null;
  #downSinceMs: number | null = null;
  /** When one was last seen to be down. */
  #downSeenAtMs = 0;
  #triedSinceMs: number | null = null;
  /** The pool has refused a further connection: none but those that were live are dialled before then. */
  #full: { readonly untilMs: number; readonly keptMs: number } | null = null;
  #lastFailure: PoolFailure | null = null;
  /** Who wants one connection kept up although no session is on it. */
  readonly #holders = new Set<object>();

  constructor(parts: GroupParts, options: GroupOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get credentials(): PoolCredentials {
    return this.#options.credentials;
  }

  get account(): string {
    return this.#options.account;
  }

  get #loginName(): PoolLoginName {
    return { account: this.account, user: this.credentials.user };
  }

  get mode(): Exclude<AccountMode, 'auto'> {
    return this.#options.mode;
  }

  /** Every share is hashed here before the pool sees it. */
  get verifies(): boolean {
    return this.#options.verifies;
  }

  /** The verdict on a share below the pool's difficulty is ours, so each session has a difficulty of its own. */
  get judges(): boolean {
    return this.#options.verifies && this.#options.mode === 'shared';
  }

  get dialect(): Dialect {
    return this.#parts.dialect;
  }

  tallyOf(algorithm: string): Tally {
    return this.#parts.tallyOf(algorithm);
  }

  /** What the pool's newest jobs are counted under. */
  get algorithm(): string {
    const { stats } = this.#parts;
    return (stats.supersededBy ?? stats).algorithm;
  }

  get stats(): PoolStats {
    return this.#parts.stats;
  }

  /** Live while at least one upstream is. */
  get health(): PoolHealth {
    if (this.#liveSinceMs !== null) return { kind: 'live', sinceMs: this.#liveSinceMs };
    if (this.#downSinceMs !== null) return { kind: 'down', sinceMs: this.#downSinceMs };
    return { kind: 'unknown', sinceMs: this.#triedSinceMs };
  }

  /** The name at the pool of a miner that calls itself `worker`. */
  nameOf(worker: string): string {
    const { account, workerTemplate, credentials } = this.#options;
    return workerNameAtPool(workerTemplate, { user: credentials.user, worker, account });
  }

  /** The pool's words where it has just refused this account's login, else null. */
  recentRefusal(nowMs: number): PoolRefusal | null {
    const login = this.#login;
    return login.kind === 'refused' && nowMs < login.untilMs ? login.refusal : null;
  }

  /** An upstream for a session, dialled if need be. `preferred` is taken where it has room: a returning session. */
  join(client: GroupClient, preferred: Upstream | null): Upstream {
    const upstream =
      preferred !== null && this.upstreams.includes(preferred) && this.#hasRoom(preferred, client)
        ? preferred
        : (this.#findFor(client, isLive) ?? this.#findFor(client, () => true) ?? this.#open(client));
    upstream.join(client);
    if (this.#options.mode === 'shared') this.#openAheadOf(upstream);
    return upstream;
  }

  /** A connection that is up and has room, for a session that waits on one that is not; joined. Null where there is none. */
  joinSibling(client: GroupClient, waitsOn: Upstream): Upstream | null {
    if (this.#liveSinceMs === null) return null;
    const sibling = this.#findFor(client, (one) => one !== waitsOn && isLive(one)) ?? null;
    sibling?.join(client);
    return sibling;
  }

  #findFor(client: GroupClient, isMeant: (one: Upstream) => boolean): Upstream | undefined {
    return this.upstreams.find(
      (one) => isMeant(one) && this.#hasRoom(one, client) && this.#isFromThere(one, client),
    );
  }

  /** An upstream whose extranonce nobody has used since its last new block, for a session that takes it one to one. */
  joinWhole(client: GroupClient): Upstream {
    const isWhole = (one: Upstream): boolean =>
      one.clients.length === 0 &&
      isUsable(one) &&
      one.lanes?.isWhole !== false &&
      this.#isFromThere(one, client) &&
      this.#hasLogin(one, client);
    const upstream = this.upstreams.find(isWhole) ?? this.#open(client);
    upstream.isExclusive = true;
    upstream.join(client);
    return upstream;
  }

  /** Another upstream for a session that found no lane on `tried`. */
  joinAnother(client: GroupClient, tried: Upstream): Upstream {
    const upstream =
      this.upstreams.find((one) => one !== tried && this.#hasRoom(one, client) && hasLane(one, client)) ??
      this.#open(client);
    upstream.join(client);
    return upstream;
  }

  /** The pool is dialled once more, for whoever comes next: a miner has been refused because it is down. */
  lookAgain(): void {
    if (this.upstreams.length === 0) this.#open().open();
  }

  /** What the last connection of this account failed of; empty where none has. */
  get lastError(): string {
    return this.#lastFailure?.error ?? '';
  }

  /** What the last connection that failed, failed of; null where none has. */
  get lastFailure(): PoolFailure | null {
    return this.#lastFailure;
  }

  onFailed(failure: PoolFailure): void {
    this.#lastFailure = failure;
  }

  /** Keeps one connection up although no session is on it, or lets go of it: up while there is any holder. */
  hold(holder: object, isHeld: boolean): void {
    if (isHeld === this.#holders.has(holder)) return;
    if (!isHeld) {
      this.#holders.delete(holder);
      return;
    }
    this.#holders.add(holder);
    if (!this.upstreams.some((one) => one.state.kind !== 'closed')) this.#open().open();
  }

  get #isHeld(): boolean {
    return this.#holders.size > 0;
  }

  /** Nobody mines here, and nothing has to be finished. */
  get isAtRest(): boolean {
    return this.upstreams.length === 0 && !this.#isHeld;
  }

  /** At rest, and nothing is left that the next miner would have to know. */
  isForgettable(nowMs: number): boolean {
    const isDown = this.#downSinceMs !== null && nowMs - this.#downSeenAtMs < DOWN_KEPT_MS;
    return this.isAtRest && !isDown && this.recentRefusal(nowMs) === null;
  }

  sweep(nowMs: number): void {
    for (let i = this.upstreams.length - 1; i >= 0; i -= 1) {
      const upstream = this.upstreams[i];
      if (upstream === undefined) continue;
      upstream.sweep(nowMs, this.#isHeld && this.upstreams.length === 1);
      if (upstream.state.kind === 'closed') this.upstreams.splice(i, 1);
    }
    if (this.#isHeld && this.upstreams.length === 0) this.#open().open();
  }

  close(): void {
    this.#holders.clear();
    for (const upstream of this.upstreams) upstream.close('shutdown');
    this.upstreams.length = 0;
  }

  onLoginRefused(_upstream: Upstream, refusal: PoolRefusal): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#liveSinceMs !== null) {
      this.#onFull(refusal, nowMs);
      return;
    }
    const before = this.#login.kind === 'refused' ? this.#login : null;
    // Others were under way when this one was refused; their verdicts are the same news.
    if (before !== null && nowMs < before.untilMs) return;
    const keptMs = before === null ? REFUSAL_KEPT_MS : Math.min(before.keptMs * 2, REFUSAL_KEPT_MAX_MS);
    this.#login = { kind: 'refused', refusal, untilMs: nowMs + keptMs, keptMs };
    const { pool, user } = this.credentials;
    this.#parts.log.warn('pool refused the login', {
      pool: pool.name,
      account: this.#options.account,
      user,
      reason: refusal.message,
      nextTryInMs: keptMs,
    });
    this.#parts.stats.logins.refused(this.#loginName, refusal.message, this.#parts.clock);
    for (const upstream of this.upstreams.slice()) upstream.hearRefusal(refusal);
  }

  /** The pool serves this login and refuses it on one connection more: it takes so many and no more. Those that are there are left alone. */
  #onFull(refusal: PoolRefusal, nowMs: number): void {
    const keptMs =
      this.#full === null ? REFUSAL_KEPT_MS : Math.min(this.#full.keptMs * 2, REFUSAL_KEPT_MAX_MS);
    this.#full = { untilMs: nowMs + keptMs, keptMs };
    this.#parts.log.warn('pool takes no further connection of this account', {
      pool: this.credentials.pool.name,
      account: this.#options.account,
      reason: refusal.message,
      nextTryInMs: keptMs,
    });
  }

  onLoginTaken(wasLive: boolean): void {
    if (!wasLive) this.#full = null;
    if (this.#login.kind === 'taken') return;
    this.#login = { kind: 'taken' };
    this.#parts.stats.logins.taken(this.#loginName, this.#parts.clock.monotonicMs());
    for (const upstream of this.upstreams.slice()) upstream.hearTaken();
  }

  mayDial(nowMs: number, wasLive: boolean): 'yes' | 'wait' | 'refused' {
    if (!wasLive && this.#full !== null && nowMs < this.#full.untilMs) return 'refused';
    const login = this.#login;
    switch (login.kind) {
      case 'taken':
        return 'yes';
      case 'refused':
        return nowMs < login.untilMs || this.#isTrying ? 'refused' : 'yes';
      case 'unproven': {
        const { provingSinceMs } = login;
        if (provingSinceMs !== null && nowMs - provingSinceMs < PROVING_MS && this.#isTrying) return 'wait';
        this.#login = { kind: 'unproven', provingSinceMs: nowMs };
        return 'yes';
      }
    }
  }

  get #isTrying(): boolean {
    return this.upstreams.some(isUnderWay);
  }

  onStateChanged(): void {
    const hasLive = this.upstreams.some(isLive);
    const isDown = this.upstreams.some((one) => one.state.kind === 'cooling');
    const before = this.health.kind;
    const nowMs = this.#parts.clock.monotonicMs();
    if (hasLive) {
      this.#liveSinceMs ??= nowMs;
      this.#downSinceMs = null;
    } else if (isDown) {
      this.#liveSinceMs = null;
      this.#downSinceMs ??= nowMs;
      this.#downSeenAtMs = nowMs;
    } else {
      // The last one was closed because nobody needed it; that says nothing of the pool.
      this.#liveSinceMs = null;
    }
    this.#triedSinceMs = this.upstreams.some(isUnderWay) ? (this.#triedSinceMs ?? nowMs) : null;
    if (this.health.kind !== before) this.#parts.onHealthChanged();
  }

  /** The same host is always allowed; another only from the pool list, since a hijacked pool would send the hashrate away. */
  redirect(host: string | null, port: number | null): DialTarget | null {
    const { pool } = this.#options.credentials;
    const to = { ...dialTargetOf(pool), host: host ?? pool.host, port: port ?? pool.port };
    return to.host === pool.host || this.#parts.isListed(to.host, to.port) ? to : null;
  }

  #hasRoom(upstream: Upstream, client: GroupClient): boolean {
    if (upstream.isExclusive && upstream.clients.length > 0) return false;
    if (this.#options.mode === 'dedicated') {
      return upstream.clients.length === 0 && isUsable(upstream) && this.#hasLogin(upstream, client);
    }
    if (upstream.state.kind === 'closed' || upstream.clients.length >= this.#capacityOf(upstream))
      return false;
    return upstream.job === null || hasLane(upstream, client);
  }

  /** Sessions that an upstream can carry: one per lane of the usual width, at most what is configured. */
  #capacityOf(upstream: Upstream): number {
    const { maxSessions } = this.#options.settings.upstream;
    return Math.min(maxSessions, this.#lanesOf(upstream));
  }

  #lanesOf(upstream: Upstream): number {
    const known =
      upstream.subscription ?? this.upstreams.find((one) => one.subscription !== null)?.subscription ?? null;
    const { nonces } = this.#parts.dialect.miner;
    switch (nonces.kind) {
      case 'coinbase': {
        const { sizeBytes } = this.#options.settings.extranonce;
        return 256 ** Math.max(1, (known?.extranonce2Bytes ?? 4) - sizeBytes);
      }
      case 'job':
        return known === null || known.extranonce2Bytes > 0 ? 256 : 1;
      case 'prefix':
        return known === null || known.extranonce1.length / 2 < nonces.mostPrefixBytes ? 256 : 1;
      case 'none':
        return Infinity;
    }
  }

  /** True where the pool leaves room for a byte of ours behind its nonce prefix, as far as is known. */
  get dividesPrefix(): boolean {
    const { nonces } = this.#parts.dialect.miner;
    const known = this.upstreams.find((one) => one.subscription !== null)?.subscription;
    return (
      nonces.kind === 'prefix' && (known == null || known.extranonce1.length / 2 < nonces.mostPrefixBytes)
    );
  }

  /** True where the pool leaves all of the nonce to whoever is connected. */
  get isUndivided(): boolean {
    return this.#parts.dialect.miner.nonces.kind === 'none';
  }

  #openAheadOf(upstream: Upstream): void {
    if (upstream.clients.length < this.#capacityOf(upstream) * FULL_FROM) return;
    const hasSpare = this.upstreams.some(
      (one) =>
        one !== upstream &&
        one.state.kind !== 'closed' &&
        one.clients.length < this.#capacityOf(one) * FULL_FROM,
    );
    if (!hasSpare) this.#open().open();
  }

  /** A dedicated connection that another miner has left carries the difficulty that the pool chose for that one. */
  #isFromThere(upstream: Upstream, client: UpstreamClient): boolean {
    return (
      this.#options.mode === 'shared' || upstream.lastOrigin === null || upstream.lastOrigin === client.origin
    );
  }

  /** A dedicated upstream is logged in under its miner's name. */
  #hasLogin(upstream: Upstream, client: GroupClient): boolean {
    return this.#options.mode === 'shared' || upstream.login === this.nameOf(client.worker);
  }

  #open(client: GroupClient | null = null): Upstream {
    const { dialer, dialect, clock, log, jobs, stats, statsOf, labels, fanOut } = this.#parts;
    const { credentials, settings, verifies, mode } = this.#options;
    const login = mode === 'dedicated' && client !== null ? this.nameOf(client.worker) : credentials.user;
    const upstream = new Upstream(
      {
        owner: this,
        dialer,
        dialect: dialect.pool,
        clock,
        log,
        jobs,
        stats,
        statsOf,
        labelOf: (work) => labels.labelOf(work, dialect.pool, credentials.pool),
        fanOut,
      },
      { credentials, login, settings, verifies, relaysWishes: mode === 'dedicated' },
    );
    this.upstreams.push(upstream);
    return upstream;
  }
}

/** Two upstreams on which the session's lane rests must not send it to and fro. */
function hasLane(upstream: Upstream, { space, resumed }: GroupClient): boolean {
  const { plan, extranonce1 } = space;
  const { lanes } = upstream;
  const lane = resumed?.upstream === upstream ? resumed.lane : null;
  return lanes === null || plan === null || lanes.hasRoomFor(plan, extranonce1, lane);
}

function isLive({ state }: Upstream): boolean {
  return state.kind === 'live';
}

function isUnderWay({ state }: Upstream): boolean {
  return state.kind === 'dialing' || state.kind === 'handshaking';
}

function isUsable({ state }: Upstream): boolean {
  return state.kind !== 'closed' && state.kind !== 'cooling';
}
