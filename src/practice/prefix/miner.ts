import { backoffMs } from '../../kit/backoff.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { MinerBooks } from '../miner-books.ts';
import { LinkError, MinerLink, type PoolReply } from '../miner-link.ts';
import type { PrefixDialect } from './coins.ts';
import { type MinerJob, readMinerJob, readMinerPrefix, readMinerTarget } from './miner-jobs.ts';

export interface PrefixMinerOptions {
  readonly host: string;
  readonly port: number;
  readonly dialect: PrefixDialect;
  readonly user: string;
  /** Default `x`. */
  readonly password?: string;
  /** Default `practice-miner/1.0`. */
  readonly agent?: string;
  /** Default 2000. */
  readonly hashesPerSecond?: number;
  /** Equihash: `n_k`, default 200_9. */
  readonly parameters?: string;
  /** Kaspa: the form of jobs that this program reads; default `array`. */
  readonly jobForm?: 'array' | 'hex';
  /** Kaspa, Ergo: submits what follows the prefix alone; default false. */
  readonly isSuffixSent?: boolean;
  /** Asks for `mining.set_extranonce` after authorize; default false. Kaspa miners take it unasked. */
  readonly extranonceSubscribe?: boolean;
  /** Passes over jobs that are not clean, as nheqminer does; default false. */
  readonly passesKeptJobs?: boolean;
  /** Comes back after the connection has ended; default true. */
  readonly reconnect?: boolean;
  /** Pause before the first repeat; doubles up to 30 times this. Default 500. */
  readonly reconnectMs?: number;
  /** Default 30,000. */
  readonly replyTimeoutMs?: number;
}

const DEFAULTS = {
  password: 'x',
  agent: 'practice-miner/1.0',
  hashesPerSecond: 2000,
  parameters: '200_9',
  jobForm: 'array',
  isSuffixSent: false,
  extranonceSubscribe: false,
  passesKeptJobs: false,
  reconnect: true,
  reconnectMs: 500,
  replyTimeoutMs: 30_000,
} as const satisfies Partial<PrefixMinerOptions>;

const CONNECT_TIMEOUT_MS = 10_000;
const TICK_MS = 10;

type MinerState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'mining'; readonly link: MinerLink }
  | { readonly kind: 'stopped' };

/**
 * A miner whose nonces begin with what it was told (Equihash, KawPow, Kaspa, Ergo), on the CPU: its own client, real hashes of the practice coins (`proofs.ts`), the habits of the
 * miners in the field. What one of them would not have borne is written down ({@link MinerBooks.violations}). {@link MinerBooks.difficulty} and
 * {@link MinerBooks.work} are in expected hashes.
 */
export class PrefixMiner {
  readonly stats = new MinerBooks();
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #options: Required<PrefixMinerOptions>;
  readonly #stop = new AbortController();
  #state: MinerState = { kind: 'idle' };
  #running: Promise<void> = Promise.resolve();
  #prefix = '';
  /** Holds from the next job on. */
  #nextPrefix: string | null = null;
  #target: bigint | null = null;
  #difficulty: number | null = null;
  #job: MinerJob | null = null;
  #lastIdentity = '';
  #isPrefixTold = false;

  constructor(collaborators: { readonly log: Log; readonly clock: Clock }, options: PrefixMinerOptions) {
    this.#log = collaborators.log;
    this.#clock = collaborators.clock;
    this.#options = { ...DEFAULTS, ...options };
  }

