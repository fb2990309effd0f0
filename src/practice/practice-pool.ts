import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { targetOfDifficulty } from '../domain/difficulty.ts';
import { type Endpoint, formatEndpoint } from '../domain/endpoint.ts';
import type { Clock } from '../kit/clock.ts';
import { isHex, parseHex32 } from '../kit/hex.ts';
import type { Log } from '../kit/log.ts';
import { PoolBooks } from './pool-books.ts';
import type { PoolManners } from './pool-manners.ts';
import { type PracticeAlgorithmName, practiceAlgorithms } from './practice-algorithms.ts';
import { PracticeConnection, type ResumableSession } from './practice-connection.ts';
import { type JobFields, JobMaker, PracticeJob } from './practice-job.ts';
import { PracticePort } from './practice-port.ts';

export type { PoolBooks, ShareBooks, SubmitRecord } from './pool-books.ts';
export type { JobFields } from './practice-job.ts';
export type { ErrorShape, RefusalReason } from './refusal.ts';

export interface PracticePoolOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port, which a restart keeps. */
  readonly port?: number;
  /** Serve TLS with this key and certificate (PEM) instead of plain TCP. */
  readonly tls?: { readonly key: string; readonly cert: string } | null;
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
  /** A new job on the same block this often; default 30,000, 0 = by hand only. */
  readonly jobIntervalMs?: number;
  /** A new block, its job clean, this often; default 600,000, 0 = by hand only. */
  readonly blockIntervalMs?: number;
  /** Merkle branch length, 0 to 32, default 12. */
  readonly branchDepth?: number;
  /** Least size of the coinbase transaction; default 250. */
  readonly coinbaseBytes?: number;
  /**
   * User → password; null (the default) lets anyone in. A name is looked up as a whole first, then what stands before its first `.`;
   * the password has to be the same.
   */
  readonly credentials?: ReadonlyMap<string, string> | null;
  /** Give the same extranonce1 back to a known session id, jobs of the earlier connection still valid; default true. */
  readonly resume?: boolean;
  /** Submits kept for inspection in the books; default 1000. */
  readonly submitsKept?: number;
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
  host: '127.0.0.1',
  port: 0,
  tls: null,
  algorithm: 'sha256d',
  difficulty: 1,
  extranonce1Bytes: 4,
  extranonce2Bytes: 4,
  versionMask: '1fffe000',
  jobIntervalMs: 30_000,
  blockIntervalMs: 600_000,
  branchDepth: 12,
  coinbaseBytes: 250,
  credentials: null,
  resume: true,
  submitsKept: 1000,
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
  readonly #connections = new Set<PracticeConnection>();
  readonly #sessions = new Map<string, ResumableSession>();
  readonly #extranonces = new Map<string, PracticeConnection | null>();
  readonly #retired = new Set<string>();
  readonly #targets = new Map<number, Uint8Array>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #port: PracticePort;
  #job: PracticeJob | null = null;
  /** Ids given out and still accepted somewhere. */
  #jobIds = new Set<string>();
  #difficulty: number;
  #count = 0;
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
    this.#port = new PracticePort(this.#log, given, (socket) => this.#accept(socket));
    this.#difficulty = given.difficulty;
    this.#maker = new JobMaker({ ...given, nbits: practiceAlgorithms[given.algorithm].nbits });
    this.stats = new PoolBooks(given.submitsKept);
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
    return this.#port.endpoint;
  }

  /** True between {@link start} and {@link stop}, whether its port is open or not. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** The clients of now, in order of arrival. */
  get connections(): readonly ConnectionView[] {
    return [...this.#connections];
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
    const { jobIntervalMs, blockIntervalMs } = this.#options;
    if (jobIntervalMs > 0) this.#every(jobIntervalMs, () => this.newJob());
    if (blockIntervalMs > 0) this.#every(blockIntervalMs, () => this.newJob({ clean: true }));
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
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.manners.hanging = false;
    const closed = this.closePort();
    this.dropConnections();
    await closed;
    await this.stats.waitFor((books) => books.connectionsNow === 0, 5000);
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
    return this.#port.open();
  }

  /** Takes no more connections; those that stand go on. */
  closePort(): Promise<void> {
    return this.#port.close();
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
    if (!this.#silent) for (const connection of this.#connections) connection.sendJob(job, clean);
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
    for (const connection of this.#connections) connection.setVersionMask(this.manners.versionMask);
  }

  /** Goes on accepting and reading but answers and sends nothing, like a process that is stuck. */
  hang({ keep = false }: { readonly keep?: boolean } = {}): void {
    this.manners.hanging = true;
    this.manners.keepsWhileHanging = keep;
  }

  /** Works again; what came in meanwhile is answered now if it was to be kept, else lost. */
  unhang(): void {
    this.manners.hanging = false;
    for (const connection of this.#connections) connection.wake();
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
    for (const connection of this.#connections) connection.notify('client.reconnect', params);
  }

  showMessage(text: string): void {
    for (const connection of this.#connections) connection.notify('client.show_message', [text]);
  }

  /** Every authorize from now on is refused, or judged by the credentials again. */
  refuseLogins(on: boolean): void {
    this.manners.refusesLogins = on;
  }

  /** Resolves once `predicate` holds for the books; rejects after `timeoutMs` with what they say then. */
  waitFor(predicate: (stats: PoolBooks) => boolean, timeoutMs = 5000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #every(intervalMs: number, run: () => void): void {
    this.#timers.push(setInterval(run, intervalMs));
  }

  #pick(to: ConnectionPick): readonly PracticeConnection[] {
    return [...this.#connections].filter(to);
  }

  #accept(socket: Socket): void {
    this.#count += 1;
    const connection = new PracticeConnection(
      {
        clock: this.#clock,
        books: this.stats,
        work: practiceAlgorithms[this.#options.algorithm],
        manners: this.manners,
        openSession: (sessionId, by) => this.#openSession(sessionId, by),
        checkLogin: (user, password) => this.#checkLogin(user, password),
        targetOf: (difficulty) => this.#targetOf(difficulty),
        currentJob: () => (this.#silent ? null : this.#job),
        isRetired: (jobId) => this.#retired.has(jobId),
        onClose: (closed) => this.#onClose(closed),
      },
      {
        socket,
        number: this.#count,
        difficulty: this.#difficulty,
        extranonce2Bytes: this.manners.extranonce2Bytes,
      },
    );
    this.#connections.add(connection);
    this.stats.connectionsTotal += 1;
    this.stats.connectionsNow = this.#connections.size;
    this.stats.changed();
  }

  #onClose(connection: PracticeConnection): void {
    this.#connections.delete(connection);
    const { extranonce1 } = connection;
    if (this.#extranonces.get(extranonce1) === connection) {
      // A session that may come back keeps its extranonce1, so that nobody else mines the same coinbase meanwhile.
      if (this.#options.resume) this.#extranonces.set(extranonce1, null);
      else this.#extranonces.delete(extranonce1);
    }
    this.stats.connectionsNow = this.#connections.size;
    this.stats.changed();
  }

  #openSession(sessionId: string | null, by: PracticeConnection): ResumableSession | null {
    const known = sessionId === null || !this.#options.resume ? undefined : this.#sessions.get(sessionId);
    if (known !== undefined) {
      // The client believes its old connection dead; two of one extranonce1 must not live side by side.
      for (const other of this.#connections) if (other.sessionId === sessionId) other.drop(false);
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

  #checkLogin(user: string, password: string): boolean {
    const { credentials } = this.#options;
    if (credentials === null) return true;
    const account = user.split('.', 1)[0] ?? '';
    const expected = credentials.get(user) ?? credentials.get(account);
    return expected !== undefined && expected === password;
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
    for (const id of this.#retired) {
      if (this.#retired.size <= MAX_RETIRED) break;
      this.#retired.delete(id);
    }
    for (const connection of this.#connections) connection.forgetJobs();
    for (const session of this.#sessions.values()) session.sent.clear();
  }
}

function readMask(mask: string): number {
  const value = mask.length === 8 ? parseHex32(mask) : null;
  if (value === null) throw new RangeError(`a version mask is 8 hex digits, not ${mask}`);
  return value;
}
