import type { PoolCredentials } from '../domain/account.ts';
import {
  blockOf,
  difficultyOfHashes,
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
import type { LoginCall, LoginFacts, PoolDialect, PoolShare } from '../wire/dialect.ts';
import { LineFramer } from '../wire/framing/line-framer.ts';
import type { PoolEvent, PoolRefusal, PoolSubscription } from '../wire/messages.ts';
import { dialTargetOf } from './dial-target.ts';
import type { InFlightShare, PoolVerdict } from './in-flight-share.ts';
import type { IssuedJob, JobSequence } from './issued-job.ts';
import type { PoolStats } from './pool-stats.ts';
import type { ProxySettings } from './settings.ts';

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

/** A call of the dialect's login, and its place among them. */
interface LoginStep {
  readonly call: LoginCall;
  readonly index: number;
}

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
  /** The pool takes the login (again). */
  onLoginTaken(): void;
  /**
   * Asked before each dial. `wait`: nobody knows yet whether the pool takes this account's login, and another upstream is finding out. `refused`: it does not,
   * and it is too early, or another's turn, to find out whether that has changed.
   */
  mayDial(nowMs: number): 'yes' | 'wait' | 'refused';
  /** Where a pool's `client.reconnect` may lead: null where it may not. */
  redirect(host: string | null, port: number | null): DialTarget | null;
  onStateChanged(upstream: Upstream): void;
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
  readonly stats: PoolStats;
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

const CONFIGURE_BARRED_MS = 3_600_000;
/** A pool that sends its first job before any difficulty gets this long to name one; then 1 holds, as the protocol says. */
const LATE_DIFFICULTY_MS = 1000;
const MAX_UNANSWERED_IN_A_ROW = 3;
/** Per job; 16 MB at the very most. */
const SHARES_REMEMBERED = 262_144;
const SUGGEST_BLAME_MS = 2000;
const NAMES_KEPT = 4096;
const SUGGEST_BARRED_MS = 600_000;
/** A miner's changing wishes reach the pool at most so often per window. */
const SUGGEST_WINDOW_MS = 30_000;
const SUGGEST_PER_WINDOW = 5;
const STEADY_MS = 60_000;
/** How long shares in flight wait for a pool to come back when their miners mine elsewhere already: the answers to all that they find there wait behind them. */
const HURRIED_MS = 2000;
/** A pool that wants its miners to wait longer is not worth waiting for. */
const MAX_RECONNECT_WAIT_SECONDS = 60;
const RELAYED_JOBS_KEPT = 128;
/** A pool that minds silence hears from us at least this often. */
const KEEPALIVE_MS = 55_000;

/**
 * One connection of ours to a pool, logged in as one account (docs/protocols/bitcoin-v1.md, the proxy as a client of a pool).
 * Requests are never pipelined, every one has a time limit, notifications are taken at any point. When the connection is lost it is dialled
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
  /** Further names on this connection, by name; and the calls that ask for them. */
  readonly #names = new Map<string, 'asked' | 'granted'>();
  readonly #nameCalls = new Map<number, string>();
  #takesNames = true;
  /** One session takes the whole extranonce2: no other may join. */
  isExclusive = false;
  /** Where the session that left last came from: what the pool has learnt about this connection fits that miner. */
  lastOrigin: string | null = null;

  #state: UpstreamState = { kind: 'idle' };
  #target: DialTarget;
  #connection: Connection | null = null;
  #framer = new LineFramer();
  #lastCallId = 0;
  #attempt = 0;
  #plainSubscribe = false;
  /** The attempt before ended at configure, so the next one goes without. */
  #withoutConfigure = false;
  #hasSkippedConfigure = false;
  #asksForRolling = false;
  /** An optional call that was not answered in time; its answer counts when it comes. */
  #late: { readonly call: LoginCall; readonly callId: number } | null = null;

  subscription: PoolSubscription | null = null;
  lanes: LaneSpace | null = null;
  /** Bits that may be rolled at the pool; 0 where rolling was not granted. Holds for kept jobs while the connection is down. */
  versionMask = 0;
  /** The pool granted rolling, whatever the mask is now. */
  isRolling = false;
  /** What the handshake under way granted; in force when the connection is live, since kept jobs were sent under the mask of before. */
  #granted = { mask: 0, isRolling: false };
  #nextExtranonce: { readonly extranonce1: string; readonly extranonce2Bytes: number } | null = null;
  #demand: Demand = DIFFICULTY_ONE;
  #isDifficultyGiven = false;
  /** What the targets of jobs are multiplied with. */
  #scale = 1;
  /** What the pool has said once for all its jobs. */
  #standing: StandingParts | null = null;
  #earlyWork: { readonly work: Work; readonly demand: Demand | null } | null = null;
  #newest: IssuedJob | null = null;
  /** Jobs whose shares are still taken, oldest first. */
  #jobs: IssuedJob[] = [];
  #liveSinceMs = 0;
  /** When the pool last sent a job, new or repeated. */
  #jobAtMs = 0;
  #refreshedAtMs = 0;
  #heardAtMs = 0;
  #spokeAtMs = 0;
  #emptySinceMs: number;
  #suggestedAtMs: number | null = null;
  #nextSuggestion: number | null = null;
  #suggestingSinceMs = Number.NEGATIVE_INFINITY;
  #suggested = 0;

  #inFlight: Map<number, InFlightShare> | null = null;
  /** When those in flight are given up although their time is not up; null while nobody has moved on from here. */
  #giveUpAtMs: number | null = null;
  #unansweredInARow = 0;

  constructor(parts: UpstreamParts, options: UpstreamOptions) {
    this.#parts = parts;
    this.#settings = options.settings;
    this.#verifies = options.verifies;
    this.#relaysWishes = options.relaysWishes;
    const { pool, password } = options.credentials;
    this.#password = passwordAtPool(pool.options, password);
    this.credentials = options.credentials;
    this.login = options.login;
    this.#target = dialTargetOf(pool);
    this.#emptySinceMs = parts.clock.monotonicMs();
  }

  get state(): UpstreamState {
    return this.#state;
  }

  /** The newest job; null before the first and while the connection is down. */
  get job(): IssuedJob | null {
    return this.#state.kind === 'live' ? this.#newest : null;
  }

  get isLoggedIn(): boolean {
    return (
      this.#state.kind === 'live' || (this.#state.kind === 'handshaking' && this.#state.step === 'first-job')
    );
  }

  /** Jobs whose shares are still taken, oldest first. */
  get jobs(): readonly IssuedJob[] {
    return this.#jobs;
  }

  get inFlightCount(): number {
    return this.#inFlight?.size ?? 0;
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
    const answer = this.#parts.owner.mayDial(nowMs);
    if (answer === 'yes') this.#dial();
    else if (answer === 'refused') this.#to({ kind: 'cooling', untilMs: nowMs });
  }

  /** The upstream that tried the login for all was refused: whoever waits here for its verdict has it. */
  hearRefusal(refusal: PoolRefusal): void {
    if (this.#state.kind !== 'idle') return;
    this.#to({ kind: 'cooling', untilMs: this.#parts.clock.monotonicMs() });
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
    if (this.#state.kind !== 'live') this.#giveUpAtMs ??= this.#parts.clock.monotonicMs() + HURRIED_MS;
  }

  /** Ends the upstream for good; shares in flight are lost. */
  close(reason: CloseReason): void {
    if (this.#state.kind === 'closed') return;
    const connection = this.#connection;
    this.#connection = null;
    this.#to({ kind: 'closed' });
    connection?.close(reason);
    this.#loseInFlight();
    // The records of sessions that may come back still point here.
    this.#jobs = [];
    this.#newest = null;
    this.lanes = null;
  }

  /** A job by its own id while its shares are taken. */
  findJob(id: string): IssuedJob | null {
    for (let i = this.#jobs.length - 1; i >= 0; i -= 1) {
      const job = this.#jobs[i];
      if (job?.id === id) return job;
    }
    return null;
  }

  /** Sends a share to the pool; its owner hears the verdict once. While the connection is down the share waits for its return. */
  submit(share: InFlightShare): void {
    // A hash computed off the event loop may come when the upstream has ended: nobody would look after the share.
    if (this.#state.kind === 'closed') {
      share.owner.onVerdict(share, LOST);
      return;
    }
    const id = this.#nextCallId();
    this.#inFlight ??= new Map();
    this.#inFlight.set(id, share);
    if (this.#state.kind !== 'live' || this.subscription === null) return;
    // A hash computed off the event loop may come when the extranonce it was found under is gone.
    const sent = this.#isOfNow(share) ? this.#asOfNow(share.share) : null;
    if (sent === null) {
      this.#inFlight.delete(id);
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
    if (wanted === this.login) return wanted;
    const { furtherName } = this.#parts.dialect;
    const known = this.#names.get(wanted);
    if (known === 'granted') return wanted;
    if (
      furtherName !== null &&
      known === undefined &&
      this.#takesNames &&
      this.#state.kind === 'live' &&
      this.#names.size < NAMES_KEPT
    ) {
      const id = this.#nextCallId();
      this.#names.set(wanted, 'asked');
      this.#nameCalls.set(id, wanted);
      this.#connection?.send(furtherName(id, wanted, this.#password));
    }
    return this.login;
  }

  #onNameReply(name: string, isGranted: boolean): void {
    if (isGranted) {
      this.#names.set(name, 'granted');
      return;
    }
    this.#names.clear();
    this.#takesNames = false;
    this.#parts.log.info('pool takes one worker name per connection; shares are submitted under the login', {
      pool: this.credentials.pool.name,
    });
  }

  /** Passes a miner's wish on, where the pool is known not to mind. Of too many within a while the newest goes, later. */
  suggestDifficulty(difficulty: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const { suggestDifficulty } = this.#parts.dialect;
    if (suggestDifficulty === null) return;
    if (!this.isLoggedIn || nowMs < this.#parts.stats.suggestBarredUntilMs) return;
    if (nowMs - this.#suggestingSinceMs >= SUGGEST_WINDOW_MS) {
      this.#suggestingSinceMs = nowMs;
      this.#suggested = 0;
    }
    if (this.#suggested >= SUGGEST_PER_WINDOW) {
      this.#nextSuggestion = difficulty;
      return;
    }
    this.#suggested += 1;
    this.#nextSuggestion = null;
    this.#suggestedAtMs = nowMs;
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
        else if (nowMs >= state.untilMs && this.#parts.owner.mayDial(nowMs) === 'yes') this.#dial();
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
    const { answersConfigure, configureBarredUntilMs } = this.#parts.stats;
    const isBarred =
      this.#withoutConfigure || (!answersConfigure && this.#heardAtMs < configureBarredUntilMs);
    this.#withoutConfigure = false;
    this.#asksForRolling = wantsRolling && !isBarred;
    this.#hasSkippedConfigure = wantsRolling && isBarred;
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
    if (state.kind === 'handshaking' && state.step !== 'first-job' && state.step.call.isOptional) {
      // [quirk: some pools close on a method they do not know] The next attempt goes without it, at once.
      this.#withoutConfigure = true;
      this.#down(reason, `closed on ${state.step.call.name}`, 0);
      return;
    }
    if (this.#suggestedAtMs !== null && nowMs - this.#suggestedAtMs < SUGGEST_BLAME_MS) {
      this.#parts.stats.suggestBarredUntilMs = nowMs + SUGGEST_BARRED_MS;
    }
    this.#down(reason, detail === '' ? 'closed by the pool' : detail);
  }

  #dial(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#framer = new LineFramer();
    // [Ocean sends the difficulty ahead of everything] so what a connection says counts from its first line.
    this.#demand = DIFFICULTY_ONE;
    this.#isDifficultyGiven = false;
    this.#scale = 1;
    this.#standing = null;
    this.#earlyWork = null;
    this.#hasSkippedConfigure = false;
    this.#late = null;
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
    stats.failed(`${reason}: ${detail}`, clock.monotonicMs(), log);
    for (const client of this.clients.slice()) client.onDown(this);
  }

  // ---- handshake

  #loginFacts(): LoginFacts {
    const { pool } = this.credentials;
    const { agent, versionMask } = this.#settings.upstream;
    return {
      user: this.login,
      password: this.#password,
      agent,
      host: pool.host,
      port: pool.port,
      algorithm: pool.algorithm.name,
      sessionId: this.subscription?.sessionId ?? null,
      versionMask: this.#asksForRolling ? Number.parseInt(versionMask, 16) : 0,
      isPlain: this.#plainSubscribe,
    };
  }

  /** Makes the login's next call, from this one on; after the last the login is done. */
  #callFrom(index: number): void {
    const { dialect, clock } = this.#parts;
    const { callTimeoutMs, configureTimeoutMs } = this.#settings.upstream;
    const facts = this.#loginFacts();
    for (let at = index; at < dialect.login.length; at += 1) {
      const call = dialect.login[at];
      const callId = this.#nextCallId();
      const line = call?.write(callId, facts) ?? null;
      if (call === undefined) continue;
      if (line === null) {
        this.#passOver(call);
        continue;
      }
      const deadlineMs = clock.monotonicMs() + (call.isOptional ? configureTimeoutMs : callTimeoutMs);
      this.#to({ kind: 'handshaking', step: { call, index: at }, callId, deadlineMs });
      this.#spokeAtMs = clock.monotonicMs();
      this.#connection?.send(line);
      return;
    }
    this.#onAuthorized();
  }

  /** The login goes on without this call, and without what it would have granted. */
  #passOver(call: LoginCall): void {
    if (call.isOptional) this.#takeVersionMask(0);
  }

  #onCallTimeout(step: LoginStep | 'first-job', callId: number): void {
    if (step === 'first-job') {
      if (this.#earlyWork !== null) this.#goLive();
      else this.#down('call-timeout', 'no job after the login');
    } else if (step.call.isOptional) {
      this.#hasSkippedConfigure = true;
      this.#late = { call: step.call, callId };
      this.#passOver(step.call);
      this.#callFrom(step.index + 1);
    } else {
      this.#down('call-timeout', `no answer to ${step.call.name}`);
    }
  }

  #onLoginReply({ call, index }: LoginStep, result: unknown, refusal: PoolRefusal | null): void {
    if (call.isOptional) this.#parts.stats.answersConfigure = true;
    const outcome = call.read(result, refusal);
    switch (outcome.kind) {
      case 'refused':
        this.#onRefused({ ...outcome.refusal, message: this.#withoutSecret(outcome.refusal.message) });
        return;
      case 'unusable': {
        const wasPlain = this.#plainSubscribe;
        this.#plainSubscribe = !wasPlain;
        this.#down('nonsense', outcome.problem, wasPlain ? null : 0);
        return;
      }
      case 'taken':
        if (outcome.versionMask !== undefined) this.#takeVersionMask(outcome.versionMask);
        if (outcome.subscription !== undefined) this.#onSubscribed(outcome.subscription);
        if (outcome.worker !== undefined && this.subscription !== null)
          this.subscription = { ...this.subscription, worker: outcome.worker };
        if (outcome.work !== undefined) this.#onWork(outcome.work);
        this.#callFrom(index + 1);
        return;
    }
  }

  /** A slow pool has negotiated all the same: from then on it wants six parameters of every submit. */
  #onLateReply(call: LoginCall, result: unknown, refusal: PoolRefusal | null): void {
    this.#late = null;
    this.#hasSkippedConfigure = false;
    this.#parts.stats.answersConfigure = true;
    const outcome = call.read(result, refusal);
    if (outcome.kind !== 'taken' || outcome.versionMask === undefined) return;
    this.#takeVersionMask(outcome.versionMask);
    if (this.#state.kind !== 'live') return;
    this.#useGrantedMask();
    for (const client of this.clients.slice()) client.onVersionMask(this);
  }

  /** What the handshake granted; 0: no rolling on this connection. */
  #takeVersionMask(mask: number): void {
    const usable = mask & Number.parseInt(this.#settings.upstream.versionMask, 16);
    this.#granted = { mask: usable, isRolling: usable !== 0 };
  }

  #useGrantedMask(): void {
    this.versionMask = this.#granted.mask;
    this.isRolling = this.#granted.isRolling;
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
    this.#names.clear();
    this.#nameCalls.clear();
    this.#takesNames = true;
  }

  /** A new extranonce1: nothing hashed so far can be handed in, and all lanes are cut anew. */
  #forgetWork(extranonce2Bytes: number): void {
    this.lanes = new LaneSpace(extranonce2Bytes);
    this.#jobs = [];
    this.#newest = null;
    this.#loseInFlight();
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
    this.#unansweredInARow = 0;
    this.#liveSinceMs = this.#parts.clock.monotonicMs();
    this.#useGrantedMask();
    this.#giveUpAtMs = null;
    this.#to({ kind: 'live' });
    // The calls of the login waited for each other; shares do not.
    this.#connection?.pace();
    this.#parts.owner.onLoginTaken();
    this.#noteConfigure(this.#liveSinceMs);
    this.#parts.stats.succeeded(this.#parts.log);
    const newest = this.#newest;
    // A pool that takes a session up again and names no difficulty means the one of before.
    if (!this.#isDifficultyGiven && newest !== null)
      this.#demand = { difficulty: newest.difficulty, target: newest.target };
    const demand = early.demand ?? this.#demand;
    if (newest === null || !isSameWork(newest, early.work)) {
      this.#issue(early.work, demand, ntimeOf(early.work));
    } else if (newest.difficulty !== demand.difficulty) {
      // Resumed: the miners are on this very job; sent again as it is they would repeat their nonces.
      this.#issue(early.work, demand, newest.ntime + 1);
    }
    this.#resubmit();
    for (const client of this.clients.slice()) client.onReady(this);
  }

  /** A pool that has never answered configure and works without it is not asked again for a while; one lost answer proves nothing. */
  #noteConfigure(nowMs: number): void {
    const { stats, log } = this.#parts;
    if (!this.#hasSkippedConfigure || stats.answersConfigure || nowMs < stats.configureBarredUntilMs) return;
    stats.configureBarredUntilMs = nowMs + CONFIGURE_BARRED_MS;
    log.info('pool does not know mining.configure; going on without version rolling', {
      pool: this.credentials.pool.name,
    });
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
        if (!this.#granted.isRolling) return;
        this.#granted.mask = event.mask & Number.parseInt(this.#settings.upstream.versionMask, 16);
        if (this.#state.kind !== 'live') return;
        this.#useGrantedMask();
        for (const client of this.clients.slice()) client.onVersionMask(this);
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
    if (this.#late !== null && id === this.#late.callId) {
      this.#onLateReply(this.#late.call, result, refusal);
      return;
    }
    const share = this.#inFlight?.get(id);
    if (share === undefined) {
      const name = this.#nameCalls.get(id);
      if (name === undefined) return;
      this.#nameCalls.delete(id);
      this.#onNameReply(name, refusal === null && this.#parts.dialect.isYes(result));
      return;
    }
    // [quirk: ethermine and nanopool push jobs as replies, under an id that may be a share's]
    if (refusal === null && Array.isArray(result)) return;
    this.#inFlight?.delete(id);
    this.#unansweredInARow = 0;
    this.#parts.stats.roundTrip.observe((this.#parts.clock.monotonicMs() - share.sentAtMs) / 1000);
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
    this.#parts.stats.jobs += 1;
    const work =
      received.family === 'bitcoin'
        ? this.#parts.stats.interner.intern(received)
        : withStanding(received, this.#standing);
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#state.kind === 'live') this.#parts.stats.noteJobGap(nowMs - this.#jobAtMs);
    this.#jobAtMs = nowMs;
    if (this.#state.kind !== 'live') {
      this.#earlyWork = { work, demand: this.#demandFor(work) };
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
    const newest = this.#newest;
    // The miners hear nothing of it, so it does not put off the refresh either.
    if (newest !== null && isSameWork(newest, work) && newest.difficulty === demand.difficulty) return;
    const job = this.#issue(work, demand, ntimeOf(work));
    for (const client of this.clients.slice()) client.onJob(this, job, work.clean);
    this.#parts.fanOut.observe((this.#parts.clock.monotonicMs() - job.receivedAtMs) / 1000);
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
    const newest = this.#newest;
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
      this.#loseInFlight();
    }
  }

  /** [NiceHash extranonce extension] The new pair holds from the next job on; shares in flight keep their chance. */
  #takeExtranonce(next: { readonly extranonce1: string; readonly extranonce2Bytes: number }): void {
    this.#nextExtranonce = null;
    const { sessionId = null, worker } = this.subscription ?? {};
    this.subscription = { sessionId, ...next, ...(worker === undefined ? {} : { worker }) };
    this.lanes = new LaneSpace(next.extranonce2Bytes);
    this.#jobs = [];
    this.#newest = null;
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
    const { password } = this.credentials;
    return password.length >= LEAST_SECRET ? text.replaceAll(password, '***') : text;
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
    const previous = this.#newest;
    const job: IssuedJob = {
      id: sequence.toString(16),
      sequence,
      poolJobId: work.poolJobId,
      block: blockOf(work),
      version: work.family === 'bitcoin' ? work.version : 0,
      ntime,
      difficulty: demand.difficulty,
      target: demand.target,
      scale: this.#scale,
      extranonce1: this.subscription?.extranonce1 ?? '',
      receivedAtMs: nowMs,
      seen: this.#verifies ? new ShareMemory(SHARES_REMEMBERED) : null,
      lines: null,
      work,
    };
    if (previous !== null) {
      previous.lines = null;
      // Of a relayed family the work says which job a share is for.
      if (!this.#verifies && work.family === 'bitcoin') previous.work = null;
    }
    const isNewBlock = previous !== null && previous.block !== job.block;
    if (work.clean && isNewBlock) {
      // Everything older is stale. With the same previous block it is still payable at most pools, so the pool judges.
      this.#jobs = [job];
      this.lanes?.renew();
    } else {
      this.#jobs.push(job);
      if (this.#jobs.length > this.#jobsKept(work)) this.#jobs.shift();
      // Where jobs never void each other, whoever gets a lane from now on starts with a job that its former owner has not seen.
      if (work.family !== 'bitcoin') this.lanes?.renew();
    }
    this.#newest = job;
    this.#refreshedAtMs = nowMs;
    return job;
  }

  /** Coins with several blocks a second would have forgotten a job before its share is here. */
  #jobsKept(work: Work): number {
    const { jobsKept } = this.#settings.limits;
    return work.family === 'bitcoin' ? jobsKept : Math.max(jobsKept, RELAYED_JOBS_KEPT);
  }

  #sweepLive(nowMs: number): void {
    const { silenceMs, refreshMs } = this.#settings.upstream;
    if (this.#nextSuggestion !== null) this.suggestDifficulty(this.#nextSuggestion);
    if (nowMs - this.#heardAtMs >= silenceMs) {
      this.#down('silence', `nothing heard for ${Math.round(silenceMs / 1000)} s`);
      return;
    }
    const { jobTimeoutSeconds } = this.credentials.pool.options;
    const jobLimitMs = jobTimeoutSeconds === null ? this.#parts.stats.jobLimitMs() : jobTimeoutSeconds * 1000;
    if (nowMs - this.#jobAtMs >= jobLimitMs) {
      this.#down('silence', `no job for ${Math.round((nowMs - this.#jobAtMs) / 1000)} s`);
      return;
    }
    const { keepalive } = this.#parts.dialect;
    if (keepalive !== null && this.subscription !== null && nowMs - this.#spokeAtMs >= KEEPALIVE_MS) {
      this.#spokeAtMs = nowMs;
      this.#connection?.send(keepalive(this.#nextCallId(), this.subscription));
    }
    const newest = this.#newest;
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
    if (this.#inFlight === null || this.#inFlight.size === 0) return;
    if (this.#giveUpAtMs !== null && nowMs >= this.#giveUpAtMs) {
      this.#loseInFlight();
      return;
    }
    for (const [id, share] of this.#inFlight) {
      if (nowMs - share.sentAtMs < this.#settings.upstream.submitTimeoutMs) break;
      this.#inFlight.delete(id);
      const isAnswerable = this.#state.kind === 'live';
      if (isAnswerable) this.#unansweredInARow += 1;
      share.owner.onVerdict(share, isAnswerable ? UNANSWERED : LOST);
    }
    if (this.#state.kind === 'live' && this.#unansweredInARow >= MAX_UNANSWERED_IN_A_ROW) {
      this.#down('silence', `${this.#unansweredInARow} shares in a row unanswered`);
    }
  }

  /** After a resume the pool has not seen, or has seen and not answered, what was in flight; a second sending at worst is a duplicate there. */
  #resubmit(): void {
    const waiting = this.#inFlight;
    if (waiting === null || waiting.size === 0) return;
    this.#inFlight = new Map();
    for (const share of waiting.values()) this.submit(share);
  }

  #loseInFlight(): void {
    const lost = this.#inFlight;
    this.#inFlight = null;
    if (lost === null) return;
    for (const share of lost.values()) share.owner.onVerdict(share, LOST);
  }

  /** The next id, never one that waits for an answer: a dialect whose ids are few begins anew. */
  #nextCallId(): number {
    const { mostId = Number.MAX_SAFE_INTEGER } = this.#parts.dialect;
    do {
      this.#lastCallId = this.#lastCallId >= mostId ? 1 : this.#lastCallId + 1;
    } while (this.#inFlight?.has(this.#lastCallId) === true || this.#nameCalls.has(this.#lastCallId));
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
const UNANSWERED: PoolVerdict = { kind: 'unanswered' };
const LOST: PoolVerdict = { kind: 'lost' };

/** Shorter passwords (`x`, `d=`) are no secrets, and would be found everywhere. */
const LEAST_SECRET = 3;

const DIFFICULTY_ONE: Demand = { difficulty: 1, target: null };

/** The time that goes with a job to its miners; 0 where the family's jobs have none of their own. */
function ntimeOf(work: Work): number {
  return work.family === 'bitcoin' ? work.ntime : 0;
}

/** True where a job repeats the newest one to the letter. The branch is usually the same array, since equal ones are shared. */
function isSameWork(job: IssuedJob, work: Work): boolean {
  const known = job.work;
  if (known === null || known.poolJobId !== work.poolJobId) return false;
  if (known.family !== 'bitcoin' || work.family !== 'bitcoin') return isSameRelayed(known, work);
  return (
    known.ntime === work.ntime &&
    known.prevHash === work.prevHash &&
    known.coinb1 === work.coinb1 &&
    known.coinb2 === work.coinb2 &&
    known.version === work.version &&
    known.nbits === work.nbits &&
    (known.branch === work.branch ||
      (known.branch.length === work.branch.length &&
        known.branch.every((hash, i) => hash === work.branch[i])))
  );
}

function isSameRelayed(known: Work, work: Work): boolean {
  if (known.family === 'bitcoin' || work.family === 'bitcoin' || known.target?.text !== work.target?.text)
    return false;
  const names = Object.keys(work.parts);
  return (
    names.length === Object.keys(known.parts).length &&
    names.every((name) => known.parts[name] === work.parts[name])
  );
}
