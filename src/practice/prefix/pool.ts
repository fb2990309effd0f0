import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Endpoint, formatEndpoint } from '../../domain/endpoint.ts';
import type { Log } from '../../kit/log.ts';
import { ClientLine, type ClientMessage } from '../client-line.ts';
import type { SubmitVerdict } from '../judge.ts';
import { keepNewest } from '../keep-newest.ts';
import type { PoolBooks } from '../pool-books.ts';
import { PracticeServer, type PracticeServerOptions, SERVER_DEFAULTS } from '../practice-server.ts';
import { type ErrorShape, REFUSALS, type RefusalReason, refusalLine, successLine } from '../refusal.ts';
import {
  type PracticeBlock,
  type PrefixCoin,
  type PrefixCoinOptions,
  type PrefixDialect,
  type PrefixJob,
  type PrefixTerms,
  prefixCoin,
} from './coins.ts';

export interface PrefixPoolOptions extends Partial<PracticeServerOptions>, PrefixCoinOptions {
  readonly dialect: PrefixDialect;
  /** Expected hashes behind a share; default 200. */
  readonly hashesPerShare?: number;
  /** Of every client's nonce; default 4 for equihash, 2 elsewhere. 0: clients are told an empty one. */
  readonly prefixBytes?: number;
  readonly errorShape?: ErrorShape;
}

/** What can be varied while it runs. */
export interface PrefixPoolManners {
  refusesLogins: boolean;
  /** Reads and sends nothing. */
  isHanging: boolean;
  /** What is said to `mining.extranonce.subscribe`. */
  extranonceSubscribe: 'answer' | 'ignore' | 'error';
}

/** One client of the pool. */
export interface PrefixClient {
  readonly number: number;
  readonly agent: string;
  /** Hex; empty before subscribe. */
  readonly prefix: string;
  readonly users: ReadonlySet<string>;
  /** Methods in the order received, the first 64. */
  readonly methods: readonly string[];
}

const MAX_LINE_BYTES = 10 * 1024;
/** Jobs kept per connection, as bridges of fast chains keep them. */
const MAX_JOBS = 128;
const MAX_RETIRED = 10_000;

/**
 * A strict pool on an imaginary coin whose clients' nonces begin with what it tells them (Equihash, KawPow, Kaspa, Ergo): login, job ids, prefix, sizes, duplicates,
 * staleness and target are checked, every share is hashed (`proofs.ts` says by what). Its wire code shares nothing with the proxy's, so that a mistake
 * there shows here. Figures are in expected hashes: {@link PoolBooks.work} is the sum of those behind the accepted shares.
 */
export class PrefixPool {
  readonly manners: PrefixPoolManners = {
    refusesLogins: false,
    isHanging: false,
    extranonceSubscribe: 'answer',
  };
  readonly stats: PoolBooks;
  readonly #log: Log;
  readonly #options: PrefixPoolOptions;
  readonly #coin: PrefixCoin;
  readonly #server: PracticeServer<PrefixConnection>;
  readonly #prefixes = new Set<string>();
  readonly #retired = new Set<string>();
  #block: PracticeBlock = nextBlock(900_000);
  #job: PrefixJob | null = null;
  #hashesPerShare: number;
  #jobCount = 0;

