import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { HashLoop } from '../hash-loop.ts';
import { HashMeter } from '../hash-meter.ts';
import { MinerBooks } from '../miner-books.ts';
import { MinerLink, type PoolReply } from '../miner-link.ts';
import { Redialler, usualPauseMs } from '../redialler.ts';
import { LinkError } from '../request-link.ts';
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

/**
 * A real miner of the practice coin with the habits of xmrig: it logs in, works on the newest job alone, keeps the byte of the nonce that is fixed, keeps the connection
 * alive, leaves at the texts that xmrig leaves at, and writes down what a miner in the field would not have borne ({@link MinerBooks.violations}).
 */
export class CryptonoteMiner {
  readonly stats = new MinerBooks();
  readonly #options: Required<CryptonoteMinerOptions>;
  readonly #dialler: Redialler<MinerLink>;
  readonly #loop: HashLoop;
  readonly #meter: HashMeter;
  #keepalive: NodeJS.Timeout | undefined;
  #search: Search | null = null;
  #extensions: ReadonlySet<string> = new Set();

  constructor(collaborators: { readonly log: Log; readonly clock: Clock }, options: CryptonoteMinerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { log, clock } = collaborators;
    this.#meter = new HashMeter(clock, this.stats);
    this.#loop = new HashLoop(clock, this.#options.hashesPerSecond, (count) => this.#hash(count));
    this.#dialler = new Redialler(
      { log, books: this.stats },
      {
        open: (signal) => this.#open(signal),
        logIn: (link) => this.#logIn(link),
        onEnd: () => this.#onEnd(),
        pauseMs: (failures) => usualPauseMs(this.#options, failures),
      },
    );
  }

  get options(): Readonly<Required<CryptonoteMinerOptions>> {
    return this.#options;
  }

  /** The fourth byte of the nonces that it tries where that is fixed; null where it is free or there is no job. */
  get fixedByte(): number | null {
    const search = this.#search;
    return search === null || search.nonces > 1 << 24 ? null : (search.blob[FIXED_AT] ?? 0);
  }

  /** The blob it works on, in hex, without the nonce: the same for all who mine behind one connection; null without a job. */
  get blobWithoutNonce(): string | null {
    const blob = this.#search?.blob.toString('hex');
    return blob === undefined ? null : blob.slice(0, NONCE_AT * 2) + blob.slice((NONCE_AT + 4) * 2);
  }

  /** Measured over the last ten seconds, or since it began to hash. */
  hashrateHs(): number {
    return this.#meter.hashrateHs();
  }

  /** Connects and mines until {@link stop}, or until the connection ends where it is not to come back. */
  start(): void {
    this.#dialler.start();
  }

  stop(): Promise<void> {
    return this.#dialler.stop();
  }

  /** Ends the connection as a power cut would, without a word; it comes back if it is to. */
  disconnect(): void {
    this.#dialler.disconnect();
  }

  /** Sends any request of the miner's own accord; its answer. Rejects with `LinkError` without a connection. */
  async call(method: string, params: Readonly<Record<string, unknown>>): Promise<PoolReply> {
    return this.#dialler.connected().call(method, params, (reply) => reply);
  }

  waitFor(predicate: (stats: MinerBooks) => boolean, timeoutMs = 10_000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #open(signal: AbortSignal): Promise<MinerLink> {
    return MinerLink.open(
      {
        onNotice: (method, params) => this.#onNotice(method, params),
        onViolation: (what) => this.stats.violation(what),
      },
      { ...this.#options, signal },
    );
  }

  #onEnd(): void {
    this.#loop.stop();
    clearInterval(this.#keepalive);
    this.#search = null;
    this.#meter.clear();
    this.stats.sessionId = null;
  }

  #keepAlive(link: MinerLink): void {
    link
      .call('keepalived', { id: this.stats.sessionId }, ({ result, refusal }) => {
        const { status } = (result ?? {}) as { readonly status?: unknown };
        if (refusal !== null || status !== 'KEEPALIVED') this.stats.violation(`keepalived: ${refusal}`);
      })
      .catch(() => undefined);
  }

  async #logIn(link: MinerLink): Promise<void> {
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
      this.stats.letIn();
    });
    this.#loop.start();
    if (this.#extensions.has('keepalive'))
      this.#keepalive = setInterval(() => this.#keepAlive(link), this.#options.keepaliveMs);
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

  #hash(due: number): void {
    const search = this.#search;
    const { link } = this.#dialler;
    if (search === null || link === null) return;
    const count = Math.min(due, search.nonces - search.tried);
    for (let i = 0; i < count && this.#search === search; i++) this.#try(link, search);
    this.#meter.sample();
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
        stats.verdict(reply.refusal, difficulty);
        if (reply.refusal === null) {
          const { status } = (reply.result ?? {}) as { readonly status?: unknown };
          if (status !== 'OK') stats.violation(`status of a share: ${JSON.stringify(status)}`);
        } else if (CRITICAL.test(reply.refusal)) {
          link.end(`left at: ${reply.refusal}`);
        }
      })
      .catch(() => stats.noVerdict());
  }
}
