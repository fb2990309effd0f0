import { connect, type Socket } from 'node:net';
import { LineReader } from './line-reader.ts';
import { LinkError } from './miner-link.ts';

export type EthashMessage = Readonly<Record<string, unknown>>;

const MAX_LINE_BYTES = 1 << 20;
const CONNECT_TIMEOUT_MS = 10_000;

interface Pending {
  readonly settle: (message: EthashMessage) => void;
  readonly reject: (error: LinkError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A connection of the ethash practice miner. Like ethminer it uses the same few ids again and again, so answers of one id go to its requests in the order in which
 * they were made; what answers nothing is handed on.
 */
export class EthashLink {
  readonly #socket: Socket;
  readonly #onMessage: (message: EthashMessage) => void;
  readonly #reader = new LineReader(MAX_LINE_BYTES);
  readonly #pending = new Map<number, Pending[]>();
  readonly #closed = Promise.withResolvers<string>();
  #failure: LinkError | null = null;

  private constructor(socket: Socket, onMessage: (message: EthashMessage) => void) {
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

  /** `onMessage` is given every message that answers no request. Rejects with {@link LinkError} where nobody answers. */
  static open(
    onMessage: (message: EthashMessage) => void,
    options: { readonly host: string; readonly port: number; readonly signal: AbortSignal },
  ): Promise<EthashLink> {
    const { host, port, signal } = options;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      const settle = (error: LinkError | null): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        socket.off('error', onError);
        if (error === null) {
          resolve(new EthashLink(socket, onMessage));
          return;
        }
        socket.on('error', () => {});
        socket.destroy();
        reject(error);
      };
      const onAbort = (): void => settle(new LinkError('stopped'));
      const onError = (error: Error): void => settle(new LinkError(error.message));
      const timer = setTimeout(() => settle(new LinkError('no connection in time')), CONNECT_TIMEOUT_MS);
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

  /** Sends a request; `read` sees the answer before the next line is looked at. Rejects with {@link LinkError}, or with what `read` throws. */
  call<T>(
    message: { readonly id: number; readonly method: string } & EthashMessage,
    timeoutMs: number,
    read: (answer: EthashMessage) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      const timer = setTimeout(() => this.end(`no answer to ${message.method} in time`), timeoutMs);
      const settle = (answer: EthashMessage): void => {
        try {
          resolve(read(answer));
        } catch (error) {
          reject(error instanceof Error ? error : new LinkError(String(error)));
        }
      };
      const queue = this.#pending.get(message.id) ?? [];
      queue.push({ settle, reject, timer });
      this.#pending.set(message.id, queue);
      this.#socket.write(`${JSON.stringify(message)}\n`);
    });
  }

  end(why: string): void {
    if (this.#failure !== null) return;
    this.#failure = new LinkError(why);
    this.#socket.destroy();
    for (const queue of this.#pending.values()) {
      for (const { timer, reject } of queue) {
        clearTimeout(timer);
        reject(this.#failure);
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
      this.#onMessage({ rubbish: line.slice(0, 80) });
      return;
    }
    const read = message as EthashMessage;
    const { id, method } = read;
    const pending =
      method === undefined && typeof id === 'number' ? this.#pending.get(id)?.shift() : undefined;
    if (pending === undefined) {
      this.#onMessage(read);
      return;
    }
    clearTimeout(pending.timer);
    pending.settle(read);
  }
}

/** The words of a refusal, in any of the shapes that pools use; null for a success, which in 2.0.0 is no more than an id. */
export function refusalIn({ error, result }: EthashMessage): string | null {
  if (Array.isArray(error) && error.length > 0) return String(error[1] ?? error[0]);
  if (typeof error === 'string' && error !== '') return error;
  if (typeof error === 'object' && error !== null && !Array.isArray(error)) {
    const text = (error as EthashMessage)['message'];
    return typeof text === 'string' ? text : 'refused';
  }
  return result === false ? 'refused' : null;
}
