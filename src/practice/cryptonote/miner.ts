import { backoffMs } from '../../kit/backoff.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { MinerBooks } from '../miner-books.ts';
import { LinkError, MinerLink, type PoolReply } from '../miner-link.ts';
import { difficultyOf, FIXED_AT, limitOf, NONCE_AT, practiceHash, tailOf } from './work.ts';

export interface CryptonoteMinerOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Default `x`. */
  readonly password?: string;
  /** Default `practice-miner/1.0`. */
  readonly agent?: string;
  /** `rigid`; null (the default): none. */
  readonly rig?: string | null;
  /** Algorithms that it can run; it leaves for any other. Default rx/0 alone. */
  readonly algos?: readonly string[];
  /** Default 2000. */
  readonly hashesPerSecond?: number;
  /** Default 60,000; sent only where the server lists `keepalive`. */
  readonly keepaliveMs?: number;
  /** Leave the byte of the nonce alone that the server has fixed; default true. */
  readonly isNicehash?: boolean;
  /** Come back after the connection has ended; default true. */
  readonly reconnect?: boolean;
  /** Pause before the first repeat; doubles up to 30 times this. Default 1000. */
  readonly reconnectMs?: number;
  /** Default 20,000 (xmrig). */
  readonly replyTimeoutMs?: number;
}

const DEFAULTS = {
  password: 'x',
  agent: 'practice-miner/1.0',
  rig: null,
  algos: ['rx/0'],
  hashesPerSecond: 2000,
  keepaliveMs: 60_000,
  isNicehash: true,
  reconnect: true,
  reconnectMs: 1000,
  replyTimeoutMs: 20_000,
} as const;

const CONNECT_TIMEOUT_MS = 10_000;
const SLICE_MS = 20;
/** Hashes at a time, so that a fast one does not block the thread. */
const MOST_PER_SLICE = 2000;
const RATE_WINDOW_MS = 10_000;

/** [xmrig Client.cpp isCriticalError] */
const CRITICAL = /^(?:unauthenticated|your ip is banned|ip address currently banned|invalid job id)/i;

/** What it is working on. */
interface Search {
  readonly jobId: string;
  /** Blob as the server wrote it, with target: what tells a job that came twice. */
  readonly text: string;
  readonly algo: string;
  readonly seed: Buffer;
  readonly blob: Buffer;
  readonly limit: bigint;
  /** Nonces are counted in 24 bits where the fourth byte is the server's, else in 32. */
  readonly nonces: number;
  tried: number;
}

type MinerState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'mining'; readonly link: MinerLink }
  | { readonly kind: 'stopped' };

/**
 * A real miner of the practice coin with the habits of xmrig: it logs in, works on the newest job alone, keeps the byte of the nonce that is fixed, keeps the connection
 * alive, leaves at the texts that xmrig leaves at, and writes down what a miner in the field would not have borne ({@link MinerBooks.violations}).
 */
export class CryptonoteMiner {
  readonly stats = new MinerBooks();
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #options: Required<CryptonoteMinerOptions>;
  readonly #stop = new AbortController();
  readonly #rate: { readonly atMs: number; readonly hashes: number }[] = [];
  #state: MinerState = { kind: 'idle' };
  #running: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #keepalive: NodeJS.Timeout | undefined;
  #search: Search | null = null;
  #extensions: ReadonlySet<string> = new Set();
  #hashedAtMs = 0;
  #allowance = 0;

  constructor(collaborators: { readonly log: Log; readonly clock: Clock }, options: CryptonoteMinerOptions) {
    this.#log = collaborators.log;
    this.#clock = collaborators.clock;
    this.#options = { ...DEFAULTS, ...options };
  }

  get options(): Readonly<Required<CryptonoteMinerOptions>> {
    return this.#options;
  }

  /** The fourth byte of the nonces that it tries where that is fixed; null where it is free or there is no job. */
  get fixedByte(): number | null {
    const search = this.#search;
    return search === null || search.nonces > 1 << 24 ? null : (search.blob[FIXED_AT] ?? 0);
  }

  /** Measured over the last ten seconds, or since it began to hash. */
  hashrateHs(): number {
    const nowMs = this.#clock.monotonicMs();
    const [first] = this.#trimRate(nowMs);
    return first === undefined || nowMs - first.atMs < 200
      ? 0
      : ((this.stats.hashes - first.hashes) * 1000) / (nowMs - first.atMs);
  }

  /** Connects and mines until {@link stop}, or until the connection ends where it is not to come back. */
  start(): void {
    if (this.#state.kind !== 'idle') return;
    this.#state = { kind: 'connecting' };
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'stopped' };
    this.#stop.abort();
    if (state.kind === 'mining') state.link.end('stopped');
    await this.#running;
  }

