import { randomBytes, randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Endpoint, formatEndpoint } from '../../domain/endpoint.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { SubmitVerdict } from '../judge.ts';
import { LineReader } from '../line-reader.ts';
import { PoolBooks } from '../pool-books.ts';
import { PracticePort, type PracticePortOptions } from '../practice-port.ts';
import { REFUSALS } from '../refusal.ts';
import { resetSocket } from '../reset-socket.ts';
import { type BlobSubmitContext, judgeBlobSubmit, type SentBlobJob } from './judge.ts';
import { BlobMaker, type PracticeBlobJob, targetText } from './work.ts';

export interface CryptonotePoolOptions extends Partial<PracticePortOptions> {
  /** What jobs are said to be hashed with; null: jobs do not say. Default rx/0. */
  readonly algo?: string | null;
  /** Hashes per share; default 1000. */
  readonly difficulty?: number;
  /** Default 4. */
  readonly targetBytes?: 4 | 8;
  /** A new job on the same block this often; default 30,000, 0 = by hand only. */
  readonly jobIntervalMs?: number;
  /** A new block this often; default 120,000, 0 = by hand only. */
  readonly blockIntervalMs?: number;
  /** User → password; null (the default) lets anyone in. A name is looked up as a whole first, then what stands before its first `.`. */
  readonly credentials?: ReadonlyMap<string, string> | null;
  /** A pool of the NiceHash kind: this byte ends every client's nonces. Null (the default): the whole nonce is the client's. */
  readonly fixedByte?: number | null;
  /** What the answer to a login lists; default `["algo","keepalive"]`, with a fixed byte `nicehash` too. */
  readonly extensions?: readonly string[];
  /** Whether the first job is part of the answer to a login; default true. */
  readonly jobInLogin?: boolean;
  /** A connection on which nothing is said for so long is dropped; default 600,000 (xmrig-proxy). */
  readonly idleMs?: number;
  /** Submits kept for inspection in the books; default 1000. */
  readonly submitsKept?: number;
}

/** What can be varied while it runs. */
export interface CryptonoteManners {
  /** Logins are refused in these words, and the connection closed. */
  loginRefusal: string | null;
  /** Reads and sends nothing. */
  isHanging: boolean;
  /** Everything is refused as by a pool that has banned the address. */
  isBanning: boolean;
  /** What the next jobs are said to be hashed with; null: they do not say. */
  algo: string | null;
}

const DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  tls: null,
  algo: 'rx/0',
  difficulty: 1000,
  targetBytes: 4,
  jobIntervalMs: 30_000,
  blockIntervalMs: 120_000,
  credentials: null,
  fixedByte: null,
  jobInLogin: true,
  idleMs: 600_000,
  submitsKept: 1000,
} as const;

type Settled = Required<Omit<CryptonotePoolOptions, 'extensions'>> & {
  readonly extensions: readonly string[];
};

const MAX_LINE_BYTES = 10 * 1024;
const MAX_EXPIRED = 10_000;
const BANNED = 'IP Address currently banned';

/**
 * A strict pool of the Monero family on an imaginary coin (`work.ts`): it makes blobs, recomputes the hash of every share and refuses what any real pool would refuse.
 * Its wire code shares nothing with the proxy's, so that a mistake there shows here. Everything it has seen stands in {@link CryptonotePool.stats}.
 */
export class CryptonotePool {
  readonly manners: CryptonoteManners;
  readonly stats: PoolBooks;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #options: Settled;
  readonly #maker = new BlobMaker();
  readonly #port: PracticePort;
  readonly #connections = new Set<Connection>();
  readonly #expired = new Set<string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #count = 0;

