import type { ProxyEvent } from '../domain/event.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/clock.ts';
import { Histogram } from '../kit/histogram.ts';
import type { Log } from '../kit/log.ts';
import { LoginRefusals } from './login-refusals.ts';
import { WorkInterner } from './work-interner.ts';

const REPEAT_WARNING_MS = 60_000;
const LEAST_JOB_LIMIT_MS = 60_000;
const USUAL_JOB_LIMIT_MS = 300_000;

const ROUND_TRIP_BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Why a connection is of no further use. */
export interface PoolFailure {
  /** Holds no secret. */
  readonly error: string;
  /** The pool has refused the login: it is there. */
  readonly isRefusal: boolean;
}

/** What has happened at one pool since start, over all accounts. */
export class PoolStats {
  readonly pool: string;
  readonly algorithm: string;
  divider: number;
  jobs = 0;
  failures = 0;
  lastError = '';
  /** Milliseconds since 1970-01-01 UTC; null: nothing has failed. */
  lastErrorAtMs: number | null = null;
  /** Upstreams that are live now. */
  live = 0;
  /** The figures under the algorithm that the pool's newest jobs name, where that is another; null where it is not. */
  supersededBy: PoolStats | null = null;
  /** Jobs alone name this algorithm for this pool, no entry of the pool list does. */
  isNamedByJobs = false;
  #warnedAtMs: number | null = null;
  #jobGapMs: number | null = null;
  readonly roundTrip = new Histogram(ROUND_TRIP_BOUNDS_SECONDS);
  readonly interner = new WorkInterner();
  /** The pool has answered configure at least once. */
  answersConfigure = false;
  /** The pool has never answered configure and works without: not asked again before this monotonic time. */
  configureBarredUntilMs = 0;
  /** The pool closed on suggest_difficulty: not relayed before this monotonic time. */
  suggestBarredUntilMs = 0;
  readonly #toldAtMs = new BoundedMap<string, true>({ capacity: 16, ttlMs: REPEAT_WARNING_MS });

  /** Those that it has refused. */
  readonly logins: LoginRefusals;
  readonly #emit: (event: ProxyEvent) => void;
  #isRefusing = false;
  /** What was told of it last; null: nothing yet. */
  #told: 'pool-up' | 'pool-down' | null = null;

  constructor(
    pool: string,
    algorithm: string,
    divider: number,
    emit: (event: ProxyEvent) => void = () => {},
  ) {
    this.pool = pool;
    this.algorithm = algorithm;
    this.divider = divider;
    this.#emit = emit;
    this.logins = new LoginRefusals(pool, emit);
  }

  /** The last that was told of it is that it is down. */
  get isFailing(): boolean {
    return this.#told === 'pool-down';
  }

  /** The last that failed was a login, for the pool's refusal. */
  get isRefusing(): boolean {
    return this.#isRefusing;
  }

  /** An upstream went live. Logged when it ends an outage or is the first. */
  succeeded(log: Log): void {
    if (this.live === 1 || this.#warnedAtMs !== null) {
      log.info('pool up', { pool: this.pool, algorithm: this.algorithm });
    }
    this.#warnedAtMs = null;
    this.#isRefusing = false;
    if (this.#told === 'pool-up') return;
    this.#told = 'pool-up';
    this.#emit({ kind: 'pool-up', pool: this.pool, algorithm: this.algorithm });
  }

  /** A live upstream has ended, for whatever reason. */
  left(log: Log): void {
    this.live -= 1;
    if (this.live === 0) log.info('no connection to the pool any more', { pool: this.pool });
  }

  /** A job came this long after the one before on the same connection. */
  noteJobGap(ms: number): void {
    this.#jobGapMs = this.#jobGapMs === null ? ms : this.#jobGapMs * 0.8 + ms * 0.2;
  }

  /**
   * How long a live connection may go without a job before it counts as dead: three times the usual gap, at least a minute;
   * 5 minutes before the gap is known. There is no upper bound: a healthy pool of a slow coin must not be dialled again and again.
   */
  jobLimitMs(): number {
    if (this.#jobGapMs === null) return USUAL_JOB_LIMIT_MS;
    return Math.max(this.#jobGapMs * 3, LEAST_JOB_LIMIT_MS);
  }

  /** True where this has not been said within the last minute. */
  isNews(text: string, nowMs: number): boolean {
    if (this.#toldAtMs.get(text, nowMs) === true) return false;
    this.#toldAtMs.set(text, true, nowMs);
    return true;
  }

  /** A connection failed. Logged once, then once a minute: in dedicated mode every miner has one. */
  failed({ error, isRefusal }: PoolFailure, clock: Clock, log: Log): void {
    const nowMs = clock.monotonicMs();
    // Whoever looks at this pool sees it under the algorithm that its jobs name.
    const shown = this.supersededBy ?? this;
    shown.failures += 1;
    shown.lastError = error;
    shown.lastErrorAtMs = clock.wallMs();
    shown.#isRefusing = isRefusal;
    this.#isRefusing = isRefusal;
    if (this.live === 0 && this.#told !== 'pool-down') {
      this.#told = 'pool-down';
      this.#emit({ kind: 'pool-down', pool: this.pool, algorithm: this.algorithm, reason: error });
    }
    if (this.#warnedAtMs !== null && nowMs - this.#warnedAtMs < REPEAT_WARNING_MS) return;
    this.#warnedAtMs = nowMs;
    log.warn('pool connection failed', { pool: this.pool, reason: error, failures: shown.failures });
  }
}
