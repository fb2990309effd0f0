import { formatEndpoint } from '../domain/endpoint.ts';
import { passwordAtPool } from '../domain/pool-options.ts';
import type { PoolFinding, PoolProbe, ProbeFailure } from '../domain/pool-probe.ts';
import type { Clock } from '../kit/clock.ts';
import { hex32 } from '../kit/hex.ts';
import type { Dialect, LoginCall } from '../wire/dialect.ts';
import { dialTargetOf } from './dial-target.ts';
import type { Dialer } from './pool-link.ts';
import { PoolTrial, RANK, type TrialFailure, type TrialOwner } from './pool-trial.ts';
import type { ProxySettings } from './settings.ts';

export interface PoolProbingParts {
  readonly dialer: Dialer;
  readonly clock: Clock;
  /** What pools may speak. */
  readonly dialects: readonly Dialect[];
}

/** The whole probe. */
const PROBE_MS = 15_000;
/** A pool that has said nothing for so long probably has nothing to say in this dialect. */
const SILENCE_MS = 2000;
/** One that has answered may have a slow look-up behind its login, or no job yet. */
const PATIENCE_MS = 6000;

/** A dialect that is to be tried. */
interface Candidate {
  readonly dialect: Dialect;
  /** In the other way of its login ({@link LoginFacts.isPlain}). */
  readonly isPlain: boolean;
  /** Version rolling is asked for. */
  readonly rolls: boolean;
}

/**
 * Finds out what a pool is, by connections of its own: each tries one dialect, and the first that gets a job of its dialect has found it. One that says nothing for a while holds up the next
 * no longer, but keeps its chance. What a pool says to one dialect decides which is tried next: its jobs are shown to all.
 */
export class PoolProbing implements TrialOwner {
  readonly #parts: PoolProbingParts;
  readonly #probe: PoolProbe;
  readonly #settings: ProxySettings;
  #queue: Candidate[];
  readonly #open = new Set<PoolTrial>();
  readonly #ended: PoolTrial[] = [];
  readonly #tried: Candidate[] = [];
  readonly #found = Promise.withResolvers<PoolFinding>();
  #deadline: NodeJS.Timeout | null = null;
  #patience: NodeJS.Timeout | null = null;
  #isOver = false;

  constructor(parts: PoolProbingParts, probe: PoolProbe, settings: ProxySettings) {
    this.#parts = parts;
    this.#probe = probe;
    this.#settings = settings;
    const known = probe.dialects
      .map((name) => parts.dialects.find((one) => one.name === name))
      .filter((dialect) => dialect !== undefined);
    this.#queue = known
      // Without a login there is nothing that could be said in the others.
      .filter((dialect) => probe.login !== null || dialect.pool.login[0]?.identifies !== true)
      .map((dialect) => ({ dialect, isPlain: false, rolls: probe.algorithm === 'sha256d' }));
  }

  /** Never rejects, and takes no longer than 15 seconds. */
  run(): Promise<PoolFinding> {
    this.#deadline = setTimeout(() => this.abort(), PROBE_MS);
    this.#tryNext();
    return this.#found.promise;
  }

  /** Ends with what is known. */
  abort(): void {
    if (this.#isOver) return;
    this.#queue = [];
    for (const trial of this.#open) trial.end();
    if (!this.#isOver) this.#over(null);
  }

  onForeignLine(trial: PoolTrial, line: string): void {
    this.#prefer(trial, ({ pool }) => {
      const event = line === '' ? null : pool.decode(line);
      const events = event?.kind === 'several' ? event.events : [event];
      return events.some((one) => one?.kind === 'job' && pool.isOwnJob?.(one.work) !== false);
    });
  }

  onForeignAnswer(trial: PoolTrial, call: LoginCall, result: unknown): void {
    this.#prefer(trial, (dialect) => understands(dialect, call, result));
  }

  onEnded(trial: PoolTrial): void {
    this.#open.delete(trial);
    this.#ended.push(trial);
    if (this.#isOver) return;
    const { failure } = trial;
    if (failure === null) {
      this.#over(trial);
      return;
    }
    const isWayBlocked = failure.rank === RANK.unreachable && !this.#wasConnected;
    if (failure.isFinal || isWayBlocked || this.#isEnoughFor(failure)) {
      this.#over(trial);
      return;
    }
    this.#queueAgain(trial, failure);
    if (this.#queue.length === 0 && this.#open.size === 0) this.#over(null);
    else if (this.#queue.length > 0) {
      const other = this.#answered;
      if (other === null) this.#tryNext();
      else this.#watch(other, PATIENCE_MS);
    }
  }

  get #wasConnected(): boolean {
    return [...this.#open, ...this.#ended].some(({ connectMs }) => connectMs !== null);
  }

  /** A trial that has been answered and may come to something still. */
  get #answered(): PoolTrial | null {
    return [...this.#open].find(({ callsTaken }) => callsTaken > 0) ?? null;
  }

  /** A pool that answers as the dialect has it, and says no more without a login, says no more in any. */
  #isEnoughFor({ step, rank }: TrialFailure): boolean {
    return this.#probe.login === null && step === 'login' && rank === RANK.jobless;
  }

  #queueAgain(trial: PoolTrial, failure: TrialFailure): void {
    const { dialect, isPlain } = trial;
    if (trial.closedOnOptional) {
      const again = { dialect, isPlain, rolls: false };
      if (!this.#wasTried(again)) this.#queue.unshift(again);
    } else if (
      failure.rank === RANK.unusable &&
      failure.refusal !== null &&
      !isPlain &&
      hasPlainLogin(dialect)
    ) {
      this.#queue.push({ dialect, isPlain: true, rolls: false });
    }
  }

  #wasTried({ dialect, isPlain, rolls }: Candidate): boolean {
    return this.#tried.some(
      (one) => one.dialect === dialect && one.isPlain === isPlain && one.rolls === rolls,
    );
  }

