import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ByteCounter, Connection, type ConnectionOwner } from './connection.ts';
import { SharedLookup } from './shared-lookup.ts';
import type { WriteBatch } from './write-batch.ts';

export interface DialTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Who hears from a connection that was dialled: `onConnected` once it is up, before any bytes. */
export interface DialOwner extends ConnectionOwner {
  onConnected(): void;
}

const READ_BUFFER_BYTES = 65_536;

/**
 * Opens connections to pools. Names are resolved for every attempt, with an answer of the last two seconds at most, IPv4 and IPv6 are tried side by side (RFC 8305, as Node does it).
 * All plain connections read into one buffer, since a read is handled before the next one starts.
 */
export class TcpDialer {
  readonly #batch: WriteBatch;
  readonly #bytes: ByteCounter;
  readonly #sendBufferBytes: number;
  readonly #names = new SharedLookup();
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

  constructor(parts: { batch: WriteBatch; bytes: ByteCounter }, options: { sendBufferBytes: number }) {
    this.#batch = parts.batch;
    this.#bytes = parts.bytes;
    this.#sendBufferBytes = options.sendBufferBytes;
  }

  /** The result is open for sending when `owner.onConnected` has been called. A failed dial ends with `onClosed('error', code)`. */
  dial(target: DialTarget, owner: DialOwner): Connection {
    const { host, port } = target;
    let connection: Connection | null = null;
    const common = {
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      lookup: this.#names.lookup,
    };
    let socket: Socket;
    if (target.tls) {
      socket = connectTls({ ...common, ...(isName(host) ? { servername: host } : {}) });
      socket.once('secureConnect', () => owner.onConnected());
    } else {
      const buffer = this.#readBuffer;
      socket = connectTcp({
        ...common,
        onread: {
          buffer,
          callback(bytes, into) {
            connection?.deliver((into as Buffer).subarray(0, bytes));
            return true;
          },
        },
      });
      socket.once('connect', () => owner.onConnected());
    }
    connection = new Connection(
      { socket, batch: this.#batch, bytes: this.#bytes },
      { sendBufferBytes: this.#sendBufferBytes },
    );
    connection.attach(owner, target.tls ? 'from-events' : 'delivered');
    return connection;
  }
}

function isName(host: string): boolean {
  return !host.includes(':') && !/^[\d.]+$/.test(host);
}
