import { connect, type Socket } from 'node:net';
import { LineReader } from './line-reader.ts';

export type LinkMessage = Readonly<Record<string, unknown>>;

/** Why a request got no answer: the connection ended or time ran out. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
}

/** Given every message that answers no request; null for a line that is no JSON object. `line` has the numbers that `message` has rounded. */
export type OnLinkMessage = (message: LinkMessage | null, line: string) => void;

interface Pending {
  readonly method: string;
  readonly settle: (answer: LinkMessage) => void;
  readonly reject: (error: LinkError) => void;
  readonly timer: NodeJS.Timeout;
}

const MAX_LINE_BYTES = 1 << 20;
const CONNECT_TIMEOUT_MS = 10_000;

/** A practice miner's connection, whatever its dialect: JSON objects in lines, requests with their answers. */
export class RequestLink {
  readonly #socket: Socket;
  readonly #onMessage: OnLinkMessage;
  readonly #reader = new LineReader(MAX_LINE_BYTES);
  /** By id, which clients of the cpuminer family and ethminer use again while an older one is open: first come, first answered. */
  readonly #pending = new Map<number, Pending[]>();
  readonly #closed = Promise.withResolvers<string>();
  #failure: LinkError | null = null;

  private constructor(socket: Socket, onMessage: OnLinkMessage) {
    this.#socket = socket;
    this.#onMessage = onMessage;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      const fits = this.#reader.push(chunk, (line) => {
        this.#onLine(line);
        return !socket.destroyed;
      });
      if (!fits) this.end('a line too long for any miner');
    });
    socket.on('error', (error: Error) => this.end(error.message));
    socket.on('close', () => this.end('the connection was closed'));
  }

  /** Rejects with {@link LinkError} where nobody answers. */
  static open(
    onMessage: OnLinkMessage,
    options: { readonly host: string; readonly port: number; readonly signal: AbortSignal },
  ): Promise<RequestLink> {
    const { host, port, signal } = options;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      const settle = (problem: string | null): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        socket.off('error', onError);
        if (problem === null) {
          resolve(new RequestLink(socket, onMessage));
          return;
        }
        socket.on('error', () => {});
        socket.destroy();
        reject(new LinkError(problem));
      };
      const onAbort = (): void => settle('stopped');
      const onError = (error: Error): void => settle(error.message);
      const timer = setTimeout(
        () => settle(`no connection within ${CONNECT_TIMEOUT_MS} ms`),
        CONNECT_TIMEOUT_MS,
      );
      signal.addEventListener('abort', onAbort);
      socket.once('error', onError);
      socket.once('connect', () => settle(null));
      if (signal.aborted) onAbort();
    });
  }

  /** Resolves, never rejects, with the reason once the connection is over. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  /** The methods that wait for their answer. */
  get awaited(): readonly string[] {
    return [...this.#pending.values()].flat().map(({ method }) => method);
  }

  /**
   * Sends a request and waits for its answer, which `read` sees before the next line is looked at: what follows in the same
   * segment may depend on it. Without one in time the connection ends. Rejects with {@link LinkError}, or with what `read` throws.
   */
  call<T>(
    message: { readonly id: number; readonly method: string } & LinkMessage,
    timeoutMs: number,
    read: (answer: LinkMessage) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      const { id, method } = message;
      const timer = setTimeout(() => this.end(`no answer to ${method} within ${timeoutMs} ms`), timeoutMs);
      const settle = (answer: LinkMessage): void => {
        try {
          resolve(read(answer));
        } catch (error) {
          reject(error instanceof Error ? error : new LinkError(String(error)));
        }
      };
      const queue = this.#pending.get(id) ?? [];
      queue.push({ method, settle, reject, timer });
      this.#pending.set(id, queue);
      this.send(message);
    });
  }

  /** Sends what is no request. */
  send(message: LinkMessage): void {
    if (this.#failure === null) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  end(why: string): void {
    if (this.#failure !== null) return;
    this.#failure = new LinkError(why);
    this.#socket.destroy();
    for (const { timer, reject } of [...this.#pending.values()].flat()) {
      clearTimeout(timer);
      reject(this.#failure);
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
      this.#onMessage(null, line);
      return;
    }
    const read = message as LinkMessage;
    const pending = typeof read['method'] === 'string' ? undefined : this.#awaiting(read['id']);
    if (pending === undefined) {
      this.#onMessage(read, line);
      return;
    }
    clearTimeout(pending.timer);
    pending.settle(read);
  }

  #awaiting(id: unknown): Pending | undefined {
    const queue = typeof id === 'number' ? this.#pending.get(id) : undefined;
    const pending = queue?.shift();
    if (typeof id === 'number' && queue?.length === 0) this.#pending.delete(id);
    return pending;
  }
}

/** The words of an error, in any of the shapes in which pools write one; null where there is none. */
export function errorText(error: unknown): string | null {
  if (Array.isArray(error)) return error.length > 0 ? String(error[1] ?? error[0]) : null;
  if (typeof error === 'string') return error === '' ? null : error;
  if (typeof error !== 'object' || error === null) return null;
  const { message } = error as LinkMessage;
  return typeof message === 'string' ? message : 'refused';
}