  /** Those of the queue that `isLikely` come first. */
  #prefer(trial: PoolTrial, isLikely: (dialect: Dialect) => boolean): void {
    const likely = this.#queue.filter(({ dialect }) => dialect !== trial.dialect && isLikely(dialect));
    this.#queue = [...likely, ...this.#queue.filter((one) => !likely.includes(one))];
  }

  #tryNext(): void {
    const next = this.#queue.shift();
    if (next === undefined) {
      if (this.#open.size === 0) this.#over(null);
      return;
    }
    const { dialect, isPlain, rolls } = next;
    const { login, algorithm, options } = this.#probe;
    const { upstream, limits } = this.#settings;
    this.#tried.push(next);
    const trial = new PoolTrial(
      { owner: this, dialer: this.#parts.dialer, clock: this.#parts.clock },
      {
        target: dialTargetOf(this.#probe),
        dialect,
        login:
          login === null
            ? null
            : { user: login.user, password: passwordAtPool(options, login.password), secret: login.password },
        facts: {
          agent: upstream.agent,
          algorithm: algorithm ?? '',
          versionMask: rolls ? Number.parseInt(upstream.versionMask, 16) : 0,
          isPlain,
        },
        optionalCallMs: upstream.configureTimeoutMs,
        maxLineBytes: limits.poolLineBytes,
      },
    );
    this.#open.add(trial);
    this.#watch(trial, SILENCE_MS);
  }

  /** The next is tried when this one has had its time. */
  #watch(trial: PoolTrial, ms: number): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      if (!this.#open.has(trial)) return;
      const isOnTheWay = trial.connectMs === null || trial.callsTaken > 0;
      if (ms === SILENCE_MS && isOnTheWay) this.#watch(trial, PATIENCE_MS - SILENCE_MS);
      else if (trial.connectMs !== null) this.#tryNext();
    }, ms);
  }

  #over(found: PoolTrial | null): void {
    this.#isOver = true;
    this.#queue = [];
    for (const timer of [this.#deadline, this.#patience]) if (timer !== null) clearTimeout(timer);
    for (const trial of this.#open) trial.end();
    this.#found.resolve(this.#findingOf(found ?? furthest(this.#ended)));
  }

  #findingOf(trial: PoolTrial | null): PoolFinding {
    const work = trial?.work ?? null;
    const subscription = trial?.subscription ?? null;
    const pool = trial?.dialect.pool;
    const kind = trial?.dialect.miner.nonces.kind;
    const isJobOwn = work !== null && trial?.failure?.step !== 'dialect';
    const possible = trial === null ? [] : this.#possibleDialects(trial, isJobOwn);
    const [only] = possible;
    const dialect = only !== undefined && possible.length === 1 ? only : null;
    const isDivided = subscription !== null && dialect !== null && (kind === 'coinbase' || kind === 'prefix');
    return {
      reachable: this.#wasConnected,
      address: trial?.address ?? null,
      tls: trial?.tls ?? null,
      connectMs: trial?.connectMs ?? null,
      loginMs: trial?.loginMs ?? null,
      firstJobMs: trial?.firstJobMs ?? null,
      dialect,
      isDialectProven: isJobOwn,
      possibleDialects: possible,
      namedAlgorithm: (isJobOwn ? pool?.namedAlgorithm?.(work) : null) ?? null,
      impliedAlgorithm: (isJobOwn ? pool?.impliedAlgorithm?.(work) : null) ?? null,
      // Where a job says nothing of it and the pool neither, 1 holds.
      difficulty: trial?.demand?.difficulty ?? (isJobOwn && trial?.demand == null ? 1 : null),
      hashesPerShare: trial?.demand?.hashes ?? null,
      extranonce1Bytes: isDivided ? subscription.extranonce1.length / 2 : null,
      extranonce2Bytes: isDivided ? subscription.extranonce2Bytes : null,
      versionMask: trial === null || trial.versionMask === 0 ? null : hex32(trial.versionMask),
      failure: this.#failureOf(trial),
    };
  }

  /** What a pool that has got so far with one dialect may speak. */
  #possibleDialects(trial: PoolTrial, isJobOwn: boolean): readonly string[] {
    const { dialect, failure, firstAnswer } = trial;
    if (isJobOwn) return [dialect.name];
    if (failure?.step === 'dialect') return [];
    if (firstAnswer === null) return failure?.rank === RANK.refused ? [dialect.name] : [];
    const { call, result } = firstAnswer;
    return this.#probe.dialects.filter((name) => {
      const other = this.#parts.dialects.find((one) => one.name === name);
      return other !== undefined && (other === dialect || understands(other, call, result));
    });
  }

  #failureOf(trial: PoolTrial | null): ProbeFailure | null {
    const failure = trial?.failure ?? null;
    if (trial !== null && failure === null) return null;
    const { dialects } = this.#probe;
    if (failure === null) {
      const message = `${dialects.join(', ')}: nothing of that can be asked without a login; give "user", and "password" where the pool wants one`;
      return { step: 'login', message, poolMessage: null, poolCode: null };
    }
    const { step, refusal } = failure;
    return {
      step,
      message: this.#wordsFor(failure),
      poolMessage: refusal?.message ?? null,
      poolCode: refusal?.code ?? null,
    };
  }

  /** Where several dialects were tried, what one of them met is not what is wrong. */
  #wordsFor({ step, message, isFinal, rank }: TrialFailure): string {
    const names = [...new Set(this.#tried.map(({ dialect }) => dialect.name))];
    const isOne = names.length === 1;
    if (isFinal || rank === RANK.jobless || rank === RANK.refused || step !== 'dialect') return message;
    const at = formatEndpoint(this.#probe);
    const why = rank === RANK.silent ? 'says nothing' : rank === RANK.closed ? 'closes the connection' : null;
    if (isOne && why === null) return message;
    const unasked = this.#unasked;
    const hint =
      unasked.length === 0
        ? ''
        : `; ${unasked.join(', ')} can only be asked with a login: give "user", and "password" where it wants one`;
    const tried = `${at} takes connections, but ${why ?? 'gives no usable answer'} when asked in ${names.join(', ')}`;
    return `${tried}: see whether this is the pool's Stratum port, whether it wants TLS, and whether it speaks something else${hint}`;
  }

  /** What can only be asked with a login, where there is none. */
  get #unasked(): readonly string[] {
    const names = new Set(this.#tried.map(({ dialect }) => dialect.name));
    return this.#probe.login === null ? this.#probe.dialects.filter((name) => !names.has(name)) : [];
  }
}

/** The trial that got furthest, of several the one that was tried first. */
function furthest(trials: readonly PoolTrial[]): PoolTrial | null {
  let best: PoolTrial | null = null;
  for (const trial of trials) {
    if (trial.failure === null) return trial;
    if (best?.failure == null || trial.failure.rank > best.failure.rank) best = trial;
  }
  return best;
}

/** The dialect begins with this call too, and takes this answer to it. */
function understands(dialect: Dialect, call: LoginCall, result: unknown): boolean {
  const first = dialect.pool.login.find(({ isOptional }) => !isOptional);
  return first !== undefined && first.name === call.name && first.read(result, null).kind === 'taken';
}

const NOBODY = {
  user: '',
  password: '',
  agent: 'a',
  host: '',
  port: 1,
  algorithm: '',
  sessionId: null,
  versionMask: 0,
} as const;

/** The login can be said in another way. */
function hasPlainLogin({ pool }: Dialect): boolean {
  return pool.login.some(
    (call) => call.write(1, { ...NOBODY, isPlain: false }) !== call.write(1, { ...NOBODY, isPlain: true }),
  );
}