  constructor(collaborators: { readonly log: Log }, options: PrefixPoolOptions) {
    this.#log = collaborators.log;
    this.#options = options;
    this.#coin = prefixCoin(options.dialect, options);
    this.#hashesPerShare = options.hashesPerShare ?? 200;
    this.#server = new PracticeServer(
      this.#log,
      { ...SERVER_DEFAULTS, ...options },
      (socket, number) => this.#welcome(socket, number),
      (connection) => this.#prefixes.delete(connection.prefix),
    );
    this.stats = this.#server.books;
  }

  /** Where it listens; throws before the first start. */
  get endpoint(): Endpoint {
    return this.#server.endpoint;
  }

  /** The clients of now, in order of arrival. */
  get clients(): readonly PrefixClient[] {
    return [...this.#server.clients];
  }

  async start(): Promise<Endpoint> {
    await this.#server.open();
    this.newJob({ clean: true });
    this.#server.keepTime(
      () => this.newJob(),
      () => this.newJob({ clean: true }),
    );
    const { dialect } = this.#options;
    this.#log.info('practice pool listens', { endpoint: formatEndpoint(this.endpoint), dialect });
    return this.endpoint;
  }

  /** Ends everything. A later start takes the same port. */
  async stop(): Promise<void> {
    this.manners.isHanging = false;
    await this.#server.stop();
  }

  openPort(): Promise<void> {
    return this.#server.open();
  }

  closePort(): Promise<void> {
    return this.#server.close();
  }

  /** A new job for everyone who is logged in; with `clean` on a new block: older jobs become stale. */
  newJob({ clean = false }: { readonly clean?: boolean } = {}): string {
    if (clean) {
      this.#block = nextBlock(this.#block.height + 1);
      for (const connection of this.#server.clients) this.#retire(connection.forgetJobs());
    }
    this.#jobCount += 1;
    const job = this.#coin.job(String(this.#jobCount), this.#block);
    this.#job = job;
    this.stats.jobs += 1;
    for (const connection of this.#server.clients) connection.sendJob(job, clean);
    this.stats.changed();
    return job.id;
  }

  /** For the jobs from now on. */
  setHashesPerShare(hashes: number): void {
    this.#hashesPerShare = hashes;
  }

  /** Another prefix for the clients that take one, a clean job behind it. Returns how many were told. */
  changePrefixes(): number {
    const told = [...this.#server.clients].filter(({ takesExtranonce }) => takesExtranonce);
    for (const connection of told) {
      this.#prefixes.delete(connection.prefix);
      connection.changePrefix(this.#freePrefix());
    }
    if (told.length > 0) this.newJob({ clean: true });
    return told.length;
  }

  dropConnections({ reset = false }: { readonly reset?: boolean } = {}): void {
    this.#server.drop(reset);
  }

  /** Text as it is, without an end of line of ours. */
  sendRaw(text: string): void {
    for (const connection of this.#server.clients) connection.send(text);
  }

  /** Resolves once `predicate` holds for the books; rejects after `timeoutMs` with what they say then. */
  waitFor(predicate: (stats: PoolBooks) => boolean, timeoutMs = 5000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #retire(ids: readonly string[]): void {
    for (const id of ids) this.#retired.add(id);
    keepNewest(this.#retired, MAX_RETIRED);
  }

  #freePrefix(): string {
    const bytes = this.#options.prefixBytes ?? this.#coin.prefixBytes;
    if (bytes === 0) return '';
    for (;;) {
      const prefix = randomBytes(bytes).toString('hex');
      if (this.#prefixes.has(prefix)) continue;
      this.#prefixes.add(prefix);
      return prefix;
    }
  }

  #welcome(socket: Socket, number: number): PrefixConnection {
    return new PrefixConnection(
      {
        coin: this.#coin,
        books: this.stats,
        manners: this.manners,
        errorShape: this.#options.errorShape ?? 'array',
        freePrefix: () => this.#freePrefix(),
        checkLogin: (user, password) => this.#server.letsIn(user, password),
        currentJob: () => this.#job,
        hashesPerShare: () => this.#hashesPerShare,
        isRetired: (id) => this.#retired.has(id),
      },
      socket,
      number,
    );
  }
}

function nextBlock(height: number): PracticeBlock {
  return { height, parent: randomBytes(32).toString('hex') };
}

interface ConnectionPorts {
  readonly coin: PrefixCoin;
  readonly books: PoolBooks;
  readonly manners: PrefixPoolManners;
  readonly errorShape: ErrorShape;
  freePrefix(): string;
  checkLogin(user: string, password: string): boolean;
  currentJob(): PrefixJob | null;
  hashesPerShare(): number;
  isRetired(id: string): boolean;
}

interface SentJob {
  readonly job: PrefixJob;
  readonly terms: PrefixTerms;
}

class PrefixConnection implements PrefixClient {
  readonly number: number;
  agent = '';
  prefix = '';
  readonly users = new Set<string>();
  readonly methods: string[] = [];
  takesExtranonce: boolean;
  readonly #ports: ConnectionPorts;
  readonly #line: ClientLine;
  readonly #sent = new Map<string, SentJob>();
  #isSubscribed = false;
  /** Of the last job sent; 0 before the first. */
  #toldHashes = 0;

  constructor(ports: ConnectionPorts, socket: Socket, number: number) {
    this.#ports = ports;
    this.number = number;
    this.takesExtranonce = ports.coin.isToldLater;
    this.#line = new ClientLine(socket, {
      books: ports.books,
      maxLineBytes: MAX_LINE_BYTES,
      isHanging: () => ports.manners.isHanging,
      onMessage: (message) => this.#onMessage(message),
    });
  }

  sendJob(job: PrefixJob, clean: boolean): void {
    if (!this.#isSubscribed || this.users.size === 0) return;
    const terms = { prefix: this.prefix, hashesPerShare: this.#ports.hashesPerShare() };
    this.send(job.lines(terms, clean, terms.hashesPerShare !== this.#toldHashes));
    this.#toldHashes = terms.hashesPerShare;
    this.#sent.set(job.id, { job, terms });
    keepNewest(this.#sent, MAX_JOBS);
  }

  /** The ids of the jobs that are void now. */
  forgetJobs(): readonly string[] {
    const ids = [...this.#sent.keys()];
    this.#sent.clear();
    return ids;
  }

  changePrefix(prefix: string): void {
    this.prefix = prefix;
    this.send(this.#ports.coin.extranonce(prefix));
  }

  drop(reset: boolean): void {
    this.#line.drop(reset);
  }

  send(text: string): void {
    this.#line.send(text);
  }

  #onMessage({ id, method, params }: ClientMessage): void {
    if (typeof method !== 'string' || !Array.isArray(params)) {
      this.#line.fault();
      return;
    }
    if (this.methods.length < 64) this.methods.push(method);
    this.#onRequest(id, method, params as readonly unknown[]);
  }

  #onRequest(id: unknown, method: string, params: readonly unknown[]): void {
    switch (method) {
      case 'mining.subscribe':
        this.#onSubscribe(id, params);
        return;
      case 'mining.authorize':
        this.#onAuthorize(id, params);
        return;
      case 'mining.submit':
        this.#onSubmit(id, params);
        return;
      case 'mining.extranonce.subscribe':
        this.#onExtranonceSubscribe(id);
        return;
      default:
        this.#ports.books.unknownMethod(method);
        this.#refuse(id, 'malformed', 'Unknown method');
    }
  }

  #onSubscribe(id: unknown, params: readonly unknown[]): void {
    const { books, coin } = this.#ports;
    books.subscribes += 1;
    if (this.#isSubscribed) {
      this.#refuse(id, 'malformed', 'Already subscribed');
      return;
    }
    const prefix = this.#ports.freePrefix();
    const answer = coin.subscribed(params, randomBytes(4).toString('hex'), prefix);
    if (answer === null) {
      this.#refuse(id, 'malformed', 'Not a subscribe of this dialect');
      return;
    }
    this.agent = typeof params[0] === 'string' ? params[0] : '';
    books.lastAgent = this.agent;
    this.#isSubscribed = true;
    this.prefix = prefix;
    this.#succeed(id, answer);
  }

  #onAuthorize(id: unknown, [user, password]: readonly unknown[]): void {
    const { books, manners, coin, currentJob } = this.#ports;
    const secret = typeof password === 'string' ? password : '';
    if (typeof user !== 'string' || manners.refusesLogins || !this.#ports.checkLogin(user, secret)) {
      books.authorizeFailures += 1;
      this.#refuse(id, 'unauthorized', null);
      return;
    }
    books.authorizes += 1;
    const isFirst = this.users.size === 0;
    this.users.add(user);
    this.#succeed(id, 'true');
    if (!isFirst || !this.#isSubscribed) return;
    if (coin.isToldLater && this.prefix !== '') this.send(coin.extranonce(this.prefix));
    const job = currentJob();
    if (job !== null) this.sendJob(job, true);
  }

  #onExtranonceSubscribe(id: unknown): void {
    const { extranonceSubscribe } = this.#ports.manners;
    if (extranonceSubscribe === 'ignore') return;
    if (extranonceSubscribe === 'error') {
      this.#refuse(id, 'malformed', 'Not supported.');
      return;
    }
    this.takesExtranonce = true;
    this.#succeed(id, 'true');
  }

  #onSubmit(id: unknown, params: readonly unknown[]): void {
    const verdict = this.#judge(params);
    if (verdict.accepted) this.#succeed(id, 'true');
    else this.#refuse(id, verdict.reason, verdict.text);
    this.#ports.books.record(this.number, params, verdict);
  }

  #judge([worker, jobId, ...rest]: readonly unknown[]): SubmitVerdict {
    const user = typeof worker === 'string' ? worker : '';
    const no = (reason: RefusalReason, text: string | null = null): SubmitVerdict => ({
      accepted: false,
      user,
      reason,
      text,
      hashDifficulty: null,
    });
    if (typeof worker !== 'string' || typeof jobId !== 'string') return no('malformed');
    if (!this.users.has(worker)) return no('unauthorized');
    if (!this.#isSubscribed) return no('not-subscribed');
    const sent = this.#sent.get(jobId);
    if (sent === undefined) return no(this.#ports.isRetired(jobId) ? 'stale' : 'unknown-job');
    const { job, terms } = sent;
    const proof = job.prove(rest, terms);
    if ('problem' in proof) return no('malformed', proof.problem);
    if (job.seen.has(proof.identity)) return no('duplicate');
    job.seen.add(proof.identity);
    const hashDifficulty = Number(2n ** 256n / (proof.value + 1n));
    if (proof.value <= job.most(terms)) {
      return { accepted: true, user, difficulty: terms.hashesPerShare, hashDifficulty };
    }
    const text = `Low difficulty share of ${hashDifficulty} hashes, ${terms.hashesPerShare} wanted`;
    return { accepted: false, user, reason: 'low-difficulty', text, hashDifficulty };
  }

  #succeed(id: unknown, result: string): void {
    if (id === null || id === undefined) return;
    this.send(successLine(this.#ports.errorShape, JSON.stringify(id), result));
  }

  #refuse(id: unknown, reason: RefusalReason, text: string | null): void {
    if (id === null || id === undefined) return;
    const { code, text: words } = REFUSALS[reason];
    this.send(refusalLine(this.#ports.errorShape, JSON.stringify(id), code, text ?? words));
  }
}