  constructor(
    collaborators: { readonly log: Log; readonly clock: Clock },
    options: CryptonotePoolOptions = {},
  ) {
    this.#log = collaborators.log;
    this.#clock = collaborators.clock;
    const fixedByte = options.fixedByte ?? null;
    const extensions = fixedByte === null ? ['algo', 'keepalive'] : ['algo', 'nicehash', 'keepalive'];
    this.#options = { extensions, ...DEFAULTS, ...options };
    const { algo } = this.#options;
    this.manners = { loginRefusal: null, isHanging: false, isBanning: false, algo };
    this.stats = new PoolBooks(this.#options.submitsKept);
    this.#port = new PracticePort(this.#log, this.#options, (socket) => this.#accept(socket));
  }

  /** Where it listens; throws before the first start. */
  get endpoint(): Endpoint {
    return this.#port.endpoint;
  }

  get height(): number {
    return this.#maker.height;
  }

  /** The clients of now, in order of arrival: their logins. */
  get logins(): readonly string[] {
    return [...this.#connections].map(({ user }) => user);
  }

  async start(): Promise<Endpoint> {
    await this.#port.open();
    const { jobIntervalMs, blockIntervalMs } = this.#options;
    if (jobIntervalMs > 0) this.#timers.push(setInterval(() => this.newJob(), jobIntervalMs));
    if (blockIntervalMs > 0) this.#timers.push(setInterval(() => this.newBlock(), blockIntervalMs));
    this.#log.info('practice pool listens', {
      endpoint: formatEndpoint(this.endpoint),
      dialect: 'cryptonote',
    });
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

  /** A new job for everyone; older ones on the block stay good. */
  newJob(): void {
    this.stats.jobs += 1;
    for (const connection of this.#connections) connection.sendJob();
    this.stats.changed();
  }

  /** Someone found a block: a new job for everyone, and older ones expire. */
  newBlock(): void {
    this.#maker.nextBlock();
    for (const connection of this.#connections) {
      for (const id of connection.forgetJobs()) this.#expired.add(id);
    }
    for (const id of this.#expired) {
      if (this.#expired.size <= MAX_EXPIRED) break;
      this.#expired.delete(id);
    }
    this.newJob();
  }

  /** Sends everyone the job once more that it has, as a keepalive of some pools. */
  repeatJob(): void {
    for (const connection of this.#connections) connection.repeatJob();
  }

  /** From everyone's next job on; `now` sends one. */
  setDifficulty(difficulty: number, { now = true }: { readonly now?: boolean } = {}): void {
    for (const connection of this.#connections) connection.difficulty = difficulty;
    if (now) this.newJob();
  }

  /** As after a restart of a pool behind a load balancer: nobody is known, though all are connected. */
  forgetSessions(): void {
    for (const connection of this.#connections) connection.sessionId = null;
  }

  dropConnections({ reset = false }: { readonly reset?: boolean } = {}): void {
    for (const connection of this.#connections) connection.drop(reset);
  }

  /** Text as it is to everyone, without an end of line of ours. */
  sendRaw(text: string): void {
    for (const connection of this.#connections) connection.send(text);
  }

  waitFor(predicate: (stats: PoolBooks) => boolean, timeoutMs = 5000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #accept(socket: Socket): void {
    this.#count += 1;
    const connection = new Connection(
      {
        clock: this.#clock,
        books: this.stats,
        manners: this.manners,
        options: this.#options,
        maker: this.#maker,
        checkLogin: (user, password) => this.#checkLogin(user, password),
        isExpired: (id) => this.#expired.has(id),
        onClose: (closed) => {
          this.#connections.delete(closed);
          this.stats.connectionsNow = this.#connections.size;
          this.stats.changed();
        },
      },
      { socket, number: this.#count, difficulty: this.#options.difficulty },
    );
    this.#connections.add(connection);
    this.stats.connectionsTotal += 1;
    this.stats.connectionsNow = this.#connections.size;
    this.stats.changed();
  }

  #checkLogin(user: string, password: string): boolean {
    const { credentials } = this.#options;
    if (credentials === null) return true;
    const expected = credentials.get(user) ?? credentials.get(user.split('.', 1)[0] ?? '');
    return expected !== undefined && expected === password;
  }
}

interface ConnectionPorts {
  readonly clock: Clock;
  readonly books: PoolBooks;
  readonly manners: CryptonoteManners;
  readonly options: Settled;
  readonly maker: BlobMaker;
  checkLogin(user: string, password: string): boolean;
  isExpired(id: string): boolean;
  onClose(connection: Connection): void;
}

/** One client: its socket, its session, an answer to each of its requests. */
class Connection implements BlobSubmitContext {
  user = '';
  sessionId: string | null = null;
  difficulty: number;
  readonly #number: number;
  readonly #ports: ConnectionPorts;
  readonly #socket: Socket;
  readonly #reader = new LineReader(MAX_LINE_BYTES);
  readonly #jobs = new Map<string, SentBlobJob>();
  #newest: PracticeBlobJob | null = null;

  constructor(
    ports: ConnectionPorts,
    given: { readonly socket: Socket; readonly number: number; readonly difficulty: number },
  ) {
    this.#ports = ports;
    this.#socket = given.socket;
    this.#number = given.number;
    this.difficulty = given.difficulty;
    const { socket } = given;
    socket.setNoDelay(true);
    socket.setTimeout(ports.options.idleMs, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      if (!this.#reader.push(chunk, (line) => this.#onLine(line))) this.#fault();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => ports.onClose(this));
  }

  sentJob(id: string): SentBlobJob | undefined {
    return this.#jobs.get(id);
  }

  isExpired(id: string): boolean {
    return this.#ports.isExpired(id);
  }

  /** The ids of the jobs that are void now. */
  forgetJobs(): readonly string[] {
    const ids = [...this.#jobs.keys()];
    this.#jobs.clear();
    return ids;
  }

  sendJob(): void {
    if (this.sessionId === null) return;
    this.#sayJob(this.#makeJob());
  }

  repeatJob(): void {
    if (this.sessionId !== null && this.#newest !== null) this.#sayJob(this.#newest);
  }

  drop(reset: boolean): void {
    if (reset) resetSocket(this.#socket);
    else this.#socket.destroy();
  }

  send(text: string): void {
    if (!this.#ports.manners.isHanging && !this.#socket.destroyed) this.#socket.write(text);
  }

  #sayJob(job: PracticeBlobJob): void {
    this.#say({ jsonrpc: '2.0', method: 'job', params: this.#jobObject(job) });
  }

  #say(message: Readonly<Record<string, unknown>>): void {
    this.send(`${JSON.stringify(message)}\n`);
  }

  #yes(id: unknown, result: unknown): void {
    this.#say({ id, jsonrpc: '2.0', error: null, result });
  }

  #no(id: unknown, message: string): void {
    this.#say({ id, jsonrpc: '2.0', error: { code: -1, message } });
  }

  /** The last words. */
  #bye(id: unknown, message: string): void {
    this.#no(id, message);
    this.#socket.end();
  }

  #makeJob(): PracticeBlobJob {
    const { maker, options, clock, manners } = this.#ports;
    const { targetBytes, fixedByte } = options;
    const target = targetText(this.difficulty, targetBytes);
    const job = maker.next({ nowMs: clock.wallMs(), target, fixedByte });
    this.#jobs.set(job.id, { job, fixedByte, algo: manners.algo, nonces: new Set() });
    this.#newest = job;
    return job;
  }

  #jobObject(job: PracticeBlobJob): Readonly<Record<string, unknown>> {
    const { blob, target, height, seedHash } = job;
    const algo = this.#jobs.get(job.id)?.algo ?? null;
    return {
      blob,
      job_id: job.id,
      target,
      id: this.sessionId,
      ...(algo === null ? {} : { algo }),
      height,
      seed_hash: seedHash,
      next_seed_hash: '',
    };
  }

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
    // [xmrig-proxy Miner.cpp] Short lines, other things than objects and ids that are no integers end the connection.
    if (line.length < 32 || typeof message !== 'object' || message === null || Array.isArray(message)) {
      this.#fault();
      return false;
    }
    const { id, method, params } = message as Record<string, unknown>;
    if (!Number.isInteger(id) || typeof method !== 'string') {
      this.#fault();
      return false;
    }
    this.#onRequest(id, method, params);
    books.changed();
    return !this.#socket.destroyed;
  }

  #onRequest(id: unknown, method: string, params: unknown): void {
    const { books, manners } = this.#ports;
    const given = (typeof params === 'object' && params !== null ? params : {}) as Record<string, unknown>;
    if (method === 'login') {
      this.#onLogin(id, given);
    } else if (manners.isBanning) {
      this.#bye(id, BANNED);
    } else if (method === 'submit') {
      this.#onSubmit(id, params);
    } else if (this.sessionId === null || given['id'] !== this.sessionId) {
      this.#bye(id, 'Unauthenticated');
    } else if (method === 'keepalived' || method === 'keepalive') {
      books.keepalives += 1;
      this.#yes(id, { status: 'KEEPALIVED' });
    } else if (method === 'getjob') {
      this.#yes(id, this.#jobObject(this.#newest ?? this.#makeJob()));
    } else {
      const count = books.unknownMethods.get(method) ?? 0;
      books.unknownMethods.set(method, count + 1);
      this.#no(id, 'Invalid method');
    }
  }

  #onLogin(id: unknown, { login, pass, agent }: Record<string, unknown>): void {
    const { books, manners, checkLogin, options } = this.#ports;
    if (manners.isBanning) {
      this.#bye(id, BANNED);
      return;
    }
    if (this.sessionId !== null) {
      this.#bye(id, 'No double login is allowed');
      return;
    }
    const user = typeof login === 'string' ? login : '';
    const password = typeof pass === 'string' ? pass : 'x';
    if (manners.loginRefusal !== null || user === '' || !checkLogin(user, password)) {
      books.authorizeFailures += 1;
      this.#bye(id, manners.loginRefusal ?? 'Invalid payment address provided');
      return;
    }
    books.authorizes += 1;
    books.lastAgent = typeof agent === 'string' ? agent : '';
    this.user = user;
    this.sessionId = `${randomUUID()}/${randomBytes(2).toString('hex')}`;
    const job = this.#makeJob();
    const first = options.jobInLogin ? { job: this.#jobObject(job) } : {};
    this.#yes(id, { id: this.sessionId, ...first, extensions: options.extensions, status: 'OK' });
    if (!options.jobInLogin) this.#sayJob(job);
  }

  #onSubmit(id: unknown, params: unknown): void {
    const verdict: SubmitVerdict = judgeBlobSubmit(params, this);
    this.#ports.books.record(this.#number, params, verdict);
    if (verdict.accepted) this.#yes(id, { status: 'OK' });
    else if (verdict.reason === 'unauthorized') this.#bye(id, verdict.text ?? 'Unauthenticated');
    else this.#no(id, verdict.text ?? REFUSALS[verdict.reason].text);
  }
}
