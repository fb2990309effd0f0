import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { HashLoop } from '../hash-loop.ts';
import { MinerBooks } from '../miner-books.ts';
import { MinerLink, type PoolReply } from '../miner-link.ts';
import { authorize, submit } from '../mining-calls.ts';
import { Redialler, usualPauseMs } from '../redialler.ts';
import { LinkError } from '../request-link.ts';
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

/**
 * A miner whose nonces begin with what it was told (Equihash, KawPow, Kaspa, Ergo), on the CPU: its own client, real hashes of the practice coins (`proofs.ts`), the habits of the
 * miners in the field. What one of them would not have borne is written down ({@link MinerBooks.violations}). {@link MinerBooks.difficulty} and
 * {@link MinerBooks.work} are in expected hashes.
 */
export class PrefixMiner {
  readonly stats = new MinerBooks();
  readonly #options: Required<PrefixMinerOptions>;
  readonly #dialler: Redialler<MinerLink>;
  readonly #loop: HashLoop;
  #prefix = '';
  /** Holds from the next job on. */
  #nextPrefix: string | null = null;
  #target: bigint | null = null;
  #difficulty: number | null = null;
  #job: MinerJob | null = null;
  #lastIdentity = '';
  #isPrefixTold = false;

  constructor(collaborators: { readonly log: Log; readonly clock: Clock }, options: PrefixMinerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { log, clock } = collaborators;
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

  get options(): Readonly<Required<PrefixMinerOptions>> {
    return this.#options;
  }

  /** Connects and mines until {@link stop}, or until the connection ends where it is not to come back. */
  start(): void {
    this.#dialler.start();
  }

  stop(): Promise<void> {
    return this.#dialler.stop();
  }

  /** Ends the connection as a power cut would; it comes back if it is to. */
  disconnect(): void {
    this.#dialler.disconnect();
  }

  /** Sends any request of the miner's own accord; its answer. Rejects with `LinkError` without a connection. */
  async call(method: string, params: readonly unknown[]): Promise<PoolReply> {
    return this.#dialler.connected().call(method, params, (reply) => reply);
  }

  /** Resolves once `predicate` holds for the books; rejects after `timeoutMs` with what they say then. */
  waitFor(predicate: (stats: MinerBooks) => boolean, timeoutMs = 10_000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  #open(signal: AbortSignal): Promise<MinerLink> {
    return MinerLink.open(
      {
        onNotice: (method, params, _id, line) => this.#onNotice(method, params, line),
        onViolation: (what) => this.stats.violation(what),
      },
      { ...this.#options, signal },
    );
  }

  #onEnd(): void {
    this.#loop.stop();
    this.#job = null;
  }

  async #logIn(link: MinerLink): Promise<void> {
    this.#prefix = '';
    this.#nextPrefix = null;
    this.#target = null;
    this.#difficulty = null;
    this.#lastIdentity = '';
    this.#isPrefixTold = false;
    const { dialect, agent, host, port, extranonceSubscribe } = this.#options;
    const params = dialect === 'equihash' ? [agent, null, host, String(port)] : [agent];
    await link.call('mining.subscribe', params, (reply) => this.#onSubscribed(reply));
    await authorize(link, this.stats, this.#options);
    this.#loop.start();
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
    } else if (prefix === null || (dialect === 'kaspa' && prefix === '')) {
      // [tmrlvi/kaspa-miner] Read as a number, which an empty one is not.
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
    const { agent, dialect, parameters, jobForm, isSuffixSent, passesKeptJobs } = this.#options;
    if (!stats.authorized) stats.violation('a job before the login');
    if (this.#nextPrefix !== null) this.#takePrefix(this.#nextPrefix);
    this.#nextPrefix = null;
    // [tmrlvi/kaspa-miner] Of a job before it the nonce 0 alone is searched. Others have the whole nonce then.
    if (!this.#isPrefixTold && (dialect !== 'kaspa' || agent.startsWith('kaspa-miner/'))) {
      stats.violation('a job before the prefix');
    }
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

  #hash(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const job = this.#job;
      if (job === null) return;
      this.stats.hashes += 1;
      const share = job.attempt();
      if (share !== null) this.#onShare(job, share);
    }
  }

  #onShare(job: MinerJob, share: readonly unknown[]): void {
    const { stats } = this;
    const { link } = this.#dialler;
    stats.found += 1;
    if (link === null) stats.dropped += 1;
    else {
      const params = [this.#options.user, job.jobId, ...share];
      submit(link, stats, { params, difficulty: job.hashesPerShare });
    }
  }
}
