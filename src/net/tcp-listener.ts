import { createServer, type Server, type Socket } from 'node:net';

/** Where a listener really listens. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** The port is taken, the address is not ours, or listening is not permitted. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;

  constructor(code: string, message: string, options: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const BACKLOG = 4096;

/** Accepts TCP connections on one address and hands the raw sockets on. */
export class TcpListener {
  readonly #server: Server;
  readonly #onFault: (error: NodeJS.ErrnoException) => void;

  /** `onFault` hears of connections that could not be accepted (out of buffers, refused by the firewall); the listener goes on. */
  constructor(onSocket: (socket: Socket) => void, onFault: (error: NodeJS.ErrnoException) => void) {
    this.#onFault = onFault;
    this.#server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000, allowHalfOpen: false },
      onSocket,
    );
  }

  /** `host` null: all interfaces. Rejects with {@link ListenError}. */
  listen(address: { readonly host: string | null; readonly port: number }): Promise<BoundAddress> {
    const { host, port } = address;
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => {
        reject(new ListenError(error.code ?? 'UNKNOWN', describe(error, host, port), { cause: error }));
      };
      this.#server.once('error', refuse);
      this.#server.listen({ port, backlog: BACKLOG, ...(host === null ? {} : { host }) }, () => {
        this.#server.off('error', refuse);
        this.#server.on('error', this.#onFault);
        const bound = this.#server.address();
        if (bound === null || typeof bound === 'string') throw new Error('a TCP server has no address');
        resolve({ host: bound.address, port: bound.port });
      });
    });
  }

  /** Accepts no more; sockets that are open stay open. */
  close(): void {
    this.#server.close();
  }
}

function describe(error: NodeJS.ErrnoException, host: string | null, port: number): string {
  const where = `${host ?? ''}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${where} is taken by another program; stop it or choose another address`;
    case 'EADDRNOTAVAIL':
      return `${where} is not an address of this machine`;
    case 'EACCES':
      return `listening on ${where} is not permitted; ports below 1024 need a privilege`;
    case undefined:
    default:
      return `cannot listen on ${where}: ${error.message}`;
  }
}
