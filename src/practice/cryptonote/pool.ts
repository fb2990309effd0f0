import { randomBytes, randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Endpoint, formatEndpoint } from '../../domain/endpoint.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { ClientLine, type ClientMessage } from '../client-line.ts';
import { keepNewest } from '../keep-newest.ts';
import type { PoolBooks } from '../pool-books.ts';
import { PracticeServer, type PracticeServerOptions, SERVER_DEFAULTS } from '../practice-server.ts';
import { REFUSALS } from '../refusal.ts';
import { type BlobSubmitContext, judgeBlobSubmit, type SentBlobJob } from './judge.ts';
import { BlobMaker, type PracticeBlobJob, targetText } from './work.ts';

export interface CryptonotePoolOptions extends Partial<PracticeServerOptions> {
  /** What jobs are said to be hashed with; null: jobs do not say. Default rx/0. */
  readonly algo?: string | null;
  /** Hashes per share; default 1000. */
  readonly difficulty?: number;
  /** Default 4. */
  readonly targetBytes?: 4 | 8;
  /** A pool of the NiceHash kind: this byte ends every client's nonces. Null (the default): the whole nonce is the client's. */
  readonly fixedByte?: number | null;
  /** What the answer to a login lists; default `["algo","keepalive"]`, with a fixed byte `nicehash` too. */
  readonly extensions?: readonly string[];
  /** Whether the first job is part of the answer to a login; default true. */
  readonly jobInLogin?: boolean;
  /** A connection on which nothing is said for so long is dropped; default 600,000 (xmrig-proxy). */
  readonly idleMs?: number;
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
  ...SERVER_DEFAULTS,
  algo: 'rx/0',
  difficulty: 1000,
  targetBytes: 4,
  blockIntervalMs: 120_000,
  fixedByte: null,
  jobInLogin: true,
  idleMs: 600_000,
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
  readonly #server: PracticeServer<Connection>;
  readonly #expired = new Set<string>();

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
    this.#server = new PracticeServer(this.#log, this.#options, (socket, number) =>
      this.#welcome(socket, number),
    );
    this.stats = this.#server.books;
  }

  /** Where it listens; throws before the first start. */
  get endpoint(): Endpoint {
    return this.#server.endpoint;
  }

  get height(): number {
    return this.#maker.height;
  }

  /** The clients of now, in order of arrival: their logins. */
  get logins(): readonly string[] {
    return [...this.#server.clients].map(({ user }) => user);
  }

  async start(): Promise<Endpoint> {
    await this.#server.open();
    this.#server.keepTime(
      () => this.newJob(),
      () => this.newBlock(),
    );
    this.#log.info('practice pool listens', {
      endpoint: formatEndpoint(this.endpoint),
      dialect: 'cryptonote',
    });
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

  /** A new job for everyone; older ones on the block stay good. */
  newJob(): void {
    this.stats.jobs += 1;
    for (const connection of this.#server.clients) connection.sendJob();
    this.stats.changed();
  }

  /** Someone found a block: a new job for everyone, and older ones expire. */
  newBlock(): void {
    this.#maker.nextBlock();
    for (const connection of this.#server.clients) {
      for (const id of connection.forgetJobs()) this.#expired.add(id);
    }
    keepNewest(this.#expired, MAX_EXPIRED);
    this.newJob();
  }

  /** Sends everyone the job once more that it has, as a keepalive of some pools. */
  repeatJob(): void {
    for (const connection of this.#server.clients) connection.repeatJob();
  }

  /** From everyone's next job on; `now` sends one. */
  setDifficulty(difficulty: number, { now = true }: { readonly now?: boolean } = {}): void {
    for (const connection of this.#server.clients) connection.difficulty = difficulty;
    if (now) this.newJob();
  }

  /** As after a restart of a pool behind a load balancer: nobody is known, though all are connected. */
  forgetSessions(): void {
    for (const connection of this.#server.clients) connection.sessionId = null;
  }

  dropConnections({ reset = false }: { readonly reset?: boolean } = {}): void {
    this.#server.drop(reset);
  }

  /** Text as it is to everyone, without an end of line of ours. */
  sendRaw(text: string): void {
    for (const connection of this.#server.clients) connection.send(text);
  }

  waitFor(predicate: (stats: PoolBooks) => boolean, timeoutMs = 5000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #welcome(socket: Socket, number: number): Connection {
    return new Connection(
      {
        clock: this.#clock,
        books: this.stats,
        manners: this.manners,
        options: this.#options,
        maker: this.#maker,
        checkLogin: (user, password) => this.#server.letsIn(user, password),
        isExpired: (id) => this.#expired.has(id),
      },
      { socket, number, difficulty: this.#options.difficulty },
    );
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
}

/** One client: its socket, its session, an answer to each of its requests. */
class Connection implements BlobSubmitContext {
  user = '';
  sessionId: string | null = null;
  difficulty: number;
  readonly #number: number;
  readonly #ports: ConnectionPorts;
  readonly #line: ClientLine;
  readonly #jobs = new Map<string, SentBlobJob>();
  #newest: PracticeBlobJob | null = null;

  constructor(
    ports: ConnectionPorts,
    given: { readonly socket: Socket; readonly number: number; readonly difficulty: number },
  ) {
    this.#ports = ports;
    this.#number = given.number;
    this.difficulty = given.difficulty;
    const { socket } = given;
    socket.setTimeout(ports.options.idleMs, () => socket.destroy());
    this.#line = new ClientLine(socket, {
      books: ports.books,
      maxLineBytes: MAX_LINE_BYTES,
      isHanging: () => ports.manners.isHanging,
      onMessage: (message, line) => this.#onMessage(message, line),
    });
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
    this.#line.drop(reset);
  }

  send(text: string): void {
    this.#line.send(text);
  }

  #sayJob(job: PracticeBlobJob): void {
    this.#say({ jsonrpc: '2.0', method: 'job', params: this.#jobObject(job) });
  }

  #say(message: ClientMessage): void {
    this.send(textOf(message));
  }

  #yes(id: unknown, result: unknown): void {
    this.#say({ id, jsonrpc: '2.0', error: null, result });
  }

  #no(id: unknown, message: string): void {
    this.#say(refusal(id, message));
  }

  #bye(id: unknown, message: string): void {
    this.#line.bye(textOf(refusal(id, message)));
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

  #onMessage({ id, method, params }: ClientMessage, line: string): void {
    // [xmrig-proxy Miner.cpp] Short lines and ids that are no integers end the connection.
    if (line.length < 32 || !Number.isInteger(id) || typeof method !== 'string') this.#line.fault();
    else this.#onRequest(id, method, params);
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
      books.unknownMethod(method);
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
    const verdict = judgeBlobSubmit(params, this);
    this.#ports.books.record(this.#number, params, verdict);
    if (verdict.accepted) this.#yes(id, { status: 'OK' });
    else if (verdict.reason === 'unauthorized') this.#bye(id, verdict.text ?? 'Unauthenticated');
    else this.#no(id, verdict.text ?? REFUSALS[verdict.reason].text);
  }
}

function textOf(message: ClientMessage): string {
  return `${JSON.stringify(message)}\n`;
}

function refusal(id: unknown, message: string): ClientMessage {
  return { id, jsonrpc: '2.0', error: { code: -1, message } };
}
