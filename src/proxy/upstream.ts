import type { PoolCredentials } from '../domain/account.ts';
import {
  blockOf,
  difficultyOfHashes,
  isSameWork,
  joinStanding,
  type ShareTarget,
  type StandingParts,
  type Work,
  withStanding,
} from '../domain/job.ts';
import { LaneSpace } from '../domain/lane.ts';
import { passwordAtPool } from '../domain/pool-options.ts';
import { ShareMemory } from '../domain/share-memory.ts';
import { backoffMs } from '../kit/backoff.ts';
import type { Clock } from '../kit/clock.ts';
import type { Histogram } from '../kit/histogram.ts';
import type { Log } from '../kit/log.ts';
import type { CloseReason, Connection } from '../net/connection.ts';
import type { DialOwner, DialTarget } from '../net/tcp-dialer.ts';
import type { PoolDialect, PoolShare } from '../wire/dialect.ts';
import { LineFramer } from '../wire/framing/line-framer.ts';
import type { PoolEvent, PoolRefusal, PoolSubscription } from '../wire/messages.ts';
import { dialTargetOf } from './dial-target.ts';
import { hideSecret } from './hide-secret.ts';
import type { InFlightShare, PoolVerdict } from './in-flight-share.ts';
import { InFlightShares, LOST } from './in-flight-shares.ts';
import type { IssuedJob, JobSequence } from './issued-job.ts';
import { IssuedJobs } from './issued-jobs.ts';
import { NamesAtPool } from './names-at-pool.ts';
import { type LoginStep, PoolLogin } from './pool-login.ts';
import type { PoolStats } from './pool-stats.ts';
import type { ProxySettings } from './settings.ts';
import { SuggestionPace } from './suggestion-pace.ts';

/** A session as its upstream sees it. */
export interface UpstreamClient {
  /** Address and agent of the miner. */
  readonly origin: string;
  /** The miner negotiated version rolling, so the pool should be asked for it whatever the algorithm. */
  readonly wantsVersionRolling: boolean;
  /** The miner asks for a difficulty by itself, and that is passed on to a pool. */
  readonly wishesDifficulty: boolean;
  /** The pool took the login. */
  onLoggedIn(from: Upstream): void;
  onLoginRefused(from: Upstream, refusal: PoolRefusal): void;
  /** There is a job and an extranonce to take a lane from; also after either has changed for good. */
  onReady(from: Upstream): void;
  onJob(from: Upstream, job: IssuedJob, clean: boolean): void;
  onVersionMask(from: Upstream): void;
  /** The connection is gone; it is dialled again while there is a client. */
  onDown(from: Upstream): void;
}

/**
 * Where an upstream is. `idle`: not dialled yet, also where another finds out first whether the pool takes the login. `cooling`: waits before the next dial.
 * `first-job`: logged in, nothing to mine yet.
 */
export type UpstreamState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'dialing'; readonly deadlineMs: number }
  | {
      readonly kind: 'handshaking';
      readonly step: LoginStep | 'first-job';
      readonly callId: number;
      readonly deadlineMs: number;
    }
  | { readonly kind: 'live' }
  | { readonly kind: 'cooling'; readonly untilMs: number }
  | { readonly kind: 'closed' };

/** What the pool demands of shares. */
interface Demand {
  readonly difficulty: number;
  /** In the pool's words, where it said it by a target. */
  readonly target: ShareTarget | null;
}

/** What an upstream needs of the group it serves. */
export interface UpstreamOwner {
  /** The pool refused the login; the connection is closed. */
  onLoginRefused(upstream: Upstream, refusal: PoolRefusal): void;
  /** The pool takes the login (again). `wasLive`: on a connection that had been live before. */
  onLoginTaken(wasLive: boolean): void;
  /**
   * Asked before each dial. `wait`: nobody knows yet whether the pool takes this account's login, and another upstream is finding out. `refused`: it does not,
   * and it is too early, or another's turn, to find out whether that has changed. `wasLive`: this connection has been live before.
   */
  mayDial(nowMs: number, wasLive: boolean): 'yes' | 'wait' | 'refused';
  /** Where a pool's `client.reconnect` may lead: null where it may not. */
  redirect(host: string | null, port: number | null): DialTarget | null;
  onStateChanged(upstream: Upstream): void;
  /** A connection has failed, in words. */
  onFailed(error: string): void;
}

/** Opens connections; the one method of the dialer that an upstream uses. */
export interface Dialer {
  dial(target: DialTarget, owner: DialOwner): Connection;
}

export interface UpstreamParts {
  readonly owner: UpstreamOwner;
  readonly dialer: Dialer;
  readonly dialect: PoolDialect;
  readonly clock: Clock;
  readonly log: Log;
  readonly jobs: JobSequence;
  /** Of the pool under the algorithm of its entry. */
  readonly stats: PoolStats;
  /** What the shares of this job are counted under: the catalogue's name of an algorithm. */
  labelOf(work: Work): string;
  /** Of the pool under the algorithm that its jobs name. */
  statsOf(algorithm: string): PoolStats;
  /** Seconds from a job's arrival to its last session. */
  readonly fanOut: Histogram;
}

export interface UpstreamOptions {
  readonly credentials: PoolCredentials;
  /** The name to log in with: the account's, or one miner's. */
  readonly login: string;
  readonly settings: ProxySettings;
  /** Shares are judged here: superseded jobs keep their work, and shares are remembered. */
  readonly verifies: boolean;
  /** What its miners wish for is the pool's to grant, not ours. */
  readonly relaysWishes: boolean;
}