  /** Ends the connection as a power cut would, without a word; it comes back if it is to. */
  disconnect(): void {
    if (this.#state.kind === 'mining') this.#state.link.end('disconnected by hand');
  }

  /** Sends any request of the miner's own accord; its answer. Rejects with `LinkError` without a connection. */
  call(method: string, params: Readonly<Record<string, unknown>>): Promise<PoolReply> {
    if (this.#state.kind !== 'mining') return Promise.reject(new LinkError('not connected'));
    return this.#state.link.call(method, params, (reply) => reply);
  }

  waitFor(predicate: (stats: MinerBooks) => boolean, timeoutMs = 10_000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      const mined = await this.#connectOnce();
      if (!this.#options.reconnect || this.#stop.signal.aborted) return;
      failures = mined ? 1 : failures + 1;
      const limits = { minMs: this.#options.reconnectMs, maxMs: this.#options.reconnectMs * 30 };
      await this.#pause(backoffMs(failures, limits, Math.random()));
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#stop.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#stop.signal.addEventListener('abort', done);
    });
  }

  /** One connection from dial to end; true where it came to mining. */
  async #connectOnce(): Promise<boolean> {
    const { host, port, replyTimeoutMs } = this.#options;
    const { stats } = this;
    let mined = false;
    let link: MinerLink | null = null;
    try {
      link = await MinerLink.open(
        {
          onNotice: (method, params) => this.#onNotice(method, params),
          onViolation: (what) => stats.violation(what),
        },
        { host, port, connectTimeoutMs: CONNECT_TIMEOUT_MS, replyTimeoutMs, signal: this.#stop.signal },
      );
      if (this.#state.kind === 'stopped') throw new LinkError('stopped');
      this.#state = { kind: 'mining', link };
      stats.connections += 1;
      stats.changed();
      await this.#login(link);
      mined = true;
      this.#begin(link);
      stats.lastError = await link.closed;
    } catch (error) {
      stats.lastError = error instanceof Error ? error.message : String(error);
      if (!(error instanceof LinkError)) this.#log.error('practice miner failed', { error: stats.lastError });
      link?.end(stats.lastError);
    } finally {
      this.#finish();
    }
    return mined;
  }

  #begin(link: MinerLink): void {
    const { keepaliveMs } = this.#options;
    this.#hashedAtMs = this.#clock.monotonicMs();
    this.#allowance = 0;
    this.#timer = setInterval(() => this.#slice(link), SLICE_MS);
    if (!this.#extensions.has('keepalive')) return;
    this.#keepalive = setInterval(() => {
      link
        .call('keepalived', { id: this.stats.sessionId }, ({ result, refusal }) => {
          const { status } = (result ?? {}) as { readonly status?: unknown };
          if (refusal !== null || status !== 'KEEPALIVED') this.stats.violation(`keepalived: ${refusal}`);
        })
        .catch(() => undefined);
    }, keepaliveMs);
  }

  #finish(): void {
    clearInterval(this.#timer);
    clearInterval(this.#keepalive);
    this.#search = null;
    this.#rate.length = 0;
    this.stats.authorized = false;
    this.stats.sessionId = null;
    if (this.#state.kind === 'mining') this.#state = { kind: 'connecting' };
    this.stats.changed();
  }

  async #login(link: MinerLink): Promise<void> {
    const { user: login, password: pass, agent, rig, algos } = this.#options;
    const params = { login, pass, agent, ...(rig === null ? {} : { rigid: rig }), algo: algos };
    await link.call('login', params, ({ result, refusal }) => {
      if (refusal !== null) {
        this.stats.authorizeFailures += 1;
        throw new LinkError(`login refused: ${refusal}`);
      }
      const { id, job, extensions, status } = (result ?? {}) as Record<string, unknown>;
      // [xmrig Client.cpp parseLogin: error codes 1 and 2]
      if (typeof id !== 'string' || id === '') throw new LinkError('login error code: 1');
      if (status !== 'OK') this.stats.violation(`status of login: ${JSON.stringify(status)}`);
      const list = Array.isArray(extensions) ? (extensions as unknown[]) : [];
      this.#extensions = new Set(list.filter((name) => typeof name === 'string'));
      this.stats.sessionId = id;
      this.#take(job);
      this.stats.authorized = true;
      this.stats.authorizes += 1;
      this.stats.changed();
    });
  }

  #onNotice(method: string, params: readonly unknown[]): void {
    if (method !== 'job') {
      // [xmrig Client.cpp: unsupported method]
      this.stats.violation(`method ${method}`);
      return;
    }
    if (!this.stats.authorized) this.stats.violation('a job before the answer to login');
    try {
      this.#take(params[0]);
    } catch (error) {
      this.stats.violation(error instanceof Error ? error.message : String(error));
      this.disconnect();
    }
    this.stats.changed();
  }

  /** Throws {@link LinkError} where xmrig would leave. */
  #take(job: unknown): void {
    if (typeof job !== 'object' || job === null) throw new LinkError('login error code: 2');
    const { job_id: jobId, blob, target, algo, seed_hash: seed, height } = job as Record<string, unknown>;
    if (typeof jobId !== 'string' || jobId === '') throw new LinkError('login error code: 3');
    if (typeof blob !== 'string' || !/^(?:[0-9a-f]{2}){43,407}$/.test(blob))
      throw new LinkError('login error code: 4');
    const limit = typeof target === 'string' ? limitOf(target) : null;
    if (limit === null) throw new LinkError('login error code: 5');
    if (typeof algo !== 'string' || !this.#options.algos.includes(algo))
      throw new LinkError(`login error code: 6 (${JSON.stringify(algo)})`);
    if (typeof seed !== 'string' || !/^[0-9a-f]{64}$/.test(seed)) throw new LinkError('login error code: 7');
    if (!Number.isSafeInteger(height)) this.stats.violation(`height ${JSON.stringify(height)}`);

    const bytes = Buffer.from(blob, 'hex');
    const text = `${blob} ${String(target)}`;
    if (this.#search?.jobId === jobId && this.#search.text === text) {
      // [xmrig Client.cpp]
      throw new LinkError('duplicate job received, reconnect');
    }
    const isFixed =
      this.#options.isNicehash && (this.#extensions.has('nicehash') || bytes.readUInt32LE(NONCE_AT) !== 0);
    const { stats } = this;
    stats.jobs += 1;
    stats.jobId = jobId;
    stats.difficulty = difficultyOf(limit);
    if (stats.difficulties.at(-1) !== stats.difficulty) stats.toldDifficulty(stats.difficulty);
    this.#search = {
      jobId,
      text,
      algo,
      seed: Buffer.from(seed, 'hex'),
      blob: bytes,
      limit,
      nonces: isFixed ? 1 << 24 : 2 ** 32,
      tried: 0,
    };
  }

