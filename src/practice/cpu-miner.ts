import { randomBytes } from 'node:crypto';
import type { HeaderWork } from '../domain/block-header.ts';
import { parseDifficulty, targetOfDifficulty } from '../domain/difficulty.ts';
import type { Clock } from '../kit/clock.ts';
import { isHex, isHexOf, parseHex32 } from '../kit/hex.ts';
import type { Log } from '../kit/log.ts';
import { HashMeter } from './hash-meter.ts';
import type { HashSlot, HashThreads } from './hash-threads.ts';
import { keepNewest } from './keep-newest.ts';
import { MinerBooks } from './miner-books.ts';
import { MinerLink, type PoolReply } from './miner-link.ts';
import { authorize, submit } from './mining-calls.ts';
import { type PracticeAlgorithmName, practiceAlgorithms } from './practice-algorithms.ts';
import { Redialler, usualPauseMs } from './redialler.ts';
import { LinkError } from './request-link.ts';
import type { FoundShare } from './search-task.ts';

export type { MinerBooks } from './miner-books.ts';

export interface CpuMinerOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Default `x`. */
  readonly password?: string;
  /** Default sha256d. */
  readonly algorithm?: PracticeAlgorithmName;
  /** Default `practice-miner/1.0`. */
  readonly agent?: string;
  /** Ask for version rolling and roll what is granted; default true. */
  readonly versionRolling?: boolean;
  /** Ask for `mining.set_extranonce`, after authorize as the cpuminer family does; default false. */
  readonly extranonceSubscribe?: boolean;
  /** Suggest this difficulty after authorize. */
  readonly sendSuggestDifficulty?: number | null;
  /** Default: as fast as its thread goes. */
  readonly hashesPerSecondLimit?: number;
  /** Come back after the connection has ended; default true. */
  readonly reconnect?: boolean;
  /** Pause before the first repeat; doubles up to 30 times this. Default 1000. */
  readonly reconnectMs?: number;
  /** Offer the last session id when it comes back; default true. */
  readonly resume?: boolean;
  /** `one-by-one`: each request waits for the reply to the one before (cgminer). `pipelined`: all at once (Bitaxe). Default one-by-one. */
  readonly handshake?: 'one-by-one' | 'pipelined';
  /** Submit everything under id 4 (cpuminer); default false. */
  readonly fixedSubmitId?: boolean;
  /** Default 30,000. */
  readonly replyTimeoutMs?: number;
}

const DEFAULTS = {
  password: 'x',
  algorithm: 'sha256d',
  agent: 'practice-miner/1.0',
  versionRolling: true,
  extranonceSubscribe: false,
  sendSuggestDifficulty: null,
  hashesPerSecondLimit: Infinity,
  reconnect: true,
  reconnectMs: 1000,
  resume: true,
  handshake: 'one-by-one',
  fixedSubmitId: false,
  replyTimeoutMs: 30_000,
} as const satisfies Omit<Required<CpuMinerOptions>, 'host' | 'port' | 'user'>;

/** What is rolled when the pool lets us: as cgminer asks. */
const REQUESTED_MASK = 'ffffffff';
/** Jobs whose late shares are still submitted. */
const MAX_JOBS = 8;

/** A job as the pool sent it, with what was in force for it. */
interface MinerJob {
  readonly jobId: string;
  readonly difficulty: number;
  readonly work: HeaderWork;
  readonly version: number;
  readonly ntime: number;
}

/**
 * A real miner on the CPU, for the demonstration and for tests: its own client (nothing shared with the proxy's wire code), real hashes,
 * the habits of cgminer. It changes difficulty at the next job, drops what a clean job voids, follows `set_extranonce` only if it
 * asked for it, and writes down what a miner in the field would not have borne ({@link MinerBooks.violations}).
 */
export class CpuMiner {
  readonly stats = new MinerBooks();
  readonly #log: Log;
  readonly #options: Required<CpuMinerOptions>;
  readonly #slot: HashSlot;
  readonly #jobs = new Map<number, MinerJob>();
  readonly #recentIds: string[] = [];
  readonly #meter: HashMeter;
  readonly #dialler: Redialler<MinerLink>;
  #serial = 0;
  #nextDifficulty = 1;
  #nextExtranonce: { readonly extranonce1: string; readonly extranonce2Bytes: number } | null = null;
  #connectionHasJob = false;
  #isResting = false;
  #plainSubscribe = false;
  #port: number;
  #waitMs = 0;