/** A pool that sends its first job before any difficulty gets this long to name one; then 1 holds, as the protocol says. */
const LATE_DIFFICULTY_MS = 1000;
const MAX_UNANSWERED_IN_A_ROW = 3;
/** Per job; 16 MB at the very most. */
const SHARES_REMEMBERED = 262_144;
const SUGGEST_BARRED_MS = 600_000;
const STEADY_MS = 60_000;
/** A pool that wants its miners to wait longer is not worth waiting for. */
const MAX_RECONNECT_WAIT_SECONDS = 60;
/** A pool that minds silence hears from us at least this often. */
const KEEPALIVE_MS = 55_000;

/**
 * One connection of ours to a pool, logged in as one account (docs/protocols/bitcoin-v1.md, the proxy as a client of a pool).
 * Requests are never pipelined (but a call that a pool need not know is not waited for once there is a job), every one has a time limit, notifications are taken at any point. When the connection is lost it is dialled
 * again while a session wants it; shares in flight are sent again if the pool gives the same extranonce1 back, else they are lost.
 */
export class Upstream implements DialOwner {
  readonly #parts: UpstreamParts;
  readonly #settings: ProxySettings;
  readonly #verifies: boolean;
  readonly #relaysWishes: boolean;
  /** What the pool is sent: the account's password, by the pool's template. */
  readonly #password: string;
  readonly credentials: PoolCredentials;
  readonly login: string;
  readonly clients: UpstreamClient[] = [];
  readonly #names = new NamesAtPool();
  /** One session takes the whole extranonce2: no other may join. */
  isExclusive = false;
  /** Where the session that left last came from: what the pool has learnt about this connection fits that miner. */
  lastOrigin: string | null = null;

  #figures: PoolStats;
  #state: UpstreamState = { kind: 'idle' };
  #target: DialTarget;
  #connection: Connection | null = null;
  #framer = new LineFramer();
  #lastCallId = 0;
  #attempt = 0;
  readonly #poolLogin: PoolLogin;

  subscription: PoolSubscription | null = null;
  lanes: LaneSpace | null = null;
  /** Bits that may be rolled at the pool; 0 where rolling was not granted. Holds for kept jobs while the connection is down. */
  versionMask = 0;
  /** The pool granted rolling, whatever the mask is now. */
  isRolling = false;
  #nextExtranonce: { readonly extranonce1: string; readonly extranonce2Bytes: number } | null = null;
  #demand: Demand = DIFFICULTY_ONE;
  #isDifficultyGiven = false;
  /** What the targets of jobs are multiplied with. */
  #scale = 1;
  /** What the pool has said once for all its jobs. */
  #standing: StandingParts | null = null;
  #earlyWork: { readonly work: Work; readonly demand: Demand | null } | null = null;
  readonly #issued: IssuedJobs;
  #liveSinceMs = 0;
  #wasLive = false;
  #coolsForOthers = false;
  /** The connection was given up because no job had come since then, with this block the newest. */
  #quiet: { readonly block: string; readonly sinceMs: number } | null = null;
  /** When the pool last sent a job, new or repeated. */
  #jobAtMs = 0;
  #refreshedAtMs = 0;
  #heardAtMs = 0;
  #spokeAtMs = 0;
  #emptySinceMs: number;
  readonly #suggestions = new SuggestionPace();
  readonly #inFlight = new InFlightShares();

  constructor(parts: UpstreamParts, options: UpstreamOptions) {
    this.#parts = parts;
    this.#settings = options.settings;
    this.#verifies = options.verifies;
    this.#relaysWishes = options.relaysWishes;
    const { pool, password } = options.credentials;
    this.#password = passwordAtPool(pool.options, password);
    this.credentials = options.credentials;
    this.login = options.login;
    const { limits, upstream } = options.settings;
    this.#poolLogin = new PoolLogin(parts, upstream.versionMask);
    this.#issued = new IssuedJobs({ jobsKept: limits.jobsKept, keepsWork: options.verifies });
    this.#target = dialTargetOf(pool);
    this.#figures = parts.stats.supersededBy ?? parts.stats;
    this.#emptySinceMs = parts.clock.monotonicMs();
  }

  get state(): UpstreamState {
    return this.#state;
  }

  /** Where the connection is counted: under the algorithm that its newest job named, where jobs do. */
  get figures(): PoolStats {
    return this.#figures;
  }

  /** The newest job; null before the first and while the connection is down. */
  get job(): IssuedJob | null {
    return this.#state.kind === 'live' ? this.#issued.newest : null;
  }

  get isLoggedIn(): boolean {
    return (
      this.#state.kind === 'live' || (this.#state.kind === 'handshaking' && this.#state.step === 'first-job')
    );
  }

