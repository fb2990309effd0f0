import type { CloseReason, Connection, ConnectionOwner } from '../net/connection.ts';
import { detectFirstBytes, httpNotice } from '../wire/detect.ts';
import type { Dialect } from '../wire/dialect.ts';
import type { SessionContext } from './session-context.ts';

/** Who takes a connection over once it is known what it speaks. */
export interface ArrivalHost {
  /** The connection's owner from now on; it is handed the bytes that have come. */
  onRecognised(arrival: Arrival, dialect: Dialect): ConnectionOwner;
  /** It ended before that. */
  onGone(arrival: Arrival, reason: CloseReason): void;
}

const UNDETECTED_BYTES = 128;
const NO_BYTES = Buffer.alloc(0);

/**
 * A connection of which it is not yet known what it speaks. Nothing is spent on it but its bytes, and it has {@link ProxySettings.limits}`.handshakeMs` to say enough.
 */
export class Arrival implements ConnectionOwner {
  readonly connection: Connection;
  readonly ip: string;
  readonly port: number;
  readonly connectedMonotonicMs: number;
  readonly #context: SessionContext;
  readonly #host: ArrivalHost;
  #bytes: Buffer = NO_BYTES;

  constructor(
    parts: { readonly connection: Connection; readonly context: SessionContext; readonly host: ArrivalHost },
    options: { readonly ip: string; readonly port: number },
  ) {
    this.connection = parts.connection;
    this.#context = parts.context;
    this.#host = parts.host;
    this.ip = options.ip;
    this.port = options.port;
    this.connectedMonotonicMs = parts.context.clock.monotonicMs();
  }

  onBytes(chunk: Buffer): void {
    const bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    switch (detectFirstBytes(bytes)) {
      case 'json':
        this.#recognise(bytes, this.#context.defaultDialect);
        return;
      case 'http':
        this.connection.send(httpNotice('Point a miner at it: -o stratum+tcp://HOST:PORT -u NAME -p x'));
        this.connection.close('http');
        return;
      case 'more':
        if (bytes.length <= UNDETECTED_BYTES) {
          this.#bytes = Buffer.from(bytes);
          return;
        }
        this.connection.close('not-stratum');
        return;
      case 'unknown':
        if (isText(bytes)) {
          this.connection.send(
            this.#context.defaultDialect.miner.refuse('null', {
              reason: 'other',
              message: 'This port speaks Stratum: one JSON object per line',
              code: null,
            }),
          );
        }
        this.connection.close('not-stratum');
        return;
    }
  }

  #recognise(bytes: Buffer, dialect: Dialect): void {
    this.#bytes = NO_BYTES;
    const owner = this.#host.onRecognised(this, dialect);
    this.connection.handOver(owner);
    owner.onBytes(bytes);
  }

  sweep(nowMs: number): void {
    if (nowMs - this.connectedMonotonicMs >= this.#context.settings.limits.handshakeMs)
      this.connection.close('handshake-timeout');
  }

  onClosed(reason: CloseReason): void {
    this.#host.onGone(this, reason);
  }
}

function isText(bytes: Buffer): boolean {
  const first = bytes[0] ?? 0;
  return first >= 0x20 && first < 0x7f;
}
