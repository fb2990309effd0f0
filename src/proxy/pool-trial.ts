import {
  joinStanding,
  type ShareTarget,
  type StandingParts,
  type Work,
  withStanding,
} from '../domain/job.ts';
import type { ProbeStep } from '../domain/pool-probe.ts';
import type { Clock } from '../kit/clock.ts';
import type { CloseReason, Connection } from '../net/connection.ts';
import type { DialOwner, DialTarget, TlsSession } from '../net/tcp-dialer.ts';
import type { Dialect, LoginCall, LoginFacts } from '../wire/dialect.ts';
import { LineFramer } from '../wire/framing/line-framer.ts';
import type { PoolEvent, PoolRefusal, PoolSubscription } from '../wire/messages.ts';
import { hideSecret } from './hide-secret.ts';
import type { Dialer } from './pool-link.ts';

/** How a trial ended without a job of its dialect. */
export interface TrialFailure {
  readonly step: ProbeStep;
  readonly message: string;
  readonly refusal: PoolRefusal | null;
  /** No other dialect could fare better. */
  readonly isFinal: boolean;
  /** How far it got, for the choice of the one that is told of: the higher, the further. */
  readonly rank: number;
}

/** How far a trial got. */
export const RANK = {
  unreachable: 0,
  silent: 1,
  closed: 2,
  nonsense: 3,
  unusable: 4,
  jobless: 5,
  refused: 6,
} as const;

export interface TrialOwner {
  /** A line that is none of the dialect's own, or a job that is likelier another's. */
  onForeignLine(trial: PoolTrial, line: string): void;
  /** An answer to the first call that the dialect cannot use. */
  onForeignAnswer(trial: PoolTrial, call: LoginCall, result: unknown): void;
  /** Once, last: {@link PoolTrial.failure} is set or there is a job. */
  onEnded(trial: PoolTrial): void;
}

export interface TrialParts {
  readonly owner: TrialOwner;
  readonly dialer: Dialer;
  readonly clock: Clock;
}

export interface TrialOptions {
  readonly target: DialTarget;
  readonly dialect: Dialect;
  /** Null: calls that identify somebody are not made. `secret`: the account's password, where what is sent is made from it. */
  readonly login: { readonly user: string; readonly password: string; readonly secret: string } | null;
  readonly facts: Pick<LoginFacts, 'agent' | 'algorithm' | 'versionMask' | 'isPlain'>;
  readonly optionalCallMs: number;
  readonly maxLineBytes: number;
}

/** A pool that sends its first job before any difficulty gets this long to name one. */
const LATE_DIFFICULTY_MS = 1000;
/** What a pool may say without a login it says by itself: many send a job right after subscribe, others never do. */
const UNASKED_JOB_MS = 3000;

/** Words by which a server says that it does not know a call, whoever makes it. */
const UNKNOWN_CALL =
  /method|^unauthenticated$|unsupported|not supported|unknown|unrecognized|not subscribed|invalid request|parse error/i;

/**
 * One connection to a pool in one dialect, up to its first job or to where it does not go on. Nothing is mined, and nothing is dialled again.
 * Login and first job follow {@link Handshake}, whose rules for the order of things hold here too.
 */
export class PoolTrial implements DialOwner {
  readonly #parts: TrialParts;
  readonly #options: TrialOptions;
  readonly #framer = new LineFramer();
  #connection: Connection | null = null;
  #timer: NodeJS.Timeout | null = null;
  #call: { readonly call: LoginCall; readonly index: number; readonly id: number } | null = null;
  #lastId = 0;
  #hasEnded = false;
  #isFirstChunk = true;
  readonly #dialledAtMs: number;
  #connectedAtMs: number | null = null;
  #standing: StandingParts | null = null;
  #scale = 1;
  #demand: { readonly difficulty: number | null; readonly target: ShareTarget | null } | null = null;
  #redirect: string | null = null;

  address: string | null = null;
  tls: TlsSession | null = null;
  connectMs: number | null = null;
  loginMs: number | null = null;
  firstJobMs: number | null = null;
  subscription: PoolSubscription | null = null;
  versionMask = 0;
  /** The first job of the dialect. */
  work: Work | null = null;
  failure: TrialFailure | null = null;
  /** Lines that the pool has said. */
  lines = 0;
  /** Calls that were answered as the dialect has it. */
  callsTaken = 0;
  /** The first of them. */
  firstAnswer: { readonly call: LoginCall; readonly result: unknown } | null = null;
  /** The connection was closed on a call that is optional: without it the login may go on. */
  closedOnOptional = false;