  get options(): Readonly<Required<PrefixMinerOptions>> {
    return this.#options;
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

  /** Ends the connection as a power cut would; it comes back if it is to. */
  disconnect(): void {
    if (this.#state.kind === 'mining') this.#state.link.end('disconnected by hand');
  }

  /** Sends any request of the miner's own accord; its answer. Rejects with `LinkError` without a connection. */
  call(method: string, params: readonly unknown[]): Promise<PoolReply> {
    if (this.#state.kind !== 'mining') return Promise.reject(new LinkError('not connected'));
    return this.#state.link.call(method, params, (reply) => reply);
  }

  /** Resolves once `predicate` holds for the books; rejects after `timeoutMs` with what they say then. */
  waitFor(predicate: (stats: MinerBooks) => boolean, timeoutMs = 10_000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      const hasMined = await this.#connectOnce();
      if (!this.#options.reconnect || this.#stop.signal.aborted) return;
      failures = hasMined ? 1 : failures + 1;
      const { reconnectMs } = this.#options;
      await this.#pause(backoffMs(failures, { minMs: reconnectMs, maxMs: reconnectMs * 30 }, Math.random()));
    }
  }

  /** One connection from dial to end; true where it came to mining. */
  async #connectOnce(): Promise<boolean> {
    const { host, port, replyTimeoutMs } = this.#options;
    const { stats } = this;
    let ticking: NodeJS.Timeout | undefined;
    try {
      const link = await MinerLink.open(
        {
          onNotice: (method, params, _id, line) => this.#onNotice(method, params, line),
          onViolation: (what) => stats.violation(what),
        },
        { host, port, connectTimeoutMs: CONNECT_TIMEOUT_MS, replyTimeoutMs, signal: this.#stop.signal },
      );
      this.#begin(link);
      await this.#login(link);
      ticking = this.#hash();
      stats.lastError = await link.closed;
    } catch (error) {
      stats.lastError = error instanceof Error ? error.message : String(error);
      if (this.#state.kind === 'mining') this.#state.link.end(stats.lastError);
      if (!(error instanceof LinkError)) this.#log.error('practice miner failed', { error: stats.lastError });
    } finally {
      clearInterval(ticking);
      this.#job = null;
      stats.authorized = false;
      if (this.#state.kind === 'mining') this.#state = { kind: 'connecting' };
      stats.changed();
    }
    return ticking !== undefined;
  }

  #begin(link: MinerLink): void {
    if (this.#state.kind === 'stopped') throw new LinkError('stopped');
    this.#state = { kind: 'mining', link };
    this.#prefix = '';
    this.#nextPrefix = null;
    this.#target = null;
    this.#difficulty = null;
    this.#lastIdentity = '';
    this.#isPrefixTold = false;
    this.stats.connections += 1;
    this.stats.changed();
  }

  async #login(link: MinerLink): Promise<void> {
    const { dialect, agent, host, port, user, password, extranonceSubscribe } = this.#options;
    const params = dialect === 'equihash' ? [agent, null, host, String(port)] : [agent];
    await link.call('mining.subscribe', params, (reply) => this.#onSubscribed(reply));
    await link.call('mining.authorize', [user, password], ({ result, refusal }) => {
      if (refusal !== null || result !== true) {
        this.stats.authorizeFailures += 1;
        throw new LinkError(`authorize refused: ${refusal ?? JSON.stringify(result)}`);
      }
      this.stats.authorized = true;
      this.stats.authorizes += 1;
      this.stats.changed();
    });
    if (!extranonceSubscribe) return;
    // Nobody waits for it: some pools never answer.
    link.call('mining.extranonce.subscribe', [], () => true).catch(() => undefined);
  }

  #onSubscribed({ result, refusal }: PoolReply): void {
    const { dialect } = this.#options;
    if (refusal !== null || !Array.isArray(result)) {
      throw new LinkError(`subscribe refused: ${refusal ?? JSON.stringify(result)}`);
    }
    const [first, second, third] = result as readonly unknown[];
    if (dialect === 'kaspa') {
      if (first === true && typeof second === 'string') return;
      this.stats.violation(`no answer to a subscribe: ${JSON.stringify(result)}`);
      return;
    }
    const prefix = readMinerPrefix(dialect, second);
    if (prefix === null) throw new LinkError(`no prefix in ${JSON.stringify(result)}`);
    if (dialect === 'equihash' && result.length !== 2)
      this.stats.violation('a size in an equihash subscribe');
    if (dialect === 'autolykos' && third !== 8 - prefix.length / 2) {
      this.stats.violation(`prefix and size make up no nonce: ${JSON.stringify(result)}`);
    }
    this.#takePrefix(prefix);
  }

  #takePrefix(prefix: string): void {
    const { dialect } = this.#options;
    this.#prefix = prefix;
    this.#isPrefixTold = true;
    this.stats.extranonce1 = prefix;
    this.stats.extranonce2Bytes = (dialect === 'equihash' ? 32 : 8) - prefix.length / 2;
    this.stats.changed();
  }

  #onNotice(method: string, params: readonly unknown[], line: string): void {
    const { stats } = this;
    switch (method) {
      case 'mining.notify':
        this.#onJob(params, line);
        return;
      case 'mining.set_target':
        this.#target = readMinerTarget(params[0]);
        if (this.#target === null) stats.violation(`no target: ${line.slice(0, 100)}`);
        return;
      case 'mining.set_difficulty':
        this.#difficulty = typeof params[0] === 'number' && params[0] > 0 ? params[0] : null;
        if (this.#difficulty === null) stats.violation(`no difficulty: ${line.slice(0, 100)}`);
        return;
      case 'mining.set_extranonce':
        this.#onExtranonce(params);
        return;
      case 'client.show_message':
        stats.message(String(params[0]));
        break;
      default:
        break;
    }
    // [tmrlvi/kaspa-miner] Any other line ends the connection.
    if (this.#options.dialect === 'kaspa')
      stats.violation(`${method}, which ends a Kaspa miner's connection`);
  }

  #onExtranonce(params: readonly unknown[]): void {
    const { stats } = this;
    const { dialect, extranonceSubscribe } = this.#options;
    const prefix = readMinerPrefix(dialect, params[0]);
    stats.extranonceChanges += 1;
    if (dialect !== 'kaspa' && !extranonceSubscribe) {
      stats.violation('set_extranonce that was not asked for');
    } else if (prefix === null) {
      stats.violation(`no prefix: ${JSON.stringify(params)}`);
    } else if (dialect !== 'kaspa') {
      this.#nextPrefix = prefix;
    } else if (params[1] === 8 - prefix.length / 2) {
      this.#takePrefix(prefix);
    } else {
      // [tmrlvi/kaspa-miner] Two elements, or "Unexpected stratum message".
      stats.violation(`Unexpected stratum message: ${JSON.stringify(params)}`);
    }
    stats.changed();
  }

  #onJob(fields: readonly unknown[], line: string): void {
    const { stats } = this;
    const { dialect, parameters, jobForm, isSuffixSent, passesKeptJobs } = this.#options;
    if (!stats.authorized) stats.violation('a job before the login');
    if (this.#nextPrefix !== null) this.#takePrefix(this.#nextPrefix);
    this.#nextPrefix = null;
    if (!this.#isPrefixTold) stats.violation('a job before the prefix');
    const terms = {
      prefix: this.#prefix,
      target: this.#target,
      difficulty: this.#difficulty,
      parameters,
      jobForm,
      isSuffixSent,
    };
    const job = readMinerJob(dialect, fields, terms, line);
    if (typeof job === 'string') {
      stats.violation(`${job}: ${line.slice(0, 200)}`);
      return;
    }
    // [xmrig closes on a job like the one before]
    if (`${job.jobId} ${job.identity}` === this.#lastIdentity) stats.violation(`job ${job.jobId} twice`);
    this.#lastIdentity = `${job.jobId} ${job.identity}`;
    stats.jobs += 1;
    if (job.isClean) stats.cleanJobs += 1;
    if (this.#job === null || job.isClean || !passesKeptJobs) {
      this.#job = job;
      stats.jobId = job.jobId;
      if (stats.difficulty !== job.hashesPerShare) stats.toldDifficulty(job.hashesPerShare);
      stats.difficulty = job.hashesPerShare;
    }
    stats.changed();
  }

  #hash(): NodeJS.Timeout {
    let atMs = this.#clock.monotonicMs();
    return setInterval(() => {
      const nowMs = this.#clock.monotonicMs();
      // A process that was held up does not make up for more than a moment.
      const count = Math.ceil((Math.min(nowMs - atMs, TICK_MS * 10) * this.#options.hashesPerSecond) / 1000);
      atMs = nowMs;
      for (let i = 0; i < count; i += 1) {
        const job = this.#job;
        if (job === null) return;
        this.stats.hashes += 1;
        const share = job.attempt();
        if (share !== null) this.#submit(job, share);
      }
    }, TICK_MS);
  }

  #submit(job: MinerJob, share: readonly unknown[]): void {
    const { stats } = this;
    stats.found += 1;
    if (this.#state.kind !== 'mining' || !stats.authorized) {
      stats.dropped += 1;
      return;
    }
    stats.submitted += 1;
    this.#state.link
      .call('mining.submit', [this.#options.user, job.jobId, ...share], ({ result, refusal }) => {
        if (refusal === null && result === true) {
          stats.accepted += 1;
          stats.work += job.hashesPerShare;
        } else {
          stats.refused(refusal ?? 'refused');
        }
        stats.changed();
      })
      .catch(() => {
        stats.unanswered += 1;
        stats.changed();
      });
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }
}
