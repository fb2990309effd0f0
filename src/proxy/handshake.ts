import type { PoolCredentials } from '../domain/account.ts';
import type { Work } from '../domain/job.ts';
import type { Clock } from '../kit/clock.ts';
import type { CloseReason } from '../net/connection.ts';
import type { PoolDialect } from '../wire/dialect.ts';
import type { PoolRefusal, PoolSubscription } from '../wire/messages.ts';
import type { CallIds } from './call-ids.ts';
import type { PoolExtranonce } from './pool-extranonce.ts';
import type { PoolLink } from './pool-link.ts';
import { type LoginStep, PoolLogin } from './pool-login.ts';
import type { PoolNews } from './pool-news.ts';
import type { PoolStats } from './pool-stats.ts';
import type { ProxySettings } from './settings.ts';
import type { VersionRolling } from './version-rolling.ts';
import type { WorkFeed } from './work-feed.ts';

/** Who hears how a handshake goes. */
export interface HandshakeOwner {
  onSubscribed(subscription: PoolSubscription): void;
  /** The answer to a call carries a job. */
  onWork(work: Work): void;
  /** The pool takes the login; there may be no job yet. */
  onLoggedIn(): void;
  /** Last: there is a job whose difficulty is known, or does not come. */
  onReady(): void;
  /** Other version bits may be rolled than was said when the login was taken. */
  onRollingGranted(): void;
  onRefused(refusal: PoolRefusal): void;
  /** The connection is of no use. `pauseMs`: before the next one; null: the usual. */
  onFailed(reason: CloseReason, detail: string, pauseMs: number | null): void;
}

export interface HandshakeParts {
  readonly owner: HandshakeOwner;
  readonly dialect: PoolDialect;
  readonly stats: PoolStats;
  readonly clock: Clock;
  readonly ids: CallIds;
  readonly link: PoolLink;
  readonly extranonce: PoolExtranonce;
  readonly rolling: VersionRolling;
  readonly feed: Pick<WorkFeed, 'hasFirst' | 'isFirstDemanded'>;
  readonly news: PoolNews;
}

export interface HandshakeOptions {
  readonly credentials: PoolCredentials;
  /** The name to log in with. */
  readonly login: string;
  /** As the pool is sent it. */
  readonly password: string;
  readonly settings: ProxySettings;
}

type Phase =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'calling';
      readonly step: LoginStep;
      readonly callId: number;
      readonly deadlineMs: number;
    }
  /** Logged in, nothing to mine yet. */
  | { readonly kind: 'first-job'; readonly deadlineMs: number };

const NONE: Phase = { kind: 'none' };

/** A pool that sends its first job before any difficulty gets this long to name one; then 1 holds, as the protocol says. */
const LATE_DIFFICULTY_MS = 1000;

/**
 * From a connection that is up to its first job. The calls of the login are never pipelined, but a call that a pool need not know is not waited for once there is a job; every one has a time limit.
 */
export class Handshake {
  readonly #parts: HandshakeParts;
  readonly #options: HandshakeOptions;
  readonly #login: PoolLogin;
  #phase: Phase = NONE;

  constructor(parts: HandshakeParts, options: HandshakeOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#login = new PoolLogin(parts);
  }

  get isLoggedIn(): boolean {
    return this.#phase.kind === 'first-job';
  }

  /** The connection is up. `wantsRolling`: somebody has use for version rolling. */
  begin(wantsRolling: boolean, nowMs: number): void {
    this.#login.begin(wantsRolling, nowMs);
    this.#callFrom(0);
  }

  /** The connection is live, or there is none any more. */
  end(): void {
    this.#phase = NONE;
  }

  /** The connection is no more. */
  lost(): void {
    this.end();
    this.#login.lost();
  }

