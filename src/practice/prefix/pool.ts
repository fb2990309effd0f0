import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Endpoint, formatEndpoint } from '../../domain/endpoint.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { SubmitVerdict } from '../judge.ts';
import { LineReader } from '../line-reader.ts';
import { PoolBooks } from '../pool-books.ts';
import { PracticePort, type PracticePortOptions } from '../practice-port.ts';
import { type ErrorShape, REFUSALS, type RefusalReason, refusalLine, successLine } from '../refusal.ts';
import { resetSocket } from '../reset-socket.ts';
import {
  type PracticeBlock,
  type PrefixCoin,
  type PrefixCoinOptions,
  type PrefixDialect,
  type PrefixJob,
  type PrefixTerms,
  prefixCoin,
} from './coins.ts';

export interface PrefixPoolOptions extends Partial<PracticePortOptions>, PrefixCoinOptions {
  readonly dialect: PrefixDialect;
  /** Expected hashes behind a share; default 200. */
  readonly hashesPerShare?: number;
  /** Of every client's nonce; default 4 for equihash, 2 elsewhere. 0: clients are told an empty one. */
  readonly prefixBytes?: number;
  /** A new job on the same block this often; default 30,000, 0 = by hand only. */
  readonly jobIntervalMs?: number;
  /** A new block, its job clean, this often; default 600,000, 0 = by hand only. */
  readonly blockIntervalMs?: number;
  /** User → password; null (the default) lets anyone in. A name is looked up as a whole first, then what stands before its first `.`. */
  readonly credentials?: ReadonlyMap<string, string> | null;
  readonly errorShape?: ErrorShape;
  /** Submits kept for inspection in the books; default 1000. */
  readonly submitsKept?: number;
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
  readonly #clock: Clock;
  readonly #options: PrefixPoolOptions;
  readonly #coin: PrefixCoin;
  readonly #port: PracticePort;
  readonly #connections = new Set<PrefixConnection>();
  readonly #prefixes = new Set<string>();
  readonly #retired = new Set<string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #block: PracticeBlock = nextBlock(900_000);
  #job: PrefixJob | null = null;
  #hashesPerShare: number;
  #jobCount = 0;
  #count = 0;

  constructor(collaborators: { readonly log: Log; readonly clock: Clock }, options: PrefixPoolOptions) {
    this.#log = collaborators.log;
    this.#clock = collaborators.clock;
    this.#options = options;
    this.#coin = prefixCoin(options.dialect, options);
    this.#hashesPerShare = options.hashesPerShare ?? 200;
    this.stats = new PoolBooks(options.submitsKept ?? 1000);
    const { host = '127.0.0.1', port = 0, tls = null } = options;
    this.#port = new PracticePort(this.#log, { host, port, tls }, (socket) => this.#accept(socket));
  }

  /** Where it listens; throws before the first start. */
  get endpoint(): Endpoint {
    return this.#port.endpoint;
  }

  /** The clients of now, in order of arrival. */
  get clients(): readonly PrefixClient[] {
    return [...this.#connections];
  }

  async start(): Promise<Endpoint> {
    await this.#port.open();
    this.newJob({ clean: true });
    const { jobIntervalMs = 30_000, blockIntervalMs = 600_000, dialect } = this.#options;
    if (jobIntervalMs > 0) this.#timers.push(setInterval(() => this.newJob(), jobIntervalMs));
    if (blockIntervalMs > 0)
      this.#timers.push(setInterval(() => this.newJob({ clean: true }), blockIntervalMs));
    this.#log.info('practice pool listens', { endpoint: formatEndpoint(this.endpoint), dialect });
    return this.endpoint;
  }

  /** Ends everything. A later start takes the same port. */
  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.manners.isHanging = false;
    await this.closePort();
    this.dropConnections();
    await this.stats.waitFor((books) => books.connectionsNow === 0, 5000);
  }

  openPort(): Promise<void> {
    return this.#port.open();
  }

  closePort(): Promise<void> {
    return this.#port.close();
  }

