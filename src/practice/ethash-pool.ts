import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { targetOfDifficulty } from '../domain/difficulty.ts';
import { type Endpoint, formatEndpoint } from '../domain/endpoint.ts';
import type { Log } from '../kit/log.ts';
import { ETHASH_FLAVOURS, jobKeyOf } from './ethash-flavours.ts';
import { type PracticeFlavour, practiceSeed } from './ethash-proof.ts';
import { type EthashJob, type EthashManners, EthashSession } from './ethash-session.ts';
import { PoolBooks } from './pool-books.ts';

export interface EthashPoolOptions extends Partial<EthashManners> {
  readonly flavour: PracticeFlavour;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port, which a restart keeps. */
  readonly port?: number;
  /** Any positive number; default 1e-7, some 430 hashes. */
  readonly difficulty?: number;
  /** 0 to 3, default 2: what the pool begins its clients' nonces with, in the flavours that have it. */
  readonly prefixBytes?: number;
  /** Default 50: the epoch of the first block. */
  readonly epoch?: number;
  /** A new job on the same block this often; default 30,000, 0 = by hand only. */
  readonly jobIntervalMs?: number;
  /** A new block this often; default 600,000, 0 = by hand only. */
  readonly blockIntervalMs?: number;
  /** User → password, by the whole name or what stands before its first `.`; null (the default) lets anyone in. */
  readonly credentials?: ReadonlyMap<string, string> | null;
  /** Submits kept for inspection in the books; default 1000. */
  readonly submitsKept?: number;
}

const DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  difficulty: 1e-7,
  prefixBytes: 2,
  epoch: 50,
  jobIntervalMs: 30_000,
  blockIntervalMs: 600_000,
  credentials: null,
  submitsKept: 1000,
  pushesJobs: true,
  writesShortTargets: false,
  extranonceSubscribe: 'answer',
  closesOnRefusal: false,
} as const satisfies Omit<Required<EthashPoolOptions>, 'flavour'>;

const MAX_RETIRED = 10_000;

/**
 * A pool of ethash coins in one of four flavours, on imaginary coins with the stand-in proof of `ethash-proof.ts`. Like the practice pool it verifies every share and is as strict as
 * the strictest of the real ones, and its wire code shares nothing with the proxy's.
 */
export class EthashPool {
  readonly stats: PoolBooks;
  readonly #log: Log;
  readonly #options: Required<EthashPoolOptions>;
  readonly #sessions = new Set<EthashSession>();
  readonly #retired = new Set<string>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #targets = new Map<number, string>();
  #live: string[] = [];
  #job: EthashJob | null = null;
  #height = 6_629_077;
  #epoch: number;
  #count = 0;
  #jobs = 0;
  #difficulty: number;
  #server: Server | null = null;
  #endpoint: Endpoint | null = null;

