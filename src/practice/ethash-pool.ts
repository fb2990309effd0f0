import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { targetOfDifficulty } from '../domain/difficulty.ts';
import { type Endpoint, formatEndpoint } from '../domain/endpoint.ts';
import type { Log } from '../kit/log.ts';
import { ETHASH_FLAVOURS, jobKeyOf } from './ethash-flavours.ts';
import { type EthashProof, type PracticeFlavour, practiceSeed, STAND_IN_PROOF } from './ethash-proof.ts';
import { type EthashJob, type EthashManners, EthashSession } from './ethash-session.ts';
import { keepNewest } from './keep-newest.ts';
import type { PoolBooks } from './pool-books.ts';
import { PracticeServer, type PracticeServerOptions, SERVER_DEFAULTS } from './practice-server.ts';

export interface EthashPoolOptions extends Partial<EthashManners>, Partial<PracticeServerOptions> {
  readonly flavour: PracticeFlavour;
  /** Any positive number; default 1e-7, some 430 hashes. */
  readonly difficulty?: number;
  /** 0 to 3, default 2: what the pool begins its clients' nonces with, in the flavours that have it. */
  readonly prefixBytes?: number;
  /** Default 50: the epoch of the first block. */
  readonly epoch?: number;
  /** Default {@link STAND_IN_PROOF}; ethash itself is that of one epoch. */
  readonly proof?: EthashProof;
}

const DEFAULTS = {
  ...SERVER_DEFAULTS,
  difficulty: 1e-7,
  prefixBytes: 2,
  epoch: 50,
  proof: STAND_IN_PROOF,
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
  readonly #server: PracticeServer<EthashSession>;
  readonly #retired = new Set<string>();
  readonly #targets = new Map<number, string>();
  #live: string[] = [];
  #job: EthashJob | null = null;
  #height = 6_629_077;
  #epoch: number;
  #jobs = 0;
  #difficulty: number;

  constructor(collaborators: { readonly log: Log }, options: EthashPoolOptions) {
    this.#log = collaborators.log;
    this.#options = { ...DEFAULTS, ...options };
    this.#difficulty = this.#options.difficulty;
    this.#epoch = this.#options.epoch;
    this.#server = new PracticeServer(this.#log, this.#options, (socket, number) =>
      this.#welcome(socket, number),
    );
    this.stats = this.#server.books;
  }

  /** Where it listens; throws before the first start. */
  get endpoint(): Endpoint {
    return this.#server.endpoint;
  }

  /** The clients of now, in order of arrival. */
  get sessions(): readonly EthashSession[] {
    return [...this.#server.clients];
  }

  get job(): EthashJob | null {
    return this.#job;
  }

  /** Makes the first job, listens and starts the timers. Rejects where the port is taken. */
  async start(): Promise<Endpoint> {
    await this.#server.open();
    this.newJob({ clean: true });
    this.#server.keepTime(
      () => this.newJob(),
      () => this.newJob({ clean: true }),
    );
    const { flavour } = this.#options;
    this.#log.info('practice pool listens', { endpoint: formatEndpoint(this.endpoint), flavour });
    return this.endpoint;
  }

  /** Ends everything: the timers, the port, every connection. A later start takes the same port. */
  stop(): Promise<void> {
    return this.#server.stop();
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
    for (const session of this.#server.clients) session.sendJob(job, clean);
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
    for (const session of this.#server.clients) session.send(text);
  }

  dropConnections(): void {
    this.#server.drop(false);
  }

  /** Resolves once `predicate` holds for the books; rejects after `timeoutMs` with what they say then. */
  waitFor(predicate: (stats: PoolBooks) => boolean, timeoutMs = 5000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #welcome(socket: Socket, number: number): EthashSession {
    return new EthashSession(
      {
        books: this.stats,
        proof: this.#options.proof,
        options: this.#options,
        checkLogin: (user, password) => this.#server.letsIn(user, password),
        currentJob: () => this.#job,
        difficulty: () => this.#difficulty,
        targetOf: (difficulty) => this.#targetOf(difficulty),
        isRetired: (jobKey) => this.#retired.has(jobKey),
      },
      {
        socket,
        number,
        prefix: ETHASH_FLAVOURS[this.#options.flavour].hasPrefix ? this.#freePrefix() : '',
      },
    );
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
    keepNewest(this.#retired, MAX_RETIRED);
    for (const session of this.#server.clients) session.forgetJobs();
  }
}