  /** A new job for everyone who is logged in; with `clean` on a new block: older jobs become stale. */
  newJob({ clean = false }: { readonly clean?: boolean } = {}): string {
    if (clean) {
      this.#block = nextBlock(this.#block.height + 1);
      for (const connection of this.#connections) this.#retire(connection.forgetJobs());
    }
    this.#jobCount += 1;
    const job = this.#coin.job(String(this.#jobCount), this.#block);
    this.#job = job;
    this.stats.jobs += 1;
    for (const connection of this.#connections) connection.sendJob(job, clean);
    this.stats.changed();
    return job.id;
  }

  /** For the jobs from now on. */
  setHashesPerShare(hashes: number): void {
    this.#hashesPerShare = hashes;
  }

  /** Another prefix for the clients that take one, a clean job behind it. Returns how many were told. */
  changePrefixes(): number {
    const told = [...this.#connections].filter(({ takesExtranonce }) => takesExtranonce);
    for (const connection of told) {
      this.#prefixes.delete(connection.prefix);
      connection.changePrefix(this.#freePrefix());
    }
    if (told.length > 0) this.newJob({ clean: true });
    return told.length;
  }

  dropConnections({ reset = false }: { readonly reset?: boolean } = {}): void {
    for (const connection of this.#connections) connection.drop(reset);
  }

  /** Text as it is, without an end of line of ours. */
  sendRaw(text: string): void {
    for (const connection of this.#connections) connection.send(text);
  }

  /** Resolves once `predicate` holds for the books; rejects after `timeoutMs` with what they say then. */
  waitFor(predicate: (stats: PoolBooks) => boolean, timeoutMs = 5000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #retire(ids: readonly string[]): void {
    for (const id of ids) this.#retired.add(id);
    for (const oldest of this.#retired) {
      if (this.#retired.size <= MAX_RETIRED) break;
      this.#retired.delete(oldest);
    }
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

  #accept(socket: Socket): void {
    this.#count += 1;
    this.stats.connectionsTotal += 1;
    this.stats.connectionsNow += 1;
    const connection = new PrefixConnection(
      {
        coin: this.#coin,
        clock: this.#clock,
        books: this.stats,
        manners: this.manners,
        errorShape: this.#options.errorShape ?? 'array',
        freePrefix: () => this.#freePrefix(),
        checkLogin: (user, password) => this.#checkLogin(user, password),
        currentJob: () => this.#job,
        hashesPerShare: () => this.#hashesPerShare,
        isRetired: (id) => this.#retired.has(id),
        onClose: (closed) => {
          this.#connections.delete(closed);
          this.#prefixes.delete(closed.prefix);
          this.stats.connectionsNow -= 1;
          this.stats.changed();
        },
      },
      socket,
      this.#count,
    );
    this.#connections.add(connection);
    this.stats.changed();
  }

  #checkLogin(user: string, password: string): boolean {
    const { credentials = null } = this.#options;
    if (credentials === null) return true;
    return (credentials.get(user) ?? credentials.get(user.split('.')[0] ?? '')) === password;
  }
}

function nextBlock(height: number): PracticeBlock {
  return { height, parent: randomBytes(32).toString('hex') };
}

interface ConnectionPorts {
  readonly coin: PrefixCoin;
  readonly clock: Clock;
  readonly books: PoolBooks;
  readonly manners: PrefixPoolManners;
  readonly errorShape: ErrorShape;
  freePrefix(): string;
  checkLogin(user: string, password: string): boolean;
  currentJob(): PrefixJob | null;
  hashesPerShare(): number;
  isRetired(id: string): boolean;
  onClose(connection: PrefixConnection): void;
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
  readonly #socket: Socket;
  readonly #reader = new LineReader(MAX_LINE_BYTES);
  readonly #sent = new Map<string, SentJob>();
  #isSubscribed = false;
  /** Of the last job sent; 0 before the first. */
  #toldHashes = 0;

  constructor(ports: ConnectionPorts, socket: Socket, number: number) {
    this.#ports = ports;
    this.#socket = socket;
    this.number = number;
    this.takesExtranonce = ports.coin.isToldLater;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (!this.#reader.push(chunk, (line) => this.#onLine(line))) this.#fault();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => ports.onClose(this));
  }

  sendJob(job: PrefixJob, clean: boolean): void {
    if (!this.#isSubscribed || this.users.size === 0) return;
    const terms = { prefix: this.prefix, hashesPerShare: this.#ports.hashesPerShare() };
    this.send(job.lines(terms, clean, terms.hashesPerShare !== this.#toldHashes));
    this.#toldHashes = terms.hashesPerShare;
    this.#sent.set(job.id, { job, terms });
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > MAX_JOBS && oldest !== undefined) this.#sent.delete(oldest);
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
    if (reset) resetSocket(this.#socket);
    else this.#socket.destroy();
  }

  send(text: string): void {
    if (!this.#ports.manners.isHanging && !this.#socket.destroyed) this.#socket.write(text);
  }

  /** As NOMP treats what it cannot read: without a word. */
  #fault(): void {
    this.#ports.books.faults += 1;
    this.#socket.destroy();
    this.#ports.books.changed();
  }

  /** False ends the reading. */
  #onLine(line: string): boolean {
    const { manners, books } = this.#ports;
    if (manners.isHanging) {
      books.heldLines += 1;
      books.changed();
      return true;
    }
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      message = null;
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      this.#fault();
      return false;
    }
    const { id, method, params } = message as Record<string, unknown>;
    if (typeof method !== 'string' || !Array.isArray(params)) {
      this.#fault();
      return false;
    }
    if (this.methods.length < 64) this.methods.push(method);
    this.#onRequest(id, method, params as readonly unknown[]);
    books.changed();
    return !this.#socket.destroyed;
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
      default: {
        const { unknownMethods } = this.#ports.books;
        unknownMethods.set(method, (unknownMethods.get(method) ?? 0) + 1);
        this.#refuse(id, 'malformed', 'Unknown method');
      }
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
    if (coin.isToldLater) this.send(coin.extranonce(this.prefix));
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
