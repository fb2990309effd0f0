import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { targetOfDifficulty } from '../domain/difficulty.ts';
import { type Endpoint, formatEndpoint } from '../domain/endpoint.ts';
import type { Clock } from '../kit/clock.ts';
import { isHex, parseHex32 } from '../kit/hex.ts';
import type { Log } from '../kit/log.ts';
import { keepNewest } from './keep-newest.ts';
import type { PoolBooks } from './pool-books.ts';
import type { PoolManners } from './pool-manners.ts';
import { type PracticeAlgorithmName, practiceAlgorithms } from './practice-algorithms.ts';
import { PracticeConnection, type ResumableSession } from './practice-connection.ts';
import { type JobFields, JobMaker, PracticeJob } from './practice-job.ts';
import { PracticeServer, type PracticeServerOptions, SERVER_DEFAULTS } from './practice-server.ts';

export type { PoolBooks, ShareBooks, SubmitRecord } from './pool-books.ts';
export type { JobFields } from './practice-job.ts';
export type { ErrorShape, RefusalReason } from './refusal.ts';

export interface PracticePoolOptions extends Partial<PracticeServerOptions> {
  /** Default sha256d. */
  readonly algorithm?: PracticeAlgorithmName;
  /** Any positive number; default 1. */
  readonly difficulty?: number;
  /** 1 to 16, default 4. */
  readonly extranonce1Bytes?: number;
  /** 1 to 16, default 4. */
  readonly extranonce2Bytes?: number;
  /** 8 hex digits; default `1fffe000`. Null: no version rolling. */
  readonly versionMask?: string | null;
  /** Merkle branch length, 0 to 32, default 12. */
  readonly branchDepth?: number;
  /** Least size of the coinbase transaction; default 250. */
  readonly coinbaseBytes?: number;
  /** Give the same extranonce1 back to a known session id, jobs of the earlier connection still valid; default true. */
  readonly resume?: boolean;
  readonly jobTiming?: PoolManners['jobTiming'];
  readonly difficultyTiming?: PoolManners['difficultyTiming'];
  readonly configure?: PoolManners['configure'];
  readonly extranonceSubscribe?: PoolManners['extranonceSubscribe'];
  readonly suggestDifficulty?: PoolManners['suggestDifficulty'];
  readonly unknownMethods?: PoolManners['unknownMethods'];
  readonly errorShape?: PoolManners['errorShape'];
  readonly replyDelayMs?: number;
  readonly verify?: boolean;
  readonly vardiff?: PoolManners['vardiff'];
}

/** One client of the pool, for whoever picks some of them. */
export type ConnectionView = Readonly<
  Pick<
    PracticeConnection,
    | 'number'
    | 'remoteAddress'
    | 'agent'
    | 'methods'
    | 'sessionId'
    | 'extranonce1'
    | 'extranonce2Bytes'
    | 'takesExtranonce'
    | 'difficulty'
    | 'versionMask'
  >
> & { readonly users: ReadonlySet<string> };

export type ConnectionPick = (connection: ConnectionView) => boolean;

const everyone: ConnectionPick = () => true;

/** Sessions remembered for a resume, and ids of jobs that are over. */
const MAX_SESSIONS = 100_000;
const MAX_RETIRED = 10_000;

const DEFAULTS = {
  ...SERVER_DEFAULTS,
  algorithm: 'sha256d',
  difficulty: 1,
  extranonce1Bytes: 4,
  extranonce2Bytes: 4,
  versionMask: '1fffe000',
  branchDepth: 12,
  coinbaseBytes: 250,
  resume: true,
  jobTiming: 'after-subscribe',
  difficultyTiming: 'before-job',
  configure: 'answer',
  extranonceSubscribe: 'answer',
  suggestDifficulty: 'set',
  unknownMethods: 'ignore',
  errorShape: 'array',
  replyDelayMs: 0,
  verify: true,
  vardiff: null,
} as const satisfies Required<PracticePoolOptions>;

/**
 * A real Stratum pool (bitcoin-v1) on imaginary coins: it makes jobs, verifies every share by hashing it, and is as strict as the
 * strictest of the real ones. Its wire code shares nothing with the proxy's, so that a mistake there shows here. It behaves
 * well unless told otherwise: {@link PracticePool.manners} and the live controls give it the habits and failures of real pools.
 *
 * Everything it has seen stands in {@link PracticePool.stats}.
 */