  #slice(link: MinerLink): void {
    const { hashesPerSecond } = this.#options;
    const nowMs = this.#clock.monotonicMs();
    this.#allowance += ((nowMs - this.#hashedAtMs) * hashesPerSecond) / 1000;
    this.#hashedAtMs = nowMs;
    const wanted = Math.min(MOST_PER_SLICE, Math.floor(this.#allowance));
    this.#allowance = Math.min(this.#allowance - wanted, MOST_PER_SLICE);
    const search = this.#search;
    if (search === null) return;
    const count = Math.min(wanted, search.nonces - search.tried);
    for (let i = 0; i < count && this.#search === search; i++) this.#try(link, search);
    this.#trimRate(nowMs);
    this.#rate.push({ atMs: nowMs, hashes: this.stats.hashes });
    this.stats.changed();
  }

  #try(link: MinerLink, search: Search): void {
    const { blob, seed, limit, jobId, algo } = search;
    // Three bytes where the fourth is fixed: that stays as the server wrote it.
    if (search.nonces === 1 << 24) blob.writeUIntLE(search.tried, NONCE_AT, 3);
    else blob.writeUInt32LE(search.tried, NONCE_AT);
    search.tried += 1;
    this.stats.hashes += 1;
    const result = practiceHash(seed, blob);
    if (tailOf(result) >= limit) return;
    this.stats.found += 1;
    const nonce = blob.toString('hex', NONCE_AT, NONCE_AT + 4);
    this.#submit(link, { jobId, nonce, result: result.toString('hex'), algo }, difficultyOf(limit));
  }

  #submit(
    link: MinerLink,
    share: { readonly jobId: string; readonly nonce: string; readonly result: string; readonly algo: string },
    difficulty: number,
  ): void {
    const { stats } = this;
    const { jobId, nonce, result, algo } = share;
    const names = this.#extensions.has('algo') ? { algo } : {};
    stats.submitted += 1;
    link
      .call('submit', { id: stats.sessionId, job_id: jobId, nonce, result, ...names }, (reply) => {
        if (reply.refusal === null) {
          stats.accepted += 1;
          stats.work += difficulty;
          const { status } = (reply.result ?? {}) as { readonly status?: unknown };
          if (status !== 'OK') stats.violation(`status of a share: ${JSON.stringify(status)}`);
        } else {
          stats.refused(reply.refusal);
          if (CRITICAL.test(reply.refusal)) link.end(`left at: ${reply.refusal}`);
        }
        stats.changed();
      })
      .catch(() => {
        stats.unanswered += 1;
        stats.changed();
      });
  }

  #trimRate(nowMs: number): readonly { readonly atMs: number; readonly hashes: number }[] {
    const first = this.#rate.findIndex(({ atMs }) => nowMs - atMs <= RATE_WINDOW_MS);
    this.#rate.splice(0, first < 0 ? this.#rate.length : first);
    return this.#rate;
  }
}