  /** Jobs whose shares are still taken, oldest first. */
  get jobs(): readonly IssuedJob[] {
    return this.#issued.all;
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Adds a session and dials if nothing is under way. The session is told by its callbacks; what is true already it reads itself. */
  join(client: UpstreamClient): void {
    this.clients.push(client);
    this.open();
  }

  /** Dials although no session is there yet. */
  open(): void {
    if (this.#state.kind !== 'idle') return;
    const nowMs = this.#parts.clock.monotonicMs();
    const answer = this.#parts.owner.mayDial(nowMs, this.#wasLive);
    if (answer === 'yes') this.#dial();
    else if (answer === 'refused') this.#coolForOthers(nowMs);
  }

  /** The pool takes the login: whoever only waited for this news goes at once. A failure's own pause is kept. */
  hearTaken(): void {
    if (this.clients.length === 0) return;
    if (this.#state.kind === 'cooling' && this.#coolsForOthers) this.#dial();
    else this.open();
  }

  /** Down for what another connection has heard. */
  #coolForOthers(nowMs: number): void {
    this.#coolsForOthers = true;
    this.#to({ kind: 'cooling', untilMs: nowMs });
  }

  /** The upstream that tried the login for all was refused: whoever waits here for its verdict has it. */
  hearRefusal(refusal: PoolRefusal): void {
    if (this.#state.kind !== 'idle') return;
    this.#coolForOthers(this.#parts.clock.monotonicMs());
    this.#tellRefused(refusal);
  }

  leave(client: UpstreamClient): void {
    const index = this.clients.indexOf(client);
    if (index < 0) return;
    this.clients.splice(index, 1);
    this.lastOrigin = client.origin;
    if (this.clients.length === 0) {
      this.#emptySinceMs = this.#parts.clock.monotonicMs();
      this.isExclusive = false;
    }
  }

  /** A session has gone on to another pool while this one is down: what it has in flight here must not hold up its answers for long. */
  hurry(): void {
    if (this.#state.kind !== 'live') this.#inFlight.hurry(this.#parts.clock.monotonicMs());
  }

  /** Ends the upstream for good; shares in flight are lost. */
  close(reason: CloseReason): void {
    if (this.#state.kind === 'closed') return;
    const connection = this.#connection;
    this.#connection = null;
    this.#to({ kind: 'closed' });
    connection?.close(reason);
    this.#inFlight.loseAll();
    // The records of sessions that may come back still point here.
    this.#issued.forget();
    this.lanes = null;
  }

  /** A job by its own id while its shares are taken. */
  findJob(id: string): IssuedJob | null {
    return this.#issued.find(id);
  }

  /** Sends a share to the pool; its owner hears the verdict once. While the connection is down the share waits for its return. */
  submit(share: InFlightShare): void {
    // A hash computed off the event loop may come when the upstream has ended: nobody would look after the share.
    if (this.#state.kind === 'closed') {
      share.owner.onVerdict(share, LOST);
      return;
    }
    const id = this.#nextCallId();
    this.#inFlight.add(id, share);
    if (this.#state.kind !== 'live' || this.subscription === null) return;
    // A hash computed off the event loop may come when the extranonce it was found under is gone.
    const sent = this.#isOfNow(share) ? this.#asOfNow(share.share) : null;
    if (sent === null) {
      this.#inFlight.remove(id);
      share.owner.onVerdict(share, LOST);
    } else {
      this.#spokeAtMs = share.sentAtMs;
      this.#connection?.send(this.#parts.dialect.submit(id, sent, this.subscription));
    }
  }

  #isOfNow({ job, share }: InFlightShare): boolean {
    const { subscription } = this;
    return (
      subscription !== null &&
      job.extranonce1 === subscription.extranonce1 &&
      (share.family !== 'bitcoin' || share.extranonce2.length === subscription.extranonce2Bytes * 2)
    );
  }

  /**
   * The share as the connection of now takes it, which may be another than that of its job: the name may not be authorised on it yet, and version rolling
   * negotiated there or not. Null where the version was rolled and cannot be told any more.
   */
  #asOfNow(share: PoolShare): PoolShare | null {
    const user = this.nameFor(share.user);
    if (share.family !== 'bitcoin') return user === share.user ? share : { ...share, user };
    if (user === share.user && (share.versionBits !== null) === this.isRolling) return share;
    if (this.isRolling) return { ...share, user, versionBits: share.versionBits ?? UNROLLED };
    return share.versionBits === null || share.versionBits === UNROLLED
      ? { ...share, user, versionBits: null }
      : null;
  }

  /**
   * The name to submit a miner's share under. Another than the login's has to be authorised on the connection first; a pool that refuses
   * one gets all shares under the login's.
   */
  nameFor(wanted: string): string {
    if (wanted === this.login || this.#names.isGranted(wanted)) return wanted;
    const { furtherName } = this.#parts.dialect;
    if (furtherName !== null && this.#state.kind === 'live' && this.#names.mayAsk(wanted)) {
      const id = this.#nextCallId();
      this.#names.asked(wanted, id);
      this.#connection?.send(furtherName(id, wanted, this.#password));
    }
    return this.login;
  }

  /** Passes a miner's wish on, where the pool is known not to mind. Of too many within a while the newest goes, later. */
  suggestDifficulty(difficulty: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const { suggestDifficulty } = this.#parts.dialect;
    if (suggestDifficulty === null) return;
    if (!this.isLoggedIn || nowMs < this.#parts.stats.suggestBarredUntilMs) return;
    if (this.#suggestions.take(difficulty, nowMs))
      this.#connection?.send(suggestDifficulty(this.#nextCallId(), difficulty));
  }

  /** Looks after every deadline; called once per sweep. `isHeld`: it is kept up without sessions too. */
  sweep(nowMs: number, isHeld = false): void {
    const state = this.#state;
    switch (state.kind) {
      case 'dialing':
        if (nowMs >= state.deadlineMs)
          this.#down('dial-timeout', `no connection within ${this.#settings.upstream.dialTimeoutMs} ms`);
        break;
      case 'handshaking':
        if (nowMs >= state.deadlineMs) this.#onCallTimeout(state.step, state.callId);
        break;
      case 'cooling':
        // Shares in flight have their chance until their time is up: the pool may give the session back.
        if (this.clients.length === 0 && this.inFlightCount === 0 && !isHeld) this.close('unused');
        else if (nowMs >= state.untilMs && this.#parts.owner.mayDial(nowMs, this.#wasLive) === 'yes')
          this.#dial();
        break;
      case 'live':
        this.#sweepLive(nowMs);
        break;
      case 'idle':
        if (this.clients.length > 0 || isHeld) this.open();
        break;
      case 'closed':
        break;
    }
    this.#sweepInFlight(nowMs);
    if (
      !isHeld &&
      this.clients.length === 0 &&
      this.inFlightCount === 0 &&
      this.#state.kind !== 'closed' &&
      nowMs - this.#emptySinceMs >= this.#settings.upstream.lingerMs
    ) {
      this.close('unused');
    }
  }

  // ---- connection

  onConnected(): void {
    if (this.#state.kind !== 'dialing') return;
    this.#heardAtMs = this.#parts.clock.monotonicMs();
    const wantsRolling =
      this.credentials.pool.algorithm.name === 'sha256d' || this.clients.some((c) => c.wantsVersionRolling);
    this.#poolLogin.begin(wantsRolling, this.#heardAtMs);
    this.#callFrom(0);
  }

  onBytes(chunk: Buffer): void {
    this.#heardAtMs = this.#parts.clock.monotonicMs();
    const fault = this.#framer.push(chunk, this.#settings.limits.poolLineBytes, this);
    if (fault !== null) this.#down('nonsense', fault);
  }

  onLine(line: string): boolean {
    this.#onEvent(this.#parts.dialect.decode(line));
    return this.#connection !== null;
  }

  onClosed(reason: CloseReason, detail: string): void {
    if (this.#connection === null) return;
    const state = this.#state;
    const nowMs = this.#parts.clock.monotonicMs();
    const isWaiting =
      state.kind === 'handshaking' && state.step !== 'first-job' && state.step.call.isOptional;
    const call = isWaiting ? state.step.call : this.#poolLogin.openCall;
    // Only where the next attempt is another one.
    if (call?.isDispensable === true) {
      this.#poolLogin.closedOnOptional();
      this.#down(reason, `closed on ${call.name}`, 0);
      return;
    }
    if (this.#suggestions.isToBlame(nowMs))
      this.#parts.stats.suggestBarredUntilMs = nowMs + SUGGEST_BARRED_MS;
    this.#down(reason, detail === '' ? 'closed by the pool' : detail);
  }

  #dial(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#coolsForOthers = false;
    this.#framer = new LineFramer();
    // [Ocean sends the difficulty ahead of everything] so what a connection says counts from its first line.
    this.#demand = DIFFICULTY_ONE;
    this.#isDifficultyGiven = false;
    this.#scale = 1;
    this.#standing = null;
    this.#earlyWork = null;
    this.#to({ kind: 'dialing', deadlineMs: nowMs + this.#settings.upstream.dialTimeoutMs });
    this.#connection = this.#parts.dialer.dial(this.#target, this);
  }

  /** The connection is of no further use. Dials again after a pause that grows with every failure in a row. */
  #down(reason: CloseReason, detail: string, pauseMs: number | null = null): void {
    const connection = this.#connection;
    this.#connection = null;
    const { stats, clock, log } = this.#parts;
    // A pool that takes the login and closes again is no better than one that refuses it.
    const wasSteady = this.#state.kind === 'live' && clock.monotonicMs() - this.#liveSinceMs >= STEADY_MS;
    this.#attempt = wasSteady ? 1 : this.#attempt + 1;
    const { retryMinMs, retryMaxMs } = this.#settings.upstream;
    const waitMs =
      pauseMs ?? backoffMs(this.#attempt, { minMs: retryMinMs, maxMs: retryMaxMs }, Math.random());
    // A redirected upstream that fails goes back to the address the account names.
    if (reason !== 'redirected') this.#target = dialTargetOf(this.credentials.pool);
    this.#to({ kind: 'cooling', untilMs: clock.monotonicMs() + waitMs });
    connection?.abandon(reason);
    const error = this.#withoutSecret(`${reason}: ${detail}`);
    stats.failed(error, clock.monotonicMs(), log);
    this.#parts.owner.onFailed(error);
    for (const client of this.clients.slice()) client.onDown(this);
  }

  // ---- handshake

  /** Makes the login's next call, from this one on; after the last the login is done. */
  #callFrom(index: number): void {
    const { clock } = this.#parts;
    const { pool } = this.credentials;
    const { agent, callTimeoutMs, configureTimeoutMs } = this.#settings.upstream;
    const facts = {
      user: this.login,
      password: this.#password,
      agent,
      host: pool.host,
      port: pool.port,
      algorithm: pool.algorithm.name,
      sessionId: this.subscription?.sessionId ?? null,
    };
    const next = this.#poolLogin.next(index, facts, () => this.#nextCallId());
    if (next === null) {
      this.#onAuthorized();
      return;
    }
    const nowMs = clock.monotonicMs();
    const deadlineMs = nowMs + (next.call.isOptional ? configureTimeoutMs : callTimeoutMs);
    this.#to({ kind: 'handshaking', step: next, callId: next.callId, deadlineMs });
    this.#spokeAtMs = nowMs;
    this.#connection?.send(next.line);
    this.#goOnWithJob();
  }

  /** With a job there an optional call holds nobody up any longer; its answer counts when it comes. */
  #goOnWithJob(): void {
    const state = this.#state;
    if (this.#earlyWork === null || state.kind !== 'handshaking' || state.step === 'first-job') return;
    if (!this.#poolLogin.canStayOpen(state.step)) return;
    this.#poolLogin.leaveOpen(state.step, state.callId, state.deadlineMs);
    this.#callFrom(state.step.index + 1);
  }

  #onCallTimeout(step: LoginStep | 'first-job', callId: number): void {
    if (step === 'first-job') {
      if (this.#earlyWork !== null) this.#goLive();
      else this.#down('call-timeout', 'no job after the login');
    } else if (step.call.isOptional) {
      this.#poolLogin.timedOut(step.call, callId);
      this.#callFrom(step.index + 1);
    } else {
      this.#down('call-timeout', `no answer to ${step.call.name}`);
    }
  }

  #onLoginReply(step: LoginStep, result: unknown, refusal: PoolRefusal | null): void {
    const outcome = this.#poolLogin.read(step, result, refusal);
    switch (outcome.kind) {
      case 'refused':
        this.#onRefused({ ...outcome.refusal, message: this.#withoutSecret(outcome.refusal.message) });
        return;
      case 'unusable':
        this.#down('nonsense', outcome.problem, this.#poolLogin.sayOtherwise() ? 0 : null);
        return;
      case 'taken':
        if (outcome.subscription !== undefined) this.#onSubscribed(outcome.subscription);
        if (outcome.worker !== undefined && this.subscription !== null)
          this.subscription = { ...this.subscription, worker: outcome.worker };
        if (outcome.work !== undefined) this.#onWork(outcome.work);
        this.#callFrom(step.index + 1);
        return;
    }
  }

  #onLateReply(result: unknown, refusal: PoolRefusal | null): void {
    if (this.#poolLogin.onLateReply(result, refusal)) this.#changeMask();
  }

  /** The mask that was granted last holds at once where there are jobs under it already. */
  #changeMask(): void {
    if (this.#state.kind !== 'live') return;
    this.#useGrantedMask();
    for (const client of this.clients.slice()) client.onVersionMask(this);
  }

  /** In force when the connection is live: kept jobs were sent under the mask of before. */
  #useGrantedMask(): void {
    const { mask, isRolling } = this.#poolLogin.granted;
    this.versionMask = mask;
    this.isRolling = isRolling;
  }

  #onSubscribed(subscription: PoolSubscription): void {
    const previous = this.subscription;
    this.subscription = subscription;
    const isResumed =
      previous !== null &&
      previous.extranonce1 === subscription.extranonce1 &&
      previous.extranonce2Bytes === subscription.extranonce2Bytes &&
      subscription.extranonce1 !== '';
    if (!isResumed) this.#forgetWork(subscription.extranonce2Bytes);
    this.#nextExtranonce = null;
    this.#names.forget();
  }

  /** A new extranonce1: nothing hashed so far can be handed in, and all lanes are cut anew. */
  #forgetWork(extranonce2Bytes: number): void {
    this.lanes = new LaneSpace(extranonce2Bytes);
    this.#issued.forget();
    this.#inFlight.loseAll();
  }

  #onRefused(refusal: PoolRefusal): void {
    const { owner } = this.#parts;
    this.#down('login-refused', refusal.message);
    owner.onLoginRefused(this, refusal);
    this.#tellRefused(refusal);
  }

  #tellRefused(refusal: PoolRefusal): void {
    for (const client of this.clients.slice()) client.onLoginRefused(this, refusal);
  }

  #onAuthorized(): void {
    const { callTimeoutMs } = this.#settings.upstream;
    const nowMs = this.#parts.clock.monotonicMs();
    this.#to({ kind: 'handshaking', step: 'first-job', callId: 0, deadlineMs: nowMs + callTimeoutMs * 3 });
    this.#suggestOwn();
    for (const client of this.clients.slice()) client.onLoggedIn(this);
    this.#considerLive();
  }

  /** What the operator wants this pool to be asked for. The wish of a miner that has the connection for itself goes before it. */
  #suggestOwn(): void {
    const { suggestDifficulty } = this.credentials.pool.options;
    const hasWish = this.#relaysWishes && this.clients.some((client) => client.wishesDifficulty);
    if (suggestDifficulty !== null && !hasWish) this.suggestDifficulty(suggestDifficulty);
  }

  /** Live as soon as there is a job and its difficulty; a job without one waits a moment for it. */
  #considerLive(): void {
    const state = this.#state;
    if (state.kind !== 'handshaking' || state.step !== 'first-job' || this.#earlyWork === null) return;
    if (this.#earlyWork.demand !== null || this.#isDifficultyGiven) {
      this.#goLive();
    } else {
      const deadlineMs = this.#parts.clock.monotonicMs() + LATE_DIFFICULTY_MS;
      if (deadlineMs < state.deadlineMs) this.#to({ ...state, deadlineMs });
    }
  }

  #goLive(): void {
    const early = this.#earlyWork;
    if (early === null) return;
    this.#earlyWork = null;
    this.#learnQuiet(early.work);
    this.#inFlight.begin();
    this.#liveSinceMs = this.#parts.clock.monotonicMs();
    this.#useGrantedMask();
    this.#to({ kind: 'live' });
    // The calls of the login waited for each other; shares do not.
    this.#connection?.pace();
    this.#parts.owner.onLoginTaken(this.#wasLive);
    this.#wasLive = true;
    this.#logUnanswered(this.#poolLogin.succeeded(this.#liveSinceMs));
    this.#parts.stats.succeeded(this.#parts.log);
    const { newest } = this.#issued;
    // A pool that takes a session up again and names no difficulty means the one of before.
    if (!this.#isDifficultyGiven && newest !== null)
      this.#demand = { difficulty: newest.difficulty, target: newest.target };
    const demand = early.demand ?? this.#demand;
    if (newest === null || !isSameWork(newest.work, early.work)) {
      this.#issue(early.work, demand, ntimeOf(early.work));
    } else if (newest.difficulty !== demand.difficulty) {
      // Resumed: the miners are on this very job; sent again as it is they would repeat their nonces.
      this.#issue(early.work, demand, newest.ntime + 1);
    }
    this.#resubmit();
    for (const client of this.clients.slice()) client.onReady(this);
  }

  #logUnanswered(call: string | null): void {
    if (call === null) return;
    this.#parts.log.info('pool does not answer an optional call; going on without it for an hour', {
      pool: this.credentials.pool.name,
      call,
    });
  }

  /** A pool that was given up for its silence and is on the same block still had nothing to say: that is its usual gap. */
  #learnQuiet(work: Work): void {
    const quiet = this.#quiet;
    this.#quiet = null;
    if (quiet === null || quiet.block !== blockOf(work)) return;
    this.#parts.stats.noteJobGap(this.#parts.clock.monotonicMs() - quiet.sinceMs);
  }

  // ---- what the pool says

  #onEvent(event: PoolEvent): void {
    switch (event.kind) {
      case 'reply':
        this.#onReply(
          event.id,
          event.result,
          event.refusal && { ...event.refusal, message: this.#withoutSecret(event.refusal.message) },
        );
        return;
      case 'job':
        this.#onWork(event.work);
        return;
      case 'difficulty':
        this.#onDemand({ difficulty: event.difficulty, target: null });
        return;
      case 'target':
        this.#onDemand(this.#demandOf(event.target, 1));
        return;
      case 'scale':
        this.#scale = event.factor;
        return;
      case 'standing':
        this.#standing = joinStanding(this.#standing, event.standing);
        return;
      case 'several':
        for (const one of event.events) if (this.#connection !== null) this.#onEvent(one);
        return;
      case 'extranonce':
        this.#onExtranonce(event);
        return;
      case 'version-mask':
        if (this.#poolLogin.changeMask(event.mask)) this.#changeMask();
        return;
      case 'reconnect':
        this.#onReconnect(event.host, event.port, event.waitSeconds);
        return;
      case 'ping':
        this.#connection?.send(this.#parts.dialect.pong(event.id));
        return;
      case 'get-version':
        this.#connection?.send(this.#parts.dialect.version(event.id, this.#settings.upstream.agent));
        return;
      case 'message':
        if (event.id !== 'null') this.#connection?.send(this.#parts.dialect.acknowledge(event.id));
        this.#logNews('info', 'message from the pool', this.#withoutSecret(event.text));
        return;
      case 'notice':
        return;
      case 'fault':
        this.#down('nonsense', event.problem);
        return;
    }
  }

  #onReply(id: number, result: unknown, refusal: PoolRefusal | null): void {
    const state = this.#state;
    if (state.kind === 'handshaking' && state.step !== 'first-job' && id === state.callId) {
      this.#onLoginReply(state.step, result, refusal);
      return;
    }
    if (this.#poolLogin.isLate(id)) {
      this.#onLateReply(result, refusal);
      return;
    }
    const share = this.#inFlight.peek(id);
    if (share === undefined) {
      if (this.#names.onReply(id, refusal === null && this.#parts.dialect.isYes(result))) {
        this.#parts.log.info(
          'pool takes one worker name per connection; shares are submitted under the login',
          { pool: this.credentials.pool.name },
        );
      }
      return;
    }
    // [quirk: ethermine and nanopool push jobs as replies, under an id that may be a share's]
    if (refusal === null && Array.isArray(result)) return;
    this.#inFlight.answered(id);
    this.#figures.roundTrip.observe((this.#parts.clock.monotonicMs() - share.sentAtMs) / 1000);
    share.owner.onVerdict(share, this.#verdictOf(result, refusal));
  }

  /** Whatever the dialect does not read as a yes is no acceptance, error or not. */
  #verdictOf(result: unknown, refusal: PoolRefusal | null): PoolVerdict {
    const { dialect } = this.#parts;
    if (refusal === null && dialect.isYes(result)) return ACCEPTED;
    const words = refusal ?? { code: null, message: 'Rejected by the pool' };
    return { kind: 'refused', refusal: words, reason: dialect.classify(words) };
  }

  /** What a target, times a factor, means. */
  #demandOf(target: ShareTarget, scale: number): Demand {
    const { divider } = this.credentials.pool.algorithm;
    return { difficulty: difficultyOfHashes(target.hashes / scale, divider), target };
  }

  /** What the job's shares must meet: as the job itself says, else as the pool said before; null where it has not said. */
  #demandFor(work: Work): Demand | null {
    if (work.family !== 'bitcoin' && work.target !== null) return this.#demandOf(work.target, this.#scale);
    return this.#isDifficultyGiven ? this.#demand : null;
  }

  #onWork(received: Work): void {
    const work =
      received.family === 'bitcoin'
        ? this.#parts.stats.interner.intern(received)
        : withStanding(received, this.#standing);
    this.#countUnder(this.#parts.labelOf(work));
    this.#figures.jobs += 1;
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#state.kind === 'live') this.#parts.stats.noteJobGap(nowMs - this.#jobAtMs);
    this.#jobAtMs = nowMs;
    if (this.#state.kind !== 'live') {
      this.#earlyWork = { work, demand: this.#demandFor(work) };
      this.#goOnWithJob();
      this.#considerLive();
      return;
    }
    const demand = this.#demandFor(work) ?? this.#demand;
    if (this.#nextExtranonce !== null) {
      this.#takeExtranonce(this.#nextExtranonce);
      this.#issue(work, demand, ntimeOf(work));
      for (const client of this.clients.slice()) client.onReady(this);
      return;
    }
    const { newest } = this.#issued;
    // The miners hear nothing of it, so it does not put off the refresh either.
    if (newest !== null && isSameWork(newest.work, work) && newest.difficulty === demand.difficulty) return;
    const job = this.#issue(work, demand, ntimeOf(work));
    for (const client of this.clients.slice()) client.onJob(this, job, work.clean);
    this.#parts.fanOut.observe((this.#parts.clock.monotonicMs() - job.receivedAtMs) / 1000);
  }

  #countUnder(algorithm: string): void {
    if (algorithm === this.#figures.algorithm) return;
    const { stats, statsOf } = this.#parts;
    const isListed = algorithm === stats.algorithm;
    this.#figures = isListed ? stats : statsOf(algorithm);
    stats.supersededBy = isListed ? null : this.#figures;
  }

  /** A difficulty holds from the next job on; one that comes after the very first job was meant for it. */
  #onDemand(demand: Demand): void {
    const isFirst = !this.#isDifficultyGiven;
    this.#demand = demand;
    this.#isDifficultyGiven = true;
    if (this.#state.kind !== 'live') {
      this.#considerLive();
      return;
    }
    const { newest } = this.#issued;
    // A job that says it itself is not changed by what is said apart.
    const isOpen = newest?.work != null && (newest.work.family === 'bitcoin' || newest.work.target === null);
    if (isFirst && isOpen && newest.work !== null && newest.difficulty !== demand.difficulty) {
      const job = this.#issue(newest.work, demand, newest.ntime + 1);
      for (const client of this.clients.slice()) client.onJob(this, job, true);
    }
  }

  #onExtranonce(event: { readonly extranonce1: string; readonly extranonce2Bytes: number }): void {
    if (this.subscription === null) return;
    const { extranonce1, extranonce2Bytes } = event;
    if (
      extranonce1 === this.subscription.extranonce1 &&
      extranonce2Bytes === this.subscription.extranonce2Bytes
    ) {
      this.#nextExtranonce = null;
    } else if (this.#state.kind === 'live') {
      this.#nextExtranonce = { extranonce1, extranonce2Bytes };
    } else {
      this.#takeExtranonce({ extranonce1, extranonce2Bytes });
      this.#inFlight.loseAll();
    }
  }

  /** [NiceHash extranonce extension] The new pair holds from the next job on; shares in flight keep their chance. */
  #takeExtranonce(next: { readonly extranonce1: string; readonly extranonce2Bytes: number }): void {
    this.#nextExtranonce = null;
    const { sessionId = null, worker } = this.subscription ?? {};
    this.subscription = { sessionId, ...next, ...(worker === undefined ? {} : { worker }) };
    this.lanes = new LaneSpace(next.extranonce2Bytes);
    this.#issued.forget();
  }

  #onReconnect(host: string | null, port: number | null, waitSeconds: number): void {
    const target = this.#parts.owner.redirect(host, port);
    const asked = `${host ?? ''}:${port ?? ''}`;
    if (target === null) {
      this.#logNews('warn', 'pool asks to reconnect to a host that is not in the pool list; ignored', asked);
      return;
    }
    this.#logNews('info', 'pool asks to reconnect', asked);
    this.#target = target;
    // One that redirects before the login, or again and again, is dialled with the usual pauses: two of them could send us to and fro.
    const isSteady = this.#parts.clock.monotonicMs() - this.#liveSinceMs >= STEADY_MS;
    const isSensible = this.#state.kind === 'live' && (this.#attempt === 0 || isSteady);
    const waitMs = Math.min(waitSeconds, MAX_RECONNECT_WAIT_SECONDS) * 1000;
    this.#down('redirected', asked, isSensible || waitMs > 0 ? waitMs : null);
  }

  /** A pool that quotes the password in its words must not get it into our logs and the miners' answers. */
  #withoutSecret(text: string): string {
    return hideSecret(text, this.credentials.password);
  }

  /** In dedicated mode a pool tells every miner's connection the same: each text is logged once a minute. */
  #logNews(level: 'info' | 'warn', event: string, text: string): void {
    const { stats, log, clock } = this.#parts;
    if (stats.isNews(`${event} ${text}`, clock.monotonicMs())) {
      log[level](event, { pool: this.credentials.pool.name, text });
    }
  }

  // ---- jobs and shares

  #issue(work: Work, demand: Demand, ntime: number): IssuedJob {
    const nowMs = this.#parts.clock.monotonicMs();
    const sequence = this.#parts.jobs.next();
    const { newest } = this.#issued;
    const known = newest !== null && isSameWork(newest.work, work) ? newest : null;
    const job: IssuedJob = {
      id: sequence.toString(16),
      sequence,
      poolJobId: work.poolJobId,
      algorithm: this.#parts.labelOf(work),
      block: blockOf(work),
      version: work.family === 'bitcoin' ? work.version : 0,
      ntime,
      difficulty: demand.difficulty,
      target: demand.target,
      scale: this.#scale,
      extranonce1: this.subscription?.extranonce1 ?? '',
      extranonce2Bytes: this.subscription?.extranonce2Bytes ?? 0,
      receivedAtMs: nowMs,
      // The same work under another id is the same to the pool: a share may not count for both.
      seen: this.#verifies ? (known?.seen ?? new ShareMemory(SHARES_REMEMBERED)) : null,
      lines: null,
      work,
    };
    if (this.#issued.push(job, work)) this.lanes?.renew();
    this.#refreshedAtMs = nowMs;
    return job;
  }

  #sweepLive(nowMs: number): void {
    const { silenceMs, refreshMs } = this.#settings.upstream;
    const { waiting } = this.#suggestions;
    if (waiting !== null) this.suggestDifficulty(waiting);
    this.#logUnanswered(this.#poolLogin.overdue(nowMs));
    if (nowMs - this.#heardAtMs >= silenceMs) {
      this.#down('silence', `nothing heard for ${Math.round(silenceMs / 1000)} s`);
      return;
    }
    const { jobTimeoutSeconds } = this.credentials.pool.options;
    const jobLimitMs = jobTimeoutSeconds === null ? this.#parts.stats.jobLimitMs() : jobTimeoutSeconds * 1000;
    if (nowMs - this.#jobAtMs >= jobLimitMs) {
      this.#quiet = { block: this.#issued.newest?.block ?? '', sinceMs: this.#jobAtMs };
      this.#down('silence', `no job for ${Math.round((nowMs - this.#jobAtMs) / 1000)} s`);
      return;
    }
    const { keepalive } = this.#parts.dialect;
    if (keepalive !== null && this.subscription !== null && nowMs - this.#spokeAtMs >= KEEPALIVE_MS) {
      this.#spokeAtMs = nowMs;
      this.#connection?.send(keepalive(this.#nextCallId(), this.subscription));
    }
    const { newest } = this.#issued;
    if (
      refreshMs > 0 &&
      newest?.work?.family === 'bitcoin' &&
      nowMs - this.#refreshedAtMs >= refreshMs &&
      this.clients.length > 0
    ) {
      // cgminer gives a pool up after 90 s without a line: the same work again, told apart by its time.
      const elapsedSeconds = Math.max(1, Math.round((nowMs - newest.receivedAtMs) / 1000));
      const job = this.#issue(newest.work, newest, newest.ntime + elapsedSeconds);
      for (const client of this.clients.slice()) client.onJob(this, job, false);
    }
  }

  #sweepInFlight(nowMs: number): void {
    const isLive = this.#state.kind === 'live';
    this.#inFlight.sweep(nowMs, this.#settings.upstream.submitTimeoutMs, isLive);
    const { unansweredInARow } = this.#inFlight;
    if (isLive && unansweredInARow >= MAX_UNANSWERED_IN_A_ROW) {
      this.#down('silence', `${unansweredInARow} shares in a row unanswered`);
    }
  }

  /** After a resume the pool has not seen, or has seen and not answered, what was in flight; a second sending at worst is a duplicate there. */
  #resubmit(): void {
    for (const share of this.#inFlight.takeAll()) this.submit(share);
  }

  /** The next id, never one that waits for an answer: a dialect whose ids are few begins anew. */
  #nextCallId(): number {
    const { mostId = Number.MAX_SAFE_INTEGER } = this.#parts.dialect;
    do {
      this.#lastCallId = this.#lastCallId >= mostId ? 1 : this.#lastCallId + 1;
    } while (this.#inFlight.has(this.#lastCallId) || this.#names.isWaitedFor(this.#lastCallId));
    return this.#lastCallId;
  }

  #to(next: UpstreamState): void {
    const { stats, log } = this.#parts;
    if (next.kind === 'live') stats.live += 1;
    else if (this.#state.kind === 'live') stats.left(log);
    const hasChanged = next.kind !== this.#state.kind;
    this.#state = next;
    if (hasChanged) this.#parts.owner.onStateChanged(this);
  }
}

/** Version bits of a share whose version is the job's. */
const UNROLLED = '00000000';

const ACCEPTED: PoolVerdict = { kind: 'accepted' };

const DIFFICULTY_ONE: Demand = { difficulty: 1, target: null };

/** The time that goes with a job to its miners; 0 where the family's jobs have none of their own. */
function ntimeOf(work: Work): number {
  return work.family === 'bitcoin' ? work.ntime : 0;
}