  constructor(
    collaborators: { readonly log: Log; readonly clock: Clock; readonly threads: HashThreads },
    options: CpuMinerOptions,
  ) {
    this.#log = collaborators.log;
    this.#options = { ...DEFAULTS, ...options };
    this.#port = options.port;
    this.#meter = new HashMeter(collaborators.clock, this.stats);
    this.#dialler = new Redialler(
      { log: this.#log, books: this.stats },
      {
        open: (signal) => this.#open(signal),
        logIn: (link) => this.#logIn(link),
        onEnd: () => this.#onEnd(),
        pauseMs: (failures) => this.#pauseMs(failures),
      },
    );
    this.#slot = collaborators.threads.open(this.#options.hashesPerSecondLimit, {
      onShare: (share) => this.#onShare(share),
      onHashes: (count) => this.#onHashes(count),
    });
  }

  get options(): Readonly<Required<CpuMinerOptions>> {
    return this.#options;
  }

  /** Measured over the last ten seconds, or since it began to hash. */
  hashrateHs(): number {
    return this.#meter.hashrateHs();
  }

  /** Connects and mines until {@link stop}, or until the connection ends where it is not to come back. */
  start(): void {
    this.#dialler.start();
  }

  async stop(): Promise<void> {
    await this.#dialler.stop();
    this.#slot.close();
  }

  /** Ends the connection as a power cut would, without a word; it comes back if it is to. */
  disconnect(): void {
    this.#dialler.disconnect();
  }

  /** Stops hashing; stays connected and listens. From now on nothing is found, what the thread has under way included. */
  rest(): void {
    this.#isResting = true;
    this.#slot.pause();
  }

  /** Ends {@link rest}, on the newest job. */
  wake(): void {
    this.#isResting = false;
    const newest = [...this.#jobs.values()].at(-1);
    if (newest !== undefined) this.#search(newest);
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
    const { host, replyTimeoutMs } = this.#options;
    return MinerLink.open(
      {
        onNotice: (method, params, id) => this.#onNotice(method, params, id),
        onViolation: (what) => this.stats.violation(what),
      },
      { host, port: this.#port, replyTimeoutMs, signal },
    );
  }

  #onEnd(): void {
    this.#slot.pause();
    this.#jobs.clear();
    this.#meter.clear();
    this.#log.debug('practice miner disconnected', { user: this.#options.user, error: this.stats.lastError });
  }

  #pauseMs(failures: number): number | null {
    const usualMs = usualPauseMs(this.#options, failures);
    const askedMs = this.#waitMs;
    this.#waitMs = 0;
    return usualMs === null ? null : Math.max(askedMs, usualMs);
  }

  async #logIn(link: MinerLink): Promise<void> {
    this.#connectionHasJob = false;
    this.#nextDifficulty = 1;
    this.#nextExtranonce = null;
    this.#recentIds.length = 0;
    this.stats.difficulty = 1;
    this.stats.versionMask = null;
    const steps = [
      ...(this.#options.versionRolling ? [(): Promise<void> => this.#configure(link)] : []),
      (): Promise<void> => this.#subscribe(link),
      (): Promise<void> => authorize(link, this.stats, this.#options),
    ];
    if (this.#options.handshake === 'pipelined') await Promise.all(steps.map((step) => step()));
    else for (const step of steps) await step();
    const { extranonceSubscribe, sendSuggestDifficulty } = this.#options;
    // Nobody waits for these: some pools never answer them.
    if (extranonceSubscribe) this.#tell(link, 'mining.extranonce.subscribe', []);
    if (sendSuggestDifficulty !== null)
      this.#tell(link, 'mining.suggest_difficulty', [sendSuggestDifficulty]);
  }

  #tell(link: MinerLink, method: string, params: readonly unknown[]): void {
    link
      .call(method, params, () => true)
      .catch((error: unknown) => {
        this.#log.debug('no answer', { method, error: String(error) });
      });
  }

  #configure(link: MinerLink): Promise<void> {
    const params = [['version-rolling'], { 'version-rolling.mask': REQUESTED_MASK }];
    return link.call('mining.configure', params, ({ result }) => {
      if (typeof result !== 'object' || result === null) return;
      const granted = result as Record<string, unknown>;
      for (const key of Object.keys(granted)) {
        // [Whatsminer drops the connection over keys it did not ask for]
        if (!key.startsWith('version-rolling'))
          this.stats.violation(`configure answered ${key}, which was not asked`);
      }
      const mask = granted['version-rolling.mask'];
      if (granted['version-rolling'] !== true || typeof mask !== 'string') return;
      this.stats.versionMask = parseHex32(mask) ?? 0;
    });
  }

  #subscribe(link: MinerLink): Promise<void> {
    const { agent, resume } = this.#options;
    const session = resume && this.stats.sessionId !== null ? [this.stats.sessionId] : [];
    const params = this.#plainSubscribe ? [] : [agent, ...session];
    return link.call('mining.subscribe', params, (reply) => this.#onSubscribed(reply));
  }

  #onSubscribed({ result, refusal }: PoolReply): void {
    const { stats } = this;
    const fields = Array.isArray(result) ? (result as unknown[]) : [];
    const [subscriptions, extranonce1, extranonce2Bytes] = fields;
    if (
      refusal !== null ||
      typeof extranonce1 !== 'string' ||
      !isHex(extranonce1) ||
      extranonce1.length % 2 !== 0 ||
      !isExtranonceSize(extranonce2Bytes)
    ) {
      // [cgminer, cpuminer: once more without parameters, on a new connection]
      this.#plainSubscribe = !this.#plainSubscribe;
      throw new LinkError(`subscribe refused: ${refusal ?? JSON.stringify(result)}`);
    }
    this.#plainSubscribe = false;
    if (extranonce1 === '') stats.violation('empty extranonce1');
    // [cgminer: below 2 it refuses, above 8 it mines and never submits]
    if (extranonce2Bytes < 2 || extranonce2Bytes > 8)
      stats.violation(`extranonce2 of ${extranonce2Bytes} bytes`);
    stats.extranonce1 = extranonce1.toLowerCase();
    stats.extranonce2Bytes = extranonce2Bytes;
    stats.sessionId = sessionIdOf(subscriptions);
    stats.changed();
  }

  #onNotice(method: string, params: readonly unknown[], id: unknown): void {
    const { stats } = this;
    // [cgminer looks numeric ids up among its shares]
    if (typeof id === 'number' && method.startsWith('mining.') && method !== 'mining.ping') {
      stats.violation(`${method} with the numeric id ${id}`);
    }
    switch (method) {
      case 'mining.notify':
        this.#onJob(params);
        break;
      case 'mining.set_difficulty':
        this.#onDifficulty(params[0]);
        break;
      case 'mining.set_extranonce':
        this.#onExtranonce(params);
        break;
      case 'mining.set_version_mask':
        this.#onVersionMask(params[0]);
        break;
      case 'client.reconnect':
        this.#onReconnect(params);
        break;
      case 'client.show_message':
        stats.message(String(params[0]));
        break;
      case 'mining.ping':
        this.#answer(id, 'pong');
        break;
      case 'client.get_version':
        this.#answer(id, this.#options.agent);
        break;
      default:
        // [cgminer takes what it does not know before the reply to authorize for a failure]
        if (!stats.authorized) stats.violation(`unknown method ${method} before the reply to authorize`);
    }
    stats.changed();
  }

  #answer(id: unknown, result: unknown): void {
    this.#dialler.link?.answer(id, result);
  }

  #onDifficulty(value: unknown): void {
    const difficulty = parseDifficulty(value);
    if (difficulty === null) {
      this.stats.violation(`set_difficulty ${JSON.stringify(value)}`);
      return;
    }
    this.#nextDifficulty = difficulty;
    this.stats.toldDifficulty(difficulty);
  }

  #onExtranonce(params: readonly unknown[]): void {
    const [extranonce1, extranonce2Bytes] = params;
    if (!this.#options.extranonceSubscribe) {
      // [cgminer ignores it and goes on with the old one]
      this.stats.violation('set_extranonce without having been asked for');
      return;
    }
    if (
      typeof extranonce1 !== 'string' ||
      !isHex(extranonce1) ||
      extranonce1.length % 2 !== 0 ||
      !isExtranonceSize(extranonce2Bytes)
    ) {
      this.stats.violation(`set_extranonce ${JSON.stringify(params)}`);
      return;
    }
    this.stats.extranonceChanges += 1;
    this.#nextExtranonce = { extranonce1: extranonce1.toLowerCase(), extranonce2Bytes };
  }

  #onVersionMask(value: unknown): void {
    const mask = typeof value === 'string' ? parseHex32(value) : null;
    if (mask === null || this.stats.versionMask === null) {
      this.stats.violation(`set_version_mask ${JSON.stringify(value)} without rolling or not a mask`);
      return;
    }
    if (!this.stats.authorized) this.stats.violation('set_version_mask before the reply to authorize');
    this.stats.versionMask = mask;
    // [BIP310: in force at once, so the search begins anew under it]
    const newest = [...this.#jobs.values()].at(-1);
    if (newest !== undefined) this.#search(newest);
  }

  #onReconnect(params: readonly unknown[]): void {
    const [host, port, waitSeconds] = params;
    this.stats.reconnectRequests += 1;
    // [cgminer follows to its own host alone; ports are free]
    const wanted = Number(port);
    if (host === this.#options.host && Number.isInteger(wanted) && wanted > 0 && wanted < 65536)
      this.#port = wanted;
    const seconds = Number(waitSeconds);
    this.#waitMs = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 60) * 1000 : 0;
    this.#dialler.link?.end('asked to reconnect');
  }

  #onJob(params: readonly unknown[]): void {
    const { stats } = this;
    const job = readJob(params, this.#nextDifficulty);
    if (job === null || stats.extranonce2Bytes === 0) {
      stats.violation(`notify that cannot be mined: ${JSON.stringify(params).slice(0, 120)}`);
      return;
    }
    const clean = params[8] === true;
    if (!this.#connectionHasJob && !clean) stats.violation('first job of the connection is not clean');
    // [ESP-Miner ignores a job id among its last 16 unless clean]
    if (!clean && this.#recentIds.includes(job.jobId)) stats.violation(`job id ${job.jobId} used again`);
    this.#recentIds.push(job.jobId);
    if (this.#recentIds.length > 16) this.#recentIds.shift();
    this.#connectionHasJob = true;
    if (this.#nextExtranonce !== null) {
      stats.extranonce1 = this.#nextExtranonce.extranonce1;
      stats.extranonce2Bytes = this.#nextExtranonce.extranonce2Bytes;
      this.#nextExtranonce = null;
      this.#jobs.clear();
    }
    stats.jobs += 1;
    stats.jobId = job.jobId;
    stats.difficulty = job.difficulty;
    if (clean) {
      stats.cleanJobs += 1;
      this.#jobs.clear();
    }
    this.#search(job);
  }

  #search(job: MinerJob): void {
    const { algorithm } = this.#options;
    const { extranonce1, extranonce2Bytes, versionMask } = this.stats;
    this.#serial += 1;
    this.#jobs.set(this.#serial, job);
    keepNewest(this.#jobs, MAX_JOBS);
    if (this.#isResting) return;
    this.#slot.search({
      serial: this.#serial,
      algorithm,
      work: job.work,
      extranonce1,
      extranonce2Bytes,
      version: job.version,
      versionMask,
      ntime: job.ntime,
      target: targetOfDifficulty(job.difficulty, practiceAlgorithms[algorithm].divider),
      // At random, so that a job that comes again after a resume is not searched where it was before.
      firstExtranonce2: randomBytes(extranonce2Bytes).toString('hex'),
      firstNonce: randomBytes(4).readUInt32LE(),
    });
  }

  #onHashes(count: number): void {
    this.stats.hashed(count);
    this.#meter.sample();
    this.stats.changed();
  }

  #onShare(share: FoundShare): void {
    const { stats } = this;
    stats.found += 1;
    const job = this.#jobs.get(share.serial);
    const { link } = this.#dialler;
    if (this.#isResting || job === undefined || link === null || !stats.authorized) {
      stats.dropped += 1;
      stats.changed();
      return;
    }
    const { user, fixedSubmitId } = this.#options;
    const params = [user, job.jobId, share.extranonce2, share.ntime, share.nonce];
    if (share.versionBits !== null) params.push(share.versionBits);
    submit(link, stats, { params, difficulty: job.difficulty, ...(fixedSubmitId ? { id: 4 } : {}) });
  }
}

function isExtranonceSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 16;
}

/** The subscription id that goes with `mining.notify` (cgminer); null where the pool gave none. */
function sessionIdOf(subscriptions: unknown): string | null {
  if (!Array.isArray(subscriptions)) return null;
  // One pair instead of a list of pairs is seen too.
  const pairs: unknown[] = Array.isArray(subscriptions[0]) ? subscriptions : [subscriptions];
  for (const pair of pairs) {
    if (!Array.isArray(pair)) continue;
    const [name, id] = pair as unknown[];
    if (name === 'mining.notify' && typeof id === 'string') return id;
  }
  return null;
}

/** Reads the parameters of `mining.notify`; null where they cannot be mined. */
function readJob(params: readonly unknown[], difficulty: number): MinerJob | null {
  const [jobId, prevHash, coinb1, coinb2, branch, version, nbits, ntime] = params;
  if (params.length < 9 || typeof jobId !== 'string' || !Array.isArray(branch)) return null;
  const steps = branch as unknown[];
  if (!steps.every((step) => typeof step === 'string' && isHexOf(step, 32))) return null;
  const words = [version, nbits, ntime];
  if (!words.every((word) => typeof word === 'string' && isHexOf(word, 4))) return null;
  const texts = [prevHash, coinb1, coinb2];
  if (!texts.every((text) => typeof text === 'string' && isHex(text) && text.length % 2 === 0)) return null;
  if (String(prevHash).length !== 64) return null;
  return {
    jobId,
    difficulty,
    work: {
      prevHash: String(prevHash),
      coinb1: String(coinb1),
      coinb2: String(coinb2),
      branch: steps.map(String),
      nbits: String(nbits),
    },
    version: Number.parseInt(String(version), 16),
    ntime: Number.parseInt(String(ntime), 16),
  };
}
