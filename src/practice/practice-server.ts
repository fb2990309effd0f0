import type { Socket } from 'node:net';
import type { Endpoint } from '../domain/endpoint.ts';
import type { Log } from '../kit/log.ts';
import { PoolBooks } from './pool-books.ts';
import { PracticePort, type PracticePortOptions } from './practice-port.ts';

/** What can be said of every practice pool. */
export interface PracticeServerOptions extends PracticePortOptions {
  /** A new job on the same block this often; default 30,000, 0 = by hand only. */
  readonly jobIntervalMs: number;
  /** A new block, its job clean, this often; default 600,000 (cryptonote: 120,000), 0 = by hand only. */
  readonly blockIntervalMs: number;
  /**
   * User → password; null (the default) lets anyone in. A name is looked up as a whole first, then what stands before its first `.`;
   * the password has to be the same.
   */
  readonly credentials: ReadonlyMap<string, string> | null;
  /** Submits kept for inspection in the books; default 1000. */
  readonly submitsKept: number;
}

export const SERVER_DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  tls: null,
  jobIntervalMs: 30_000,
  blockIntervalMs: 600_000,
  credentials: null,
  submitsKept: 1000,
} as const satisfies PracticeServerOptions;

/** One client, as far as its pool's doings with all of them go. */
export interface PracticeClient {
  /** Ends the connection at once; `reset` by RST instead of FIN. */
  drop(reset: boolean): void;
}

/** What no dialect changes in a practice pool: where it listens, who is connected and may log in, what it does at intervals. */
export class PracticeServer<C extends PracticeClient> {
  readonly books: PoolBooks;
  readonly #options: PracticeServerOptions;
  readonly #port: PracticePort;
  readonly #clients = new Set<C>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #welcome: (socket: Socket, number: number) => C;
  readonly #onLeave: (client: C) => void;
  #count = 0;

  /** `welcome` makes a client of a connection, numbered from 1; `onLeave` is told of those that have gone. */
  constructor(
    log: Log,
    options: PracticeServerOptions,
    welcome: (socket: Socket, number: number) => C,
    onLeave: (client: C) => void = () => {},
  ) {
    this.books = new PoolBooks(options.submitsKept);
    this.#options = options;
    this.#welcome = welcome;
    this.#onLeave = onLeave;
    this.#port = new PracticePort(log, options, (socket) => this.#accept(socket));
  }

  /** Where it listens; throws before the port was open for the first time. */
  get endpoint(): Endpoint {
    return this.#port.endpoint;
  }

  /** In order of arrival. */
  get clients(): ReadonlySet<C> {
    return this.#clients;
  }

  /** Does nothing where it is open. Rejects where the port is taken. */
  open(): Promise<void> {
    return this.#port.open();
  }

  /** Takes no more connections; those that stand go on. */
  close(): Promise<void> {
    return this.#port.close();
  }

  /** From now on makes jobs and blocks at the intervals of the options. */
  keepTime(newJob: () => void, newBlock: () => void): void {
    const { jobIntervalMs, blockIntervalMs } = this.#options;
    if (jobIntervalMs > 0) this.#timers.push(setInterval(newJob, jobIntervalMs));
    if (blockIntervalMs > 0) this.#timers.push(setInterval(newBlock, blockIntervalMs));
  }

  /** Ends everything: the timers, the port, every connection. Opened again it has the same port. */
  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    const closed = this.close();
    this.drop(false);
    await closed;
    await this.books.waitFor(({ connectionsNow }) => connectionsNow === 0, 5000);
  }

  /** Ends every connection. */
  drop(reset: boolean): void {
    for (const client of this.#clients) client.drop(reset);
  }

  letsIn(user: string, password: string): boolean {
    const { credentials } = this.#options;
    if (credentials === null) return true;
    return (credentials.get(user) ?? credentials.get(user.split('.', 1)[0] ?? '')) === password;
  }

  #accept(socket: Socket): void {
    this.#count += 1;
    const client = this.#welcome(socket, this.#count);
    socket.on('close', () => {
      this.#clients.delete(client);
      this.#onLeave(client);
      this.#counted();
    });
    this.#clients.add(client);
    this.books.connectionsTotal += 1;
    this.#counted();
  }

  #counted(): void {
    this.books.connectionsNow = this.#clients.size;
    this.books.changed();
  }
}
