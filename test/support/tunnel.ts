import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A port that hands everything on to another, the way load balancers and TLS tunnels do. */
export class Tunnel implements AsyncDisposable {
  readonly port: number;
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.#close = close;
  }

  /** `header`: what goes first. `isTls`: what follows goes by TLS. */
  static async open(
    to: number,
    { header = '', isTls = false }: { readonly header?: string; readonly isTls?: boolean },
  ): Promise<Tunnel> {
    const sockets = new Set<Socket>();
    const server = createServer((inner) => {
      const raw = connect({ host: '127.0.0.1', port: to });
      if (header !== '') raw.write(header);
      const outer = isTls ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
      for (const socket of [inner, raw, outer]) {
        sockets.add(socket);
        socket.on('error', () => {});
      }
      inner.pipe(outer).pipe(inner);
      inner.on('close', () => raw.destroy());
      raw.on('close', () => inner.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Tunnel((server.address() as AddressInfo).port, () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }
}
