import { Worker } from 'node:worker_threads';
import type { Log } from '../kit/log.ts';
import { threadModule } from '../kit/place.ts';
import type { FoundShare, SearchOrder } from './search-task.ts';

/** What a hash thread is told. */
export type ToHashThread =
  | { readonly kind: 'open'; readonly slot: number; readonly limitHs: number }
  | { readonly kind: 'search'; readonly slot: number; readonly order: SearchOrder }
  | { readonly kind: 'pause'; readonly slot: number }
  | { readonly kind: 'close'; readonly slot: number };

/** What a hash thread tells. */
export type FromHashThread =
  | { readonly kind: 'share'; readonly slot: number; readonly share: FoundShare }
  | { readonly kind: 'hashes'; readonly slot: number; readonly count: number };

/** Who a slot works for. */
export interface HashListener {
  onShare(share: FoundShare): void;
  /** `count` more hashes done. */
  onHashes(count: number): void;
}

interface SlotEntry {
  readonly thread: number;
  readonly limitHs: number;
  readonly listener: HashListener;
  order: SearchOrder | null;
}

/** A thread that dies this often is broken for good. */
const MAX_RESPAWNS = 3;

/** A few worker threads that many miners share. */
export class HashThreads {
  readonly #log: Log;
  readonly #workers: (Worker | null)[];
  readonly #slots = new Map<number, SlotEntry>();
  #count = 0;
  #respawns = 0;
  #closed = false;

  /** Threads begin with their first miner. */
  constructor(collaborators: { readonly log: Log }, options: { readonly threads?: number } = {}) {
    this.#log = collaborators.log;
    this.#workers = Array.from({ length: options.threads ?? 1 }, () => null);
  }

  /** A place for one miner at no more than `limitHs` hashes per second; its thread is the next in turn. */
  open(limitHs: number, listener: HashListener): HashSlot {
    this.#count += 1;
    const number = this.#count;
    this.#slots.set(number, { thread: number % this.#workers.length, limitHs, listener, order: null });
    this.#tell(number, { kind: 'open', slot: number, limitHs });
    return {
      search: (order) => this.#search(number, order),
      pause: () => this.#search(number, null),
      close: () => this.#close(number),
    };
  }

  /** Ends all threads; open slots fall silent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#slots.clear();
    const workers = this.#workers.splice(0).filter((worker) => worker !== null);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #search(slot: number, order: SearchOrder | null): void {
    const entry = this.#slots.get(slot);
    if (entry === undefined) return;
    entry.order = order;
    this.#tell(slot, order === null ? { kind: 'pause', slot } : { kind: 'search', slot, order });
  }

  #close(slot: number): void {
    this.#tell(slot, { kind: 'close', slot });
    this.#slots.delete(slot);
  }

  #tell(slot: number, message: ToHashThread): void {
    const entry = this.#slots.get(slot);
    if (entry === undefined || this.#closed) return;
    const worker = this.#workers[entry.thread] ?? this.#spawn(entry.thread);
    worker.postMessage(message, []);
  }

  #spawn(thread: number): Worker {
    const worker = new Worker(threadModule('practice/hash-worker'), {
      name: 'hash thread',
    });
    worker.unref();
    worker.on('message', (message: FromHashThread) => this.#onMessage(message));
    worker.on('error', (error) => this.#onError(thread, error));
    this.#workers[thread] = worker;
    return worker;
  }

  #onMessage(message: FromHashThread): void {
    const listener = this.#slots.get(message.slot)?.listener;
    if (message.kind === 'share') listener?.onShare(message.share);
    else listener?.onHashes(message.count);
  }

  #onError(thread: number, error: unknown): void {
    this.#log.error('hash thread failed', { error: error instanceof Error ? error.message : String(error) });
    this.#respawns += 1;
    if (this.#closed || this.#respawns > MAX_RESPAWNS) return;
    this.#workers[thread] = null;
    for (const [slot, entry] of this.#slots) {
      if (entry.thread !== thread) continue;
      this.#tell(slot, { kind: 'open', slot, limitHs: entry.limitHs });
      if (entry.order !== null) this.#tell(slot, { kind: 'search', slot, order: entry.order });
    }
  }
}

/** One miner's share of the hash threads. */
export interface HashSlot {
  /** Drops what is being searched for this order. */
  search(order: SearchOrder): void;
  pause(): void;
  close(): void;
}
