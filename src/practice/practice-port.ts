import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Endpoint } from '../domain/endpoint.ts';
import type { Log } from '../kit/log.ts';

export interface PracticePortOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Key and certificate (PEM), or null for plain TCP. */
  readonly tls: { readonly key: string; readonly cert: string } | null;
}

/** Where a practice pool listens: a port that can be closed and opened again and stays the same. */
export class PracticePort {
  readonly #log: Log;
  readonly #options: PracticePortOptions;
  readonly #onSocket: (socket: Socket) => void;
  #server: Server | null = null;
  #endpoint: Endpoint | null = null;

  constructor(log: Log, options: PracticePortOptions, onSocket: (socket: Socket) => void) {
    this.#log = log;
    this.#options = options;
    this.#onSocket = onSocket;
  }

  /** Throws before the port was open for the first time. */
  get endpoint(): Endpoint {
    if (this.#endpoint === null) throw new Error('the practice pool has no address before start()');
    return this.#endpoint;
  }

  /** Does nothing where it is open. Rejects where the port is taken. */
  async open(): Promise<void> {
    if (this.#server !== null) return;
    const { host, port, tls } = this.#options;
    const server =
      tls === null ? createTcpServer(this.#onSocket) : createTlsServer({ ...tls }, this.#onSocket);
    server.on('tlsClientError', (error: Error) =>
      this.#log.debug('TLS handshake failed', { error: error.message }),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#endpoint?.port ?? port, host, 4096, resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#endpoint = { host, port: address.port };
    this.#server = server;
  }

  /** Takes no more connections; those that stand go on. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    // close() itself stops listening at once; its callback would wait for the connections to end.
    await new Promise<void>((resolve) => {
      server.close();
      setImmediate(resolve);
    });
  }
}
