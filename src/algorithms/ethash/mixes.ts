import { Worker } from 'node:worker_threads';
import type { Log } from '../../kit/log.ts';
import { threadModule } from '../../kit/place.ts';
import { type CacheEpoch, cacheEpochOf, isMixable } from './epochs.ts';

/** What the thread is told. */
export type ToMixThread =
  | { readonly kind: 'prepare'; readonly epoch: CacheEpoch }
  | {
      readonly kind: 'mix';
      readonly id: number;
      readonly epoch: CacheEpoch;
      readonly header: string;
      readonly nonce: string;
    };

/** What the thread tells. */
export type FromMixThread =
  /** Made, and in memory until as many others have been. */
  | { readonly kind: 'cache'; readonly epoch: CacheEpoch; readonly tookMs: number }
  | { readonly kind: 'mix'; readonly id: number; readonly mix: string; readonly result: string };

export interface MixThreadOptions {
  /** Epochs whose caches are kept. */
  readonly caches: number;
}

/** A share as it is hashed; all of it hex in lower case, as the job and the share have it. */
export interface MixQuestion {
  /** By its name in the catalogue. */
  readonly algorithm: string;
  /** 64 digits. */
  readonly seed: string;
  /** 64 digits. */
  readonly header: string;
  /** 16 digits, big-endian. */
  readonly nonce: string;
}

/** 64 hex digits each. The result, read as a big-endian number, must not be above the target. */
export interface MixAnswer {
  readonly mix: string;
  readonly result: string;
}

/** Shares that may wait for the thread: with some milliseconds each, longer than a pool would wait. */
const MOST_WAITING = 4096;
/** A thread that dies this often is broken for good. */
const MOST_RESTARTS = 3;

/** Computes the mix hashes of shares that came without, in a thread of its own, which begins with the first question. */
export class Mixes {
  readonly #log: Log;
  readonly #options: MixThreadOptions;
  #worker: Worker | null = null;
  #restarts = 0;
  #isClosed = false;
  #lastId = 0;
  /** Seed hashes of caches that are in memory, oldest first. */
  #ready: string[] = [];
  /** Who waits for a cache, by its seed hash. */
  readonly #preparing = new Map<string, (() => void)[]>();
  readonly #waiting = new Map<number, (answer: MixAnswer | null) => void>();

  /** `caches`: 0 computes nothing. */
  constructor({ log }: { readonly log: Log }, options: MixThreadOptions) {
    this.#log = log;
    this.#options = options;
  }

  /** True where shares of this algorithm, by its name in the catalogue, can be completed. */
  canMix(algorithm: string): boolean {
    return this.#options.caches > 0 && isMixable(algorithm);
  }

  /**
   * True where the shares of a job with this seed hash would be hashed at once, or never. Else its cache is begun, and `then` called when there is nothing to wait for any more, never
   * within the call.
   */
  prepare(algorithm: string, seed: string, then: () => void): boolean {
    const epoch = this.canMix(algorithm) ? cacheEpochOf(algorithm, seed) : null;
    if (epoch === null || this.#ready.includes(epoch.seed)) return true;
    const waiting = this.#preparing.get(epoch.seed);
    if (waiting !== undefined) {
      waiting.push(then);
      return false;
    }
    if (!this.#tell({ kind: 'prepare', epoch })) return true;
    this.#preparing.set(epoch.seed, [then]);
    return false;
  }

  /** `then` is called once, never within the call; with null where the share cannot be hashed: its seed hash is none, too many wait, or the thread is gone. */
  compute({ algorithm, seed, header, nonce }: MixQuestion, then: (answer: MixAnswer | null) => void): void {
    const epoch = this.canMix(algorithm) ? cacheEpochOf(algorithm, seed) : null;
    this.#lastId += 1;
    const id = this.#lastId;
    if (epoch === null || this.#waiting.size >= MOST_WAITING) {
      setImmediate(then, null);
      return;
    }
    this.#waiting.set(id, then);
    if (!this.#tell({ kind: 'mix', id, epoch, header, nonce })) setImmediate(() => this.#loseAll());
  }

  /** Ends the thread; whoever waits gets nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
    this.#loseAll();
  }

  #tell(message: ToMixThread): boolean {
    if (this.#isClosed || this.#restarts > MOST_RESTARTS) return false;
    this.#worker ??= this.#spawn();
    this.#worker.postMessage(message, []);
    return true;
  }

  #spawn(): Worker {
    const worker = new Worker(threadModule('algorithms/ethash/mix-worker'), {
      name: 'ethash mix hashes',
      workerData: this.#options,
    });
    worker.unref();
    worker.on('message', (message: FromMixThread) => this.#onMessage(message));
    worker.on('error', (error) => this.#onError(worker, error));
    return worker;
  }

  #onMessage(message: FromMixThread): void {
    if (message.kind === 'cache') {
      const { epoch, tookMs } = message;
      this.#log.info('ethash cache made, to compute mix hashes with', { epoch: epoch.number, tookMs });
      this.#ready = [...this.#ready, epoch.seed].slice(-this.#options.caches);
      const waiting = this.#preparing.get(epoch.seed) ?? [];
      this.#preparing.delete(epoch.seed);
      for (const then of waiting) then();
      return;
    }
    const then = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    then?.({ mix: message.mix, result: message.result });
  }

  #onError(worker: Worker, error: unknown): void {
    this.#log.error('the thread that computes mix hashes has failed', {
      error: error instanceof Error ? error.message : String(error),
    });
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#ready = [];
    this.#restarts += 1;
    this.#loseAll();
  }

  #loseAll(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const then of waiting) then(null);
    const preparing = [...this.#preparing.values()].flat();
    this.#preparing.clear();
    for (const then of preparing) then();
  }
}
