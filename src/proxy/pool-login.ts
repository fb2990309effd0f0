import type { LoginCall, LoginFacts, LoginOutcome, PoolDialect } from '../wire/dialect.ts';
import type { PoolRefusal } from '../wire/messages.ts';
import type { PoolStats } from './pool-stats.ts';
import type { VersionRolling } from './version-rolling.ts';

/** A call of the dialect's login, and its place among them. */
export interface LoginStep {
  readonly call: LoginCall;
  readonly index: number;
}

/** A pool that works without an answer to an optional call is not asked again for so long. */
const CONFIGURE_BARRED_MS = 3_600_000;

/**
 * The calls of one upstream's logins: which comes next, and what is granted by them. An optional one (`mining.configure`) that a pool does not answer or
 * closes on is passed over, and remembered.
 */
export class PoolLogin {
  readonly #calls: readonly LoginCall[];
  readonly #stats: PoolStats;
  readonly #rolling: VersionRolling;
  #isPlain = false;
  /** The attempt before ended at an optional call, so the next one goes without. */
  #withoutOptional = false;
  /** Dispensable calls are not made this time. */
  #leavesOut = false;
  /** The dispensable call that was left out or not answered, by name; null: none. */
  #skipped: string | null = null;
  #asksForRolling = false;
  /** An optional call that was not answered in time; its answer counts when it comes. */
  #late: { readonly call: LoginCall; readonly callId: number } | null = null;
  /** Until when an answer to the late one is still due, where the miners have begun before that; null: not. */
  #openUntilMs: number | null = null;

  constructor(parts: {
    readonly dialect: PoolDialect;
    readonly stats: PoolStats;
    readonly rolling: VersionRolling;
  }) {
    this.#calls = parts.dialect.login;
    this.#stats = parts.stats;
    this.#rolling = parts.rolling;
  }

  /** The connection is up. `wantsRolling`: somebody has use for version rolling. */
  begin(wantsRolling: boolean, nowMs: number): void {
    const { answersConfigure, configureBarredUntilMs } = this.#stats;
    const isBarred = this.#withoutOptional || (!answersConfigure && nowMs < configureBarredUntilMs);
    this.#withoutOptional = false;
    this.#asksForRolling = wantsRolling;
    this.#leavesOut = isBarred;
    this.#skipped = null;
    this.#late = null;
    this.#openUntilMs = null;
  }

  /** The next call from this place on that has something to say; null: the login is done. */
  next(
    index: number,
    facts: Omit<LoginFacts, 'versionMask' | 'isPlain'>,
    nextCallId: () => number,
  ): (LoginStep & { readonly callId: number; readonly line: string }) | null {
    const whole = {
      ...facts,
      versionMask: this.#asksForRolling ? this.#rolling.wanted : 0,
      isPlain: this.#isPlain,
    };
    for (const [at, call] of this.#calls.entries()) {
      if (at < index) continue;
      const callId = nextCallId();
      const line = call.write(callId, whole);
      if (line !== null && !(call.isDispensable === true && this.#leavesOut))
        return { call, index: at, callId, line };
      if (line !== null) this.#skipped = call.name;
      this.#passOver(call);
    }
    return null;
  }

  read({ call }: LoginStep, result: unknown, refusal: PoolRefusal | null): LoginOutcome {
    if (call.isDispensable === true) this.#stats.answersConfigure = true;
    const outcome = call.read(result, refusal);
    if (outcome.kind === 'taken' && outcome.versionMask !== undefined)
      this.#rolling.grant(outcome.versionMask);
    return outcome;
  }

  /** The pool cannot use what it was sent, or we what it sent. Returns true where another way of saying it is worth a try at once. */
  sayOtherwise(): boolean {
    this.#isPlain = !this.#isPlain;
    return this.#isPlain;
  }

  /** An optional call was not answered in time: the login goes on without it. */
  timedOut(call: LoginCall, callId: number): void {
    if (call.isDispensable === true) this.#skipped = call.name;
    this.#late = { call, callId };
    this.#passOver(call);
  }

  /** Whether this call need not be waited for once there is a job. One that comes before all that have to be answered says how to go on. */
  canStayOpen({ call, index }: LoginStep): boolean {
    return call.isOptional && this.#calls.slice(0, index).some(({ isOptional }) => !isOptional);
  }

  /** The miners begin without the answer to this call, which is due until then. */
  leaveOpen({ call }: LoginStep, callId: number, untilMs: number): void {
    this.#late = { call, callId };
    this.#openUntilMs = untilMs;
  }

  /** The call that was left open and may still be answered; null where there is none. */
  get openCall(): LoginCall | null {
    return this.#openUntilMs === null ? null : (this.#late?.call ?? null);
  }

  /** The time of the call that was left open is up. Returns its name where the pool is now known not to answer it, else null. */
  overdue(nowMs: number): string | null {
    if (this.#openUntilMs === null || nowMs < this.#openUntilMs || this.#late === null) return null;
    this.#openUntilMs = null;
    const { call } = this.#late;
    if (call.isDispensable === true) this.#skipped = call.name;
    return this.succeeded(nowMs);
  }

  /** [quirk: some pools close on a method they do not know] The next attempt goes without it. */
  closedOnOptional(): void {
    this.#withoutOptional = true;
  }

  /** The connection is no more, and with it the call that was left open on it. */
  lost(): void {
    this.#late = null;
    this.#openUntilMs = null;
  }

  isLate(callId: number): boolean {
    return this.#late?.callId === callId;
  }

  /** A slow pool has negotiated all the same: from then on it wants six parameters of every submit. Returns true where that changes what is granted. */
  onLateReply(result: unknown, refusal: PoolRefusal | null): boolean {
    const late = this.#late;
    if (late === null) return false;
    this.#late = null;
    this.#openUntilMs = null;
    this.#skipped = null;
    if (late.call.isDispensable === true) this.#stats.answersConfigure = true;
    const outcome = late.call.read(result, refusal);
    if (outcome.kind !== 'taken' || outcome.versionMask === undefined) return false;
    this.#rolling.grant(outcome.versionMask);
    return true;
  }

  /** The login has worked. Returns the name of a call that the pool is now known not to answer, else null; one lost answer proves nothing, if it has ever answered. */
  succeeded(nowMs: number): string | null {
    const { answersConfigure, configureBarredUntilMs } = this.#stats;
    if (this.#skipped === null || answersConfigure || nowMs < configureBarredUntilMs) return null;
    this.#stats.configureBarredUntilMs = nowMs + CONFIGURE_BARRED_MS;
    return this.#skipped;
  }

  /** The login goes on without this call, and without what it would have granted. */
  #passOver(call: LoginCall): void {
    if (call.isOptional) this.#rolling.grant(0);
  }
}