  constructor(parts: TrialParts, options: TrialOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#dialledAtMs = parts.clock.monotonicMs();
    this.#connection = parts.dialer.dial(options.target, this);
  }

  get dialect(): Dialect {
    return this.#options.dialect;
  }

  get isPlain(): boolean {
    return this.#options.facts.isPlain;
  }

  /** What the pool demands for its first job; null where it has not said. */
  get demand(): { readonly difficulty: number | null; readonly hashes: number | null } | null {
    const { work } = this;
    const own = work === null || work.family === 'bitcoin' ? null : work.target;
    if (own !== null) return { difficulty: null, hashes: own.hashes / this.#scale };
    const said = this.#demand;
    return said === null ? null : { difficulty: said.difficulty, hashes: said.target?.hashes ?? null };
  }

  /** Ends the trial from outside: nobody wants to know any more, or its time is up. What it is waiting for becomes its failure. */
  end(): void {
    if (!this.#hasEnded) this.#fail(this.#unfinished());
  }

  onSecured(session: TlsSession): void {
    this.tls = session;
    this.address = this.#remoteAddress;
  }

  onConnected(): void {
    if (this.#hasEnded) return;
    this.#connectedAtMs = this.#parts.clock.monotonicMs();
    this.connectMs = Math.round(this.#connectedAtMs - this.#dialledAtMs);
    this.address = this.#remoteAddress;
    this.#callFrom(0);
  }

  /** Through a proxy the other end is the proxy's. */
  get #remoteAddress(): string | null {
    const isDirect = (this.#options.target.proxy ?? null) === null;
    return isDirect ? (this.#connection?.remoteAddress ?? null) : null;
  }

  onBytes(chunk: Buffer): void {
    if (this.#hasEnded) return;
    if (this.#isFirstChunk) {
      this.#isFirstChunk = false;
      if (isTlsRecord(chunk)) {
        this.#failFinally(
          'tls',
          'the pool speaks TLS on this port: set "tls" to true, or take its port without TLS',
        );
        return;
      }
    }
    const fault = this.#framer.push(chunk, this.#options.maxLineBytes, this);
    if (fault !== null) this.#failFinally('dialect', NO_STRATUM);
  }

  onLine(line: string): boolean {
    this.lines += 1;
    if (/^HTTP\/\d/.test(line)) {
      this.#failFinally(
        'dialect',
        'a web server answers there, no Stratum pool: see the page of the pool for its Stratum host and port',
      );
    } else if (!/^\s*\{/.test(line)) {
      this.#failFinally('dialect', NO_STRATUM);
    } else {
      this.#onEvent(this.dialect.pool.decode(line), line);
    }
    return !this.#hasEnded;
  }

  onClosed(reason: CloseReason, detail: string): void {
    if (this.#hasEnded) return;
    this.#connection = null;
    if (this.#connectedAtMs === null) {
      this.#fail(unreachable(reason, detail));
      return;
    }
    if (this.work !== null && this.#isLoggedIn) {
      this.#finish();
      return;
    }
    this.closedOnOptional = this.#call?.call.isOptional === true;
    const on = this.#call === null ? 'after the login, before a job' : `on ${this.#call.call.name}`;
    this.#fail({
      step: this.#isLoggedIn ? 'first-job' : this.callsTaken > 0 ? 'login' : 'dialect',
      message: `the pool closed the connection ${on}: see whether user and password are what it wants, and whether it takes connections from here`,
      refusal: null,
      isFinal: false,
      rank: this.callsTaken > 0 ? RANK.jobless : RANK.closed,
    });
  }

  // ---- login

  get #facts(): LoginFacts {
    const { target, login, facts } = this.#options;
    return {
      ...facts,
      user: login?.user ?? '',
      password: login?.password ?? '',
      host: target.host,
      port: target.port,
      sessionId: null,
    };
  }

  /** No call is left that has to be answered. */
  get #isLoggedIn(): boolean {
    if (this.loginMs !== null) return true;
    // Without a login the pool is not asked for more.
    return this.#options.login === null && this.#call === null && this.callsTaken > 0;
  }

  #callFrom(index: number): void {
    const { login } = this.dialect.pool;
    for (let at = index; at < login.length; at += 1) {
      const call = login[at];
      if (call === undefined) continue;
      if (call.identifies === true && this.#options.login === null) {
        this.#call = null;
        this.#wait(UNASKED_JOB_MS, () => this.end());
        this.#considerDone();
        return;
      }
      const id = this.#lastId + 1;
      const line = call.write(id, this.#facts);
      if (line === null) continue;
      this.#lastId = id;
      this.#call = { call, index: at, id };
      if (call.isOptional) this.#wait(this.#options.optionalCallMs, () => this.#callFrom(at + 1));
      else this.#wait(null);
      this.#noteLoggedIn(at);
      this.#connection?.send(line);
      this.#considerDone();
      return;
    }
    this.#call = null;
    this.#wait(null);
    this.#noteLoggedIn(login.length);
    this.#considerDone();
  }

  /** From this call on nothing is left that has to be answered. */
  #noteLoggedIn(index: number): void {
    const { login } = this.#options;
    const rest = this.dialect.pool.login.slice(index);
    if (login === null || this.loginMs !== null || rest.some(({ isOptional }) => !isOptional)) return;
    this.loginMs = this.#sinceConnected();
  }

  #onReply(id: number, result: unknown, refusal: PoolRefusal | null): void {
    const waiting = this.#call;
    if (waiting === null || waiting.id !== id) return;
    const { call, index } = waiting;
    const outcome = call.read(result, refusal);
    switch (outcome.kind) {
      case 'taken':
        this.callsTaken += 1;
        this.firstAnswer ??= { call, result };
        if (outcome.subscription !== undefined) this.subscription = outcome.subscription;
        if (outcome.versionMask !== undefined) this.versionMask = outcome.versionMask;
        if (outcome.work !== undefined) this.#onWork(outcome.work, '');
        if (!this.#hasEnded) this.#callFrom(index + 1);
        return;
      case 'unusable': {
        if (refusal === null) this.#parts.owner.onForeignAnswer(this, call, result);
        this.#fail({
          step: 'dialect',
          message: `the answer to ${call.name} is none of ${this.dialect.name}: ${this.#clean(outcome.problem)}`,
          refusal: this.#cleanRefusal(refusal),
          isFinal: false,
          rank: RANK.unusable,
        });
        return;
      }
      case 'refused': {
        const words = this.#cleanRefusal(outcome.refusal);
        const isCallUnknown =
          this.callsTaken === 0 && (words?.code === -32601 || UNKNOWN_CALL.test(words?.message ?? ''));
        this.#fail({
          step: isCallUnknown ? 'dialect' : 'login',
          message: isCallUnknown
            ? `the pool does not know ${call.name}, so it does not speak ${this.dialect.name}`
            : 'the pool refuses the login: see whether user and password are what it wants (an account, or a wallet of the right coin), and whether it lets this address in',
          refusal: words,
          // To a first call some servers say no whatever it is, and in their own words.
          isFinal: this.callsTaken > 0,
          rank: isCallUnknown ? RANK.unusable : RANK.refused,
        });
        return;
      }
    }
  }

  // ---- what the pool says

  #onEvent(event: PoolEvent, line: string): void {
    const { pool } = this.dialect;
    switch (event.kind) {
      case 'reply':
        this.#onReply(event.id, event.result, event.refusal);
        return;
      case 'job':
        this.#onWork(event.work, line);
        return;
      case 'difficulty':
        this.#demand = { difficulty: event.difficulty, target: null };
        this.#considerDone();
        return;
      case 'target':
        this.#demand = { difficulty: null, target: event.target };
        this.#considerDone();
        return;
      case 'scale':
        this.#scale = event.factor;
        return;
      case 'standing':
        this.#standing = joinStanding(this.#standing, event.standing);
        return;
      case 'several':
        for (const one of event.events) if (!this.#hasEnded) this.#onEvent(one, line);
        return;
      case 'extranonce': {
        const { extranonce1, extranonce2Bytes } = event;
        const sessionId = this.subscription?.sessionId ?? null;
        this.subscription = { sessionId, extranonce1, extranonce2Bytes };
        return;
      }
      case 'version-mask':
        if (this.versionMask !== 0) this.versionMask = event.mask;
        return;
      case 'reconnect': {
        const { target } = this.#options;
        this.#redirect = `${event.host ?? target.host}:${event.port ?? target.port}`;
        return;
      }
      case 'ping':
        this.#connection?.send(pool.pong(event.id));
        return;
      case 'get-version':
        this.#connection?.send(pool.version(event.id, this.#options.facts.agent));
        return;
      case 'message':
        if (event.id !== 'null') this.#connection?.send(pool.acknowledge(event.id));
        return;
      case 'notice':
        return;
      case 'fault':
        this.#parts.owner.onForeignLine(this, line);
        this.#fail({
          step: 'dialect',
          message: `the pool does not speak ${this.dialect.name}: ${this.#clean(event.problem)}`,
          refusal: null,
          isFinal: false,
          rank: RANK.unusable,
        });
        return;
    }
  }

  #onWork(received: Work, line: string): void {
    const { pool } = this.dialect;
    if (pool.isOwnJob?.(received) === false) {
      this.#parts.owner.onForeignLine(this, line);
      this.#fail({
        step: 'dialect',
        message: `the pool does not speak ${this.dialect.name}: its jobs have more in them`,
        refusal: null,
        isFinal: false,
        rank: RANK.unusable,
      });
      return;
    }
    if (this.work !== null) return;
    this.work = withStanding(received, this.#standing);
    this.firstJobMs = this.#sinceConnected();
    this.#considerDone();
  }

  #considerDone(): void {
    if (this.#hasEnded || this.work === null || !this.#isLoggedIn) return;
    if (this.demand !== null) this.#finish();
    else this.#wait(LATE_DIFFICULTY_MS, () => this.#finish());
  }

  #sinceConnected(): number {
    return Math.round(this.#parts.clock.monotonicMs() - (this.#connectedAtMs ?? 0));
  }

  // ---- the end

  #wait(ms: number | null, then: () => void = () => {}): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = ms === null ? null : setTimeout(then, ms);
  }

  /** What a trial lacks whose time is up. */
  #unfinished(): TrialFailure {
    const none = { refusal: null, isFinal: false };
    if (this.#connectedAtMs === null) {
      const message =
        'no connection in time: see whether host and port are right, and whether a firewall is between';
      return { step: 'connect', message, ...none, rank: RANK.unreachable };
    }
    if (this.#isLoggedIn && this.#options.login === null)
      return {
        step: 'login',
        message: 'without a login the pool does not say more: give "user", and "password" where it wants one',
        ...none,
        rank: RANK.jobless,
      };
    if (this.#isLoggedIn) {
      const message =
        this.#redirect === null
          ? 'the pool takes the login, but sent no job in time: it may have no work at the moment, or wants another user'
          : `the pool sends its miners on to ${this.#redirect} instead of giving a job: test that address`;
      return { step: 'first-job', message, ...none, rank: RANK.jobless };
    }
    const on = this.#call?.call.name ?? 'the connection';
    return {
      step: this.callsTaken > 0 ? 'login' : 'dialect',
      message: `no answer to ${on} in time`,
      ...none,
      rank: this.callsTaken > 0 ? RANK.jobless : RANK.silent,
    };
  }

  #failFinally(step: ProbeStep, message: string): void {
    this.#fail({ step, message, refusal: null, isFinal: true, rank: RANK.nonsense });
  }

  #fail(failure: TrialFailure): void {
    this.failure = failure;
    this.#finish();
  }

  #finish(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#wait(null);
    const connection = this.#connection;
    this.#connection = null;
    connection?.abandon('unused');
    this.#parts.owner.onEnded(this);
  }

  #clean(text: string): string {
    const { login } = this.#options;
    return login === null ? text : hideSecret(hideSecret(text, login.password), login.secret);
  }

  #cleanRefusal(refusal: PoolRefusal | null): PoolRefusal | null {
    return refusal === null ? null : { ...refusal, message: this.#clean(refusal.message) };
  }
}