  /** Makes the login's next call, from this one on; after the last the login is done. */
  #callFrom(index: number): void {
    const { clock, link } = this.#parts;
    const { login: user, password, settings } = this.#options;
    const { pool } = this.#options.credentials;
    const { agent, callTimeoutMs, configureTimeoutMs } = settings.upstream;
    const facts = {
      user,
      password,
      agent,
      host: pool.host,
      port: pool.port,
      algorithm: pool.algorithm.name,
      sessionId: this.#parts.extranonce.subscription?.sessionId ?? null,
    };
    const next = this.#login.next(index, facts, () => this.#parts.ids.next());
    const nowMs = clock.monotonicMs();
    if (next === null) {
      this.#phase = { kind: 'first-job', deadlineMs: nowMs + callTimeoutMs * 3 };
      this.#parts.owner.onLoggedIn();
      this.#considerReady();
      return;
    }
    const deadlineMs = nowMs + (next.call.isOptional ? configureTimeoutMs : callTimeoutMs);
    this.#phase = { kind: 'calling', step: next, callId: next.callId, deadlineMs };
    link.call(next.line, nowMs);
    this.#goOnWithJob();
  }

  /** The answer to a call of the login, also one that is late. Returns false where it is to none of them. */
  onReply(id: number, result: unknown, refusal: PoolRefusal | null): boolean {
    const phase = this.#phase;
    if (phase.kind === 'calling' && id === phase.callId) {
      this.#onAnswer(phase.step, result, refusal);
      return true;
    }
    if (!this.#login.isLate(id)) return false;
    if (this.#login.onLateReply(result, refusal)) this.#parts.owner.onRollingGranted();
    return true;
  }

  #onAnswer(step: LoginStep, result: unknown, refusal: PoolRefusal | null): void {
    const { owner, extranonce, news } = this.#parts;
    const outcome = this.#login.read(step, result, refusal);
    switch (outcome.kind) {
      case 'refused':
        owner.onRefused(news.cleaned(outcome.refusal));
        return;
      case 'unusable':
        owner.onFailed('nonsense', outcome.problem, this.#login.sayOtherwise() ? 0 : null);
        return;
      case 'taken':
        if (outcome.subscription !== undefined) owner.onSubscribed(outcome.subscription);
        if (outcome.worker !== undefined) extranonce.callWorker(outcome.worker);
        if (outcome.work !== undefined) owner.onWork(outcome.work);
        this.#callFrom(step.index + 1);
        return;
    }
  }

  /** There is a first job, or another in its place. */
  onJob(): void {
    this.#goOnWithJob();
    this.#considerReady();
  }

  /** The pool has said what it demands of shares. */
  onDemand(): void {
    this.#considerReady();
  }

  /** With a job there an optional call holds nobody up any longer; its answer counts when it comes. */
  #goOnWithJob(): void {
    const phase = this.#phase;
    if (phase.kind !== 'calling' || !this.#parts.feed.hasFirst) return;
    if (!this.#login.canStayOpen(phase.step)) return;
    this.#login.leaveOpen(phase.step, phase.callId, phase.deadlineMs);
    this.#callFrom(phase.step.index + 1);
  }

  /** Ready as soon as there is a job and its difficulty; a job without one waits a moment for it. */
  #considerReady(): void {
    const phase = this.#phase;
    const { feed, clock, owner } = this.#parts;
    if (phase.kind !== 'first-job' || !feed.hasFirst) return;
    if (feed.isFirstDemanded) {
      owner.onReady();
      return;
    }
    const deadlineMs = clock.monotonicMs() + LATE_DIFFICULTY_MS;
    if (deadlineMs < phase.deadlineMs) this.#phase = { kind: 'first-job', deadlineMs };
  }

  /** Looks after the deadline of what is waited for. */
  sweep(nowMs: number): void {
    const phase = this.#phase;
    if (phase.kind === 'none' || nowMs < phase.deadlineMs) return;
    const { owner, feed } = this.#parts;
    if (phase.kind === 'first-job') {
      if (feed.hasFirst) owner.onReady();
      else owner.onFailed('call-timeout', 'no job after the login', null);
    } else if (phase.step.call.isOptional) {
      this.#login.timedOut(phase.step.call, phase.callId);
      this.#callFrom(phase.step.index + 1);
    } else {
      owner.onFailed('call-timeout', `no answer to ${phase.step.call.name}`, null);
    }
  }

  /** The login has worked: the connection is live. */
  succeeded(nowMs: number): void {
    this.#tellUnanswered(this.#login.succeeded(nowMs));
  }

  /** Looks after the time of a call that the miners did not wait for, on a live connection. */
  sweepOpen(nowMs: number): void {
    this.#tellUnanswered(this.#login.overdue(nowMs));
  }

  #tellUnanswered(call: string | null): void {
    if (call !== null) this.#parts.news.doesNotAnswer(call);
  }

  /** The pool has closed. Returns the name of the call that it did not answer and that the next attempt goes without; null where the next attempt is no other. */
  closed(): string | null {
    const phase = this.#phase;
    const isWaiting = phase.kind === 'calling' && phase.step.call.isOptional;
    const call = isWaiting ? phase.step.call : this.#login.openCall;
    if (call?.isDispensable !== true) return null;
    this.#login.closedOnOptional();
    return call.name;
  }
}