export class PracticePool {
  /** Read and changed at any time; what is written counts from the next message on. */
  readonly manners: PoolManners;
  readonly stats: PoolBooks;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #options: Required<PracticePoolOptions>;
  readonly #maker: JobMaker;
  readonly #server: PracticeServer<PracticeConnection>;
  readonly #sessions = new Map<string, ResumableSession>();
  readonly #extranonces = new Map<string, PracticeConnection | null>();
  readonly #retired = new Set<string>();
  readonly #targets = new Map<number, Uint8Array>();
  #job: PracticeJob | null = null;
  /** Ids given out and still accepted somewhere. */
  #jobIds = new Set<string>();
  #difficulty: number;
  #silent = false;
  #isStarted = false;

  constructor(
    collaborators: { readonly log: Log; readonly clock: Clock },
    options: PracticePoolOptions = {},
  ) {
    this.#log = collaborators.log;
    this.#clock = collaborators.clock;
    const given: Required<PracticePoolOptions> = { ...DEFAULTS, ...options };
    this.#options = given;
    this.#server = new PracticeServer(
      this.#log,
      given,
      (socket, number) => this.#welcome(socket, number),
      (connection) => this.#onLeave(connection),
    );
    this.#difficulty = given.difficulty;
    this.#maker = new JobMaker({ ...given, nbits: practiceAlgorithms[given.algorithm].nbits });
    this.stats = this.#server.books;
    this.manners = {
      jobTiming: given.jobTiming,
      difficultyTiming: given.difficultyTiming,
      configure: given.configure,
      extranonceSubscribe: given.extranonceSubscribe,
      submits: 'answer',
      suggestDifficulty: given.suggestDifficulty,
      unknownMethods: given.unknownMethods,
      errorShape: given.errorShape,
      versionMask: given.versionMask === null ? null : readMask(given.versionMask),
      extranonce2Bytes: given.extranonce2Bytes,
      replyDelayMs: given.replyDelayMs,
      verify: given.verify,
      vardiff: given.vardiff,
      refusesLogins: false,
      hanging: false,
      keepsWhileHanging: false,
    };
  }

  /** Where it listens; throws before the first start. */
  get endpoint(): Endpoint {
    return this.#server.endpoint;
  }

  /** True between {@link start} and {@link stop}, whether its port is open or not. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** The clients of now, in order of arrival. */
  get connections(): readonly ConnectionView[] {
    return [...this.#server.clients];
  }

  /** The newest job, or null before the first. */
  get job(): PracticeJob | null {
    return this.#job;
  }

  /** Makes the first job, listens and starts the job and block timers. Rejects where the port is taken. */
  async start(): Promise<Endpoint> {
    await this.openPort();
    this.#isStarted = true;
    this.newJob({ clean: true });
    this.#server.keepTime(
      () => this.newJob(),
      () => this.newJob({ clean: true }),
    );
    this.#log.info('practice pool listens', {
      endpoint: formatEndpoint(this.endpoint),
      algorithm: this.#options.algorithm,
      difficulty: this.#difficulty,
    });
    return this.endpoint;
  }

  /** Ends everything: the timers, the port, every connection. A later start takes the same port. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.manners.hanging = false;
    await this.#server.stop();
  }

  /**
   * Stops and starts again on the same port, as after a crash. Jobs are new; sessions are `forget`-ten (the default) unless the pool
   * keeps them on disk.
   */
  async restart({ forget = true }: { readonly forget?: boolean } = {}): Promise<Endpoint> {
    await this.stop();
    if (forget) this.forget();
    return this.start();
  }

  /** Forgets every session, while it is stopped: nobody gets an earlier extranonce1 back. */
  forget(): void {
    this.#sessions.clear();
    this.#extranonces.clear();
  }

  /** Listens again on the port of before. */
  openPort(): Promise<void> {
    return this.#server.open();
  }

  /** Takes no more connections; those that stand go on. */
  closePort(): Promise<void> {
    return this.#server.close();
  }

  /**
   * A new job for everyone who is far enough. `clean` (default false) is a new block: older jobs become stale; with `sameBlock` the
   * previous hash stays. `reuseJobId` gives it an id that was used before. `fields` sets parts of it by hand.
   */
  newJob(
    given: {
      readonly clean?: boolean;
      readonly sameBlock?: boolean;
      readonly reuseJobId?: string;
      readonly fields?: JobFields;
    } = {},
  ): PracticeJob {
    const clean = given.clean ?? false;
    if (clean && given.sameBlock !== true) this.#maker.nextBlock();
    const { extranonce1Bytes, extranonce2Bytes, algorithm } = this.#options;
    const work = this.#maker.next({
      nowMs: this.#clock.wallMs(),
      clean,
      extranonceBytes: extranonce1Bytes + extranonce2Bytes,
      fields: given.fields ?? {},
      ...(given.reuseJobId === undefined ? {} : { jobId: given.reuseJobId }),
    });
    const job = new PracticeJob(work, practiceAlgorithms[algorithm].algorithm.coinbaseHash);
    this.#job = job;
    if (clean) this.#retireJobs();
    this.#retired.delete(job.id);
    this.#jobIds.add(job.id);
    this.stats.jobs += 1;
    if (!this.#silent) for (const connection of this.#server.clients) connection.sendJob(job, clean);
    this.stats.changed();
    return job;
  }

  /** For the jobs from now on: sent right before each client's next one. */
  setDifficulty(difficulty: number, to: ConnectionPick = everyone): void {
    if (to === everyone) this.#difficulty = difficulty;
    for (const connection of this.#pick(to)) connection.setDifficulty(difficulty, false);
  }

  /** `mining.set_difficulty` alone, now; it counts from each client's next job. */
  sendDifficulty(difficulty: number, to: ConnectionPick = everyone): void {
    if (to === everyone) this.#difficulty = difficulty;
    for (const connection of this.#pick(to)) connection.setDifficulty(difficulty, true);
  }

  /**
   * `mining.set_extranonce` to the clients that asked for it (`force`: to the others too, as rude pools do), a clean job behind it.
   * Without `extranonce1` each gets one of its own. Returns how many were told.
   */
  setExtranonce(
    given: {
      readonly extranonce1?: string;
      readonly extranonce2Bytes?: number;
      readonly to?: ConnectionPick;
      readonly force?: boolean;
    } = {},
  ): number {
    const told = this.#pick(given.to ?? everyone).filter(
      (connection) => connection.subscribed && (connection.takesExtranonce || given.force === true),
    );
    for (const connection of told) {
      const extranonce1 = given.extranonce1 ?? this.#freeExtranonce();
      if (extranonce1 === null) break;
      if (!isHex(extranonce1)) throw new RangeError('extranonce1 must be hex');
      this.#extranonces.delete(connection.extranonce1);
      this.#extranonces.set(extranonce1, connection);
      const session = this.#sessions.get(connection.sessionId ?? '');
      if (session !== undefined) session.extranonce1 = extranonce1;
      connection.setExtranonce(extranonce1, given.extranonce2Bytes ?? connection.extranonce2Bytes);
    }
    if (told.length > 0) this.newJob({ clean: true, sameBlock: true });
    return told.length;
  }

  /** 8 hex digits: what may roll from now on, told to the clients that negotiated rolling. */
  setVersionMask(mask: string): void {
    this.manners.versionMask = readMask(mask);
    for (const connection of this.#server.clients) connection.setVersionMask(this.manners.versionMask);
  }

  /** Goes on accepting and reading but answers and sends nothing, like a process that is stuck. */
  hang({ keep = false }: { readonly keep?: boolean } = {}): void {
    this.manners.hanging = true;
    this.manners.keepsWhileHanging = keep;
  }

  /** Works again; what came in meanwhile is answered now if it was to be kept, else lost. */
  unhang(): void {
    this.manners.hanging = false;
    for (const connection of this.#server.clients) connection.wake();
  }

  /** No more jobs, for newcomers neither; everything else is answered. */
  silence(): void {
    this.#silent = true;
  }

  /** Ends {@link silence} with a clean job for everyone. */
  speak(): void {
    this.#silent = false;
    this.newJob({ clean: true });
  }

  /** Ends connections at once, by FIN or by RST. */
  dropConnections({
    reset = false,
    to = everyone,
  }: {
    readonly reset?: boolean;
    readonly to?: ConnectionPick;
  } = {}): void {
    for (const connection of this.#pick(to)) connection.drop(reset);
  }

  /** Text as it is, without an end of line of ours. */
  sendRaw(text: string, to: ConnectionPick = everyone): void {
    for (const connection of this.#pick(to)) connection.send(text);
  }

  /** Bytes as they are, which need not be text: at once, whatever the manners. */
  sendBytes(bytes: Uint8Array, to: ConnectionPick = everyone): void {
    for (const connection of this.#pick(to)) connection.sendBytes(bytes);
  }

  /** `client.reconnect`; without a host its parameters are empty. */
  reconnect(host?: string, port?: number, waitSeconds = 0): void {
    const params = host === undefined ? [] : [host, port ?? this.endpoint.port, waitSeconds];
    for (const connection of this.#server.clients) connection.notify('client.reconnect', params);
  }

  showMessage(text: string): void {
    for (const connection of this.#server.clients) connection.notify('client.show_message', [text]);
  }

  /** Every authorize from now on is refused, or judged by the credentials again. */
  refuseLogins(on: boolean): void {
    this.manners.refusesLogins = on;
  }

  /** Resolves once `predicate` holds for the books; rejects after `timeoutMs` with what they say then. */
  waitFor(predicate: (stats: PoolBooks) => boolean, timeoutMs = 5000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #pick(to: ConnectionPick): readonly PracticeConnection[] {
    return [...this.#server.clients].filter(to);
  }

  #welcome(socket: Socket, number: number): PracticeConnection {
    return new PracticeConnection(
      {
        clock: this.#clock,
        books: this.stats,
        work: practiceAlgorithms[this.#options.algorithm],
        manners: this.manners,
        openSession: (sessionId, by) => this.#openSession(sessionId, by),
        checkLogin: (user, password) => this.#server.letsIn(user, password),
        targetOf: (difficulty) => this.#targetOf(difficulty),
        currentJob: () => (this.#silent ? null : this.#job),
        isRetired: (jobId) => this.#retired.has(jobId),
      },
      {
        socket,
        number,
        difficulty: this.#difficulty,
        extranonce2Bytes: this.manners.extranonce2Bytes,
      },
    );
  }

  #onLeave(connection: PracticeConnection): void {
    const { extranonce1 } = connection;
    if (this.#extranonces.get(extranonce1) !== connection) return;
    // A session that may come back keeps its extranonce1, so that nobody else mines the same coinbase meanwhile.
    if (this.#options.resume) this.#extranonces.set(extranonce1, null);
    else this.#extranonces.delete(extranonce1);
  }

  #openSession(sessionId: string | null, by: PracticeConnection): ResumableSession | null {
    const known = sessionId === null || !this.#options.resume ? undefined : this.#sessions.get(sessionId);
    if (known !== undefined) {
      // The client believes its old connection dead; two of one extranonce1 must not live side by side.
      for (const other of this.#server.clients) if (other.sessionId === sessionId) other.drop(false);
      this.#extranonces.set(known.extranonce1, by);
      return known;
    }
    const extranonce1 = this.#freeExtranonce();
    if (extranonce1 === null) return null;
    this.#extranonces.set(extranonce1, by);
    const session = { sessionId: randomBytes(8).toString('hex'), extranonce1, sent: new Map() };
    if (this.#options.resume) this.#remember(session);
    return session;
  }

  #remember(session: ResumableSession): void {
    this.#sessions.set(session.sessionId, session);
    if (this.#sessions.size <= MAX_SESSIONS) return;
    for (const [id, oldest] of this.#sessions) {
      if (this.#extranonces.get(oldest.extranonce1) !== null) continue;
      this.#sessions.delete(id);
      this.#extranonces.delete(oldest.extranonce1);
      return;
    }
  }

  /** One that nobody has: sessions that are gone give theirs up when there is no other. */
  #freeExtranonce(): string | null {
    const bytes = this.#options.extranonce1Bytes;
    for (let attempt = 0; attempt < 64; attempt++) {
      const candidate = randomBytes(bytes).toString('hex');
      if (!this.#extranonces.has(candidate)) return candidate;
    }
    const all = bytes <= 2 ? 256 ** bytes : 0;
    for (let value = 0; value < all; value++) {
      const candidate = value.toString(16).padStart(bytes * 2, '0');
      if (!this.#extranonces.has(candidate)) return candidate;
    }
    for (const [id, session] of this.#sessions) {
      if (this.#extranonces.get(session.extranonce1) !== null) continue;
      this.#sessions.delete(id);
      return session.extranonce1;
    }
    return null;
  }

  #targetOf(difficulty: number): Uint8Array {
    let target = this.#targets.get(difficulty);
    if (target === undefined) {
      target = targetOfDifficulty(difficulty, practiceAlgorithms[this.#options.algorithm].divider);
      if (this.#targets.size >= 1000) this.#targets.clear();
      this.#targets.set(difficulty, target);
    }
    return target;
  }

  #retireJobs(): void {
    for (const id of this.#jobIds) this.#retired.add(id);
    this.#jobIds.clear();
    keepNewest(this.#retired, MAX_RETIRED);
    for (const connection of this.#server.clients) connection.forgetJobs();
    for (const session of this.#sessions.values()) session.sent.clear();
  }
}

function readMask(mask: string): number {
  const value = mask.length === 8 ? parseHex32(mask) : null;
  if (value === null) throw new RangeError(`a version mask is 8 hex digits, not ${mask}`);
  return value;
}