/** Nothing of what was said is repeated: who is asked about may be none of the asker's business. */
const NO_STRATUM =
  'what answers there is no Stratum pool: it says something that is not JSON; see whether host and port are right, and whether the port is one with TLS';

/** The beginning of an alert or a handshake, in clear. [RFC 8446 5.1] */
function isTlsRecord(chunk: Buffer): boolean {
  return (chunk[0] === 0x15 || chunk[0] === 0x16) && chunk[1] === 0x03;
}

const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: see whether host and port are right',
  ECONNRESET: 'the connection was cut at once: see whether a firewall is between',
  ETIMEDOUT: 'no answer: see whether host and port are right, and whether a firewall is between',
  EHOSTUNREACH: 'there is no way to this address',
  ENETUNREACH: 'there is no way to this network: an IPv6 address on a machine without IPv6?',
  ENOTFOUND: 'the host name is not known: see whether it is spelt right',
  EAI_AGAIN: 'the host name could not be looked up at the moment: see whether this machine has a name server',
};

function unreachable(reason: CloseReason, detail: string): TrialFailure {
  const step =
    reason === 'proxy-failed'
      ? 'proxy'
      : reason === 'tls-failed' || reason === 'certificate'
        ? 'tls'
        : 'connect';
  const words = SYSTEM_WORDS[detail];
  const message =
    step !== 'connect'
      ? detail
      : words === undefined
        ? `the connection failed (${detail === '' ? reason : detail})`
        : `${words} (${detail})`;
  return { step, message, refusal: null, isFinal: false, rank: RANK.unreachable };
}