  constructor(collaborators: { readonly log: Log }, options: EthashPoolOptions) {
    this.#log = collaborators.log;
    this.#options = { ...DEFAULTS, ...options };
    this.#difficulty = this.#options.difficulty;
    this.#epoch = this.#options.epoch;
    this.stats = new PoolBooks(this.#options.submitsKept);
  }

  /** Where it listens; throws before the first start. */
  get endpoint(): Endpoint {
    if (this.#endpoint === null) throw new Error('the practice pool has no address before start()');
    return this.#endpoint;
  }

  /** The clients of now, in order of arrival. */
  get sessions(): readonly EthashSession[] {
    return [...this.#sessions];
  }

  get job(): EthashJob | null {
    return this.#job;
  }

  /** Makes the first job, listens and starts the timers. Rejects where the port is taken. */
  async start(): Promise<Endpoint> {
    const { host, port, jobIntervalMs, blockIntervalMs, flavour } = this.#options;
    const server = createServer((socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#endpoint?.port ?? port, host, resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#endpoint = { host, port: address.port };
    this.#server = server;
    this.newJob({ clean: true });
    if (jobIntervalMs > 0) this.#timers.push(setInterval(() => this.newJob(), jobIntervalMs));
    if (blockIntervalMs > 0)
      this.#timers.push(setInterval(() => this.newJob({ clean: true }), blockIntervalMs));
    this.#log.info('practice pool listens', { endpoint: formatEndpoint(this.endpoint), flavour });
    return this.endpoint;
  }

  /** Ends everything: the timers, the port, every connection. A later start takes the same port. */
  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    const server = this.#server;
    this.#server = null;
    const closed = new Promise<void>((resolve) => {
      if (server === null) resolve();
      else server.close(() => resolve());
    });
    this.dropConnections();
    await closed;
  }

  /** A new job for everyone who is far enough. `clean` (default false) is a new block: older jobs become stale. `epoch` begins another one. */
  newJob({
    clean = false,
    epoch = this.#epoch,
  }: {
    readonly clean?: boolean;
    readonly epoch?: number;
  } = {}): EthashJob {
    if (clean) this.#retireJobs();
    this.#epoch = epoch;
    this.#jobs += 1;
    const job: EthashJob = {
      id: (0xbf048800 + this.#jobs).toString(16),
      header: randomBytes(32).toString('hex'),
      seed: practiceSeed(epoch),
      epoch,
      height: this.#height,
      seen: new Set(),
    };
    this.#job = job;
    this.#live.push(jobKeyOf(this.#options.flavour, job));
    this.stats.jobs += 1;
    for (const session of this.#sessions) session.sendJob(job, clean);
    this.stats.changed();
    return job;
  }

  /** In force from each client's next job on. */
  setDifficulty(difficulty: number): void {
    this.#difficulty = difficulty;
  }

  /** Another prefix for every client that may be told, a job behind it. Returns how many were. */
  changePrefixes(): number {
    const { flavour } = this.#options;
    const told = this.sessions.filter((session) => flavour === 'eip1571' || session.takesPrefix);
    if (!ETHASH_FLAVOURS[flavour].hasPrefix) return 0;
    for (const session of told) session.setPrefix(this.#freePrefix());
    if (told.length > 0) this.newJob({ clean: true });
    return told.length;
  }

  /** Text as it is, to everyone. */
  sendRaw(text: string): void {
    for (const session of this.#sessions) session.send(text);
  }

  dropConnections(): void {
    for (const session of this.#sessions) session.drop();
  }

  /** Resolves once `predicate` holds for the books; rejects after `timeoutMs` with what they say then. */
  waitFor(predicate: (stats: PoolBooks) => boolean, timeoutMs = 5000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #accept(socket: Socket): void {
    this.#count += 1;
    const session = new EthashSession(
      {
        books: this.stats,
        options: this.#options,
        checkLogin: (user, password) => this.#checkLogin(user, password),
        currentJob: () => this.#job,
        difficulty: () => this.#difficulty,
        targetOf: (difficulty) => this.#targetOf(difficulty),
        isRetired: (jobKey) => this.#retired.has(jobKey),
        onClose: (closed) => {
          this.#sessions.delete(closed);
          this.#countSessions();
        },
      },
      {
        socket,
        number: this.#count,
        prefix: ETHASH_FLAVOURS[this.#options.flavour].hasPrefix ? this.#freePrefix() : '',
      },
    );
    this.#sessions.add(session);
    this.stats.connectionsTotal += 1;
    this.#countSessions();
  }

  #countSessions(): void {
    this.stats.connectionsNow = this.#sessions.size;
    this.stats.changed();
  }

  /** One that no client of now has, as far as there is room. */
  #freePrefix(): string {
    const taken = new Set(this.sessions.map(({ prefix }) => prefix));
    let prefix = '';
    for (let attempt = 0; attempt < 64; attempt++) {
      prefix = randomBytes(this.#options.prefixBytes).toString('hex');
      if (!taken.has(prefix)) break;
    }
    return prefix;
  }

  #checkLogin(user: string, password: string): boolean {
    const { credentials } = this.#options;
    if (credentials === null) return true;
    const expected = credentials.get(user) ?? credentials.get(user.split('.', 1)[0] ?? '');
    return expected !== undefined && expected === password;
  }

  #targetOf(difficulty: number): string {
    const known = this.#targets.get(difficulty);
    if (known !== undefined) return known;
    const target = Buffer.from(targetOfDifficulty(difficulty, 1)).toString('hex');
    if (this.#targets.size >= 1000) this.#targets.clear();
    this.#targets.set(difficulty, target);
    return target;
  }

  #retireJobs(): void {
    this.#height += 1;
    for (const key of this.#live) this.#retired.add(key);
    this.#live = [];
    for (const key of this.#retired) {
      if (this.#retired.size <= MAX_RETIRED) break;
      this.#retired.delete(key);
    }
    for (const session of this.#sessions) session.forgetJobs();
  }
}
