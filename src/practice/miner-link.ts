import { connect, type Socket } from 'node:net';
import { LineReader } from './line-reader.ts';

/** A pool's answer to one request. */
export interface PoolReply {
  readonly result: unknown;
  /** In the pool's words; null where it said yes. */
  readonly refusal: string | null;
}

/** Why a request got no answer: the connection ended or time ran out. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
}

/** Whom the link tells what comes in unasked. */
export interface LinkListener {
  /** `line` is what it was read from, for numbers that `params` has rounded. */
  onNotice(method: string, params: readonly unknown[], id: unknown, line: string): void;
  /** The server did what a miner in the field would stumble over. */
  onViolation(what: string): void;
}

interface Pending {
  readonly method: string;
  readonly settle: (reply: PoolReply) => void;
  readonly reject: (error: LinkError) => void;
  readonly timer: NodeJS.Timeout;
}

const MAX_LINE_BYTES = 1 << 20;

/** Methods after which cgminer, cpuminer and NerdMiner take the next line, whatever it is, for their answer. */
const FIRST_LINE_IS_REPLY: ReadonlySet<string> = new Set(['mining.configure', 'mining.subscribe']);

/** The practice miner's connection: requests with their answers, and what the pool sends of its own accord. */
export class MinerLink {
  readonly #listener: LinkListener;
  readonly #socket: Socket;
  readonly #replyTimeoutMs: number;
  readonly #reader = new LineReader(MAX_LINE_BYTES);
  /** By id, which clients of the cpuminer family use again while an older one is open: first come, first answered. */
  readonly #pending = new Map<number, Pending[]>();
  readonly #closed = Promise.withResolvers<string>();
  #nextId = 1;
  #failure: LinkError | null = null;

  private constructor(socket: Socket, listener: LinkListener, options: { readonly replyTimeoutMs: number }) {
    this.#listener = listener;
    this.#socket = socket;
    this.#replyTimeoutMs = options.replyTimeoutMs;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      const fits = this.#reader.push(chunk, (line) => {
        this.#onLine(line);
        return !socket.destroyed;
      });
      if (!fits) this.#fail('a line too long for any miner');
    });
    socket.on('error', (error: Error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the connection was closed'));
  }

  /** Rejects with {@link LinkError} where nobody answers within `timeoutMs`. */
  static open(
    listener: LinkListener,
    options: {
      readonly host: string;
      readonly port: number;
      readonly connectTimeoutMs: number;
      readonly replyTimeoutMs: number;
      readonly signal: AbortSignal;
    },
  ): Promise<MinerLink> {
    const { host, port, connectTimeoutMs, signal } = options;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      const giveUp = (why: string): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        socket.destroy();
        reject(new LinkError(why));
      };
      const onAbort = (): void => giveUp('stopped');
      const onError = (error: Error): void => giveUp(error.message);
      const timer = setTimeout(() => giveUp(`no connection within ${connectTimeoutMs} ms`), connectTimeoutMs);
      if (signal.aborted) giveUp('stopped');
      else signal.addEventListener('abort', onAbort);
      socket.once('error', onError);
      socket.once('connect', () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        socket.off('error', onError);
        resolve(new MinerLink(socket, listener, options));
      });
    });
  }

  /** Resolves, never rejects, with the reason once the connection is over. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  /**
   * Sends a request and waits for its answer, which `read` sees before the next line is looked at: what follows in the same
   * segment may depend on it. `id` is the next free one unless given. Rejects with {@link LinkError}, or with what `read` throws.
   */
  call<T>(
    method: string,
    params: readonly unknown[] | Readonly<Record<string, unknown>>,
    read: (reply: PoolReply) => T,
    id = this.#nextId++,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      const timer = setTimeout(
        () => this.#fail(`no answer to ${method} within ${this.#replyTimeoutMs} ms`),
        this.#replyTimeoutMs,
      );
      const settle = (reply: PoolReply): void => {
        try {
          resolve(read(reply));
        } catch (error) {
          reject(error instanceof Error ? error : new LinkError(String(error)));
        }
      };
      const queue = this.#pending.get(id);
      const pending = { method, settle, reject, timer };
      if (queue === undefined) this.#pending.set(id, [pending]);
      else queue.push(pending);
      this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  /** Sends what is no request: an answer. */
  answer(id: unknown, result: unknown): void {
    if (id === null || id === undefined || this.#failure !== null) return;
    this.#socket.write(`${JSON.stringify({ id, result, error: null })}\n`);
  }

  end(why: string): void {
    this.#fail(why);
  }

  #fail(why: string): void {
    if (this.#failure !== null) return;
    this.#failure = new LinkError(why);
    this.#socket.destroy();
    for (const queue of this.#pending.values()) {
      for (const pending of queue) {
        clearTimeout(pending.timer);
        pending.reject(this.#failure);
      }
    }
    this.#pending.clear();
    this.#closed.resolve(why);
  }

  #onLine(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      message = null;
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      this.#listener.onViolation(`not a JSON object: ${line.slice(0, 80)}`);
      return;
    }
    const { id, method, params } = message as Record<string, unknown>;
    if (typeof method !== 'string') {
      this.#onReply(message as Record<string, unknown>);
      return;
    }
    for (const queue of this.#pending.values()) {
      for (const pending of queue) {
        if (FIRST_LINE_IS_REPLY.has(pending.method)) {
          this.#listener.onViolation(`${method} before the reply to ${pending.method}`);
        }
      }
    }
    this.#listener.onNotice(method, Array.isArray(params) ? (params as unknown[]) : [params], id, line);
  }

  #onReply(message: Record<string, unknown>): void {
    const id = message['id'];
    const queue = typeof id === 'number' ? this.#pending.get(id) : undefined;
    const pending = queue?.shift();
    if (typeof id !== 'number' || queue === undefined || pending === undefined) {
      this.#listener.onViolation(`reply to nothing that was asked: ${JSON.stringify(message).slice(0, 80)}`);
      return;
    }
    if (queue.length === 0) this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.settle({ result: message['result'], refusal: refusalOf(message) });
  }
}

/** Reads any of the shapes in which pools refuse; null for a success. */
function refusalOf(message: Readonly<Record<string, unknown>>): string | null {
  const { result, error } = message;
  const reason = message['reject-reason'];
  if (Array.isArray(error) && error.length > 0) return String(error[1] ?? error[0]);
  if (typeof error === 'string' && error !== '') return error;
  if (typeof error === 'object' && error !== null && !Array.isArray(error)) {
    const text = (error as Record<string, unknown>)['message'];
    return typeof text === 'string' ? text : 'refused';
  }
  if (typeof reason === 'string') return reason;
  return result === false || result === null || result === undefined ? 'refused' : null;
}
