import type { Socket } from 'node:net';
import { type Flushable, PACE_MS, type WriteBatch } from './write-batch.ts';

/** Why a connection ended, for logs and counters. `peer`: the other side closed it. */
export type CloseReason =
  | 'peer'
  | 'error'
  | 'slow-reader'
  | 'line-too-long'
  | 'invalid-utf8'
  | 'not-stratum'
  | 'http'
  | 'tls-failed'
  | 'certificate'
  | 'proxy-failed'
  | 'handshake-timeout'
  | 'idle-timeout'
  | 'refused'
  | 'no-pool'
  | 'too-narrow'
  | 'replaced'
  | 'flood'
  | 'removed'
  | 'kicked'
  | 'banned'
  | 'shutdown'
  | 'dial-timeout'
  | 'call-timeout'
  | 'login-refused'
  | 'silence'
  | 'nonsense'
  | 'redirected'
  | 'unused';

/** Who hears from a connection. */
export interface ConnectionOwner {
  /** The bytes are only valid during the call. */
  onBytes(chunk: Buffer): void;
  /** Once, last. `detail`: the system's word for an error (`ECONNRESET`), for a failed dial a sentence that says what to mend, else empty. */
  onClosed(reason: CloseReason, detail: string): void;
}

/** Bytes of all connections of one kind, counted where they pass. */
export interface ByteCounter {
  received: number;
  sent: number;
}

const LINGER_MS = 2000;

interface OwnedSocket extends Socket {
  connection: Connection;
}

/**
 * One TCP connection: ASCII text out, bytes in. Everything sent in one turn leaves in one write; a paced connection writes at once
 * after a pause, and then every {@link PACE_MS} at most: where hundreds of messages a second share it, several share a system call, here and at the
 * other end. A peer that does not read is dropped once `sendBufferBytes` wait for it. Closing flushes first; `onClosed` comes exactly once.
 */
export class Connection implements Flushable {
  #socket: Socket;
  readonly #batch: WriteBatch;
  readonly #bytes: ByteCounter;
  readonly #sendBufferBytes: number;
  #owner: ConnectionOwner | null = null;
  #isPaced = false;
  /** Monotonic; kept for paced connections only. */
  #flushedAtMs = Number.NEGATIVE_INFINITY;
  #out = '';
  #closing: CloseReason | null = null;
  #detail = '';

  constructor(
    parts: { socket: Socket; batch: WriteBatch; bytes: ByteCounter },
    options: { sendBufferBytes: number },
  ) {
    this.#socket = parts.socket;
    this.#batch = parts.batch;
    this.#bytes = parts.bytes;
    this.#sendBufferBytes = options.sendBufferBytes;
  }

  /** Starts delivery. Called once. */
  attach(owner: ConnectionOwner, reads: 'from-events' | 'delivered'): void {
    this.#owner = owner;
    this.#listen(reads);
  }

  /** From now on another hears from the connection. */
  passTo(owner: ConnectionOwner): void {
    this.#owner = owner;
  }

  /**
   * Puts a layer (TLS) between the connection and its socket: from now on what `wrap` makes of the socket is read and written. The layer hears of
   * the socket's end and faults by itself, and ends it.
   */
  moveTo(wrap: (socket: Socket) => Socket): void {
    this.flush();
    const socket = this.#socket;
    socket.off('data', onData);
    socket.off('error', onError);
    socket.off('close', onClose);
    socket.off('end', onEnd);
    this.#socket = wrap(socket);
    this.#listen('from-events');
  }

  #listen(reads: 'from-events' | 'delivered'): void {
    const socket = this.#socket as OwnedSocket;
    socket.connection = this;
    // The listeners are shared functions: a closure per socket would cost memory for every idle miner.
    if (reads === 'from-events') socket.on('data', onData);
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.on('end', onEnd);
  }

  /** IP address of the other end; null where there is none yet, or none any more. */
  get remoteAddress(): string | null {
    return this.#socket.remoteAddress ?? null;
  }

  /** Bytes that were read of it; inside TLS where it is. Not those that were {@link Connection.deliver}ed. */
  get bytesReceived(): number {
    return this.#socket.bytesRead;
  }

  get isOpen(): boolean {
    return this.#closing === null;
  }

  /** From now on the connection is paced. */
  pace(): void {
    this.#isPaced = true;
  }

  /** Queues ASCII text for this turn's write. Ignored once closing. */
  send(text: string): void {
    if (this.#closing !== null) return;
    if (this.#out === '') {
      this.#out = text;
      if (this.#isPaced && performance.now() - this.#flushedAtMs < PACE_MS) this.#batch.addPaced(this);
      else this.#batch.add(this);
    } else {
      this.#out += text;
    }
  }

  /** Sends what is queued now. */
  flush(): void {
    const text = this.#out;
    if (text === '') return;
    this.#out = '';
    if (this.#socket.destroyed) return;
    this.#bytes.sent += text.length;
    if (this.#isPaced) this.#flushedAtMs = performance.now();
    this.#socket.write(text, 'latin1');
    if (this.#closing === null && this.#socket.writableLength > this.#sendBufferBytes) {
      this.destroy('slow-reader');
    }
  }

  /** Sends what is queued, then ends the connection; a peer that does not close its half in turn is cut off. */
  close(reason: CloseReason): void {
    if (this.#closing !== null) return;
    this.#closing = reason;
    this.flush();
    this.#socket.end();
    // Not the socket's own timer: a peer that goes on writing would put that off for ever.
    setTimeout(cutOff, LINGER_MS, this.#socket).unref();
  }

  /** Nothing more is read until {@link Connection.startReading}; what is queued still goes out. That the peer has gone is not heard meanwhile. */
  stopReading(): void {
    this.#socket.pause();
  }

  startReading(): void {
    this.#socket.resume();
  }

  /** Ends the connection now. */
  destroy(reason: CloseReason): void {
    this.#closing ??= reason;
    this.#out = '';
    this.#socket.destroy();
  }

  /** Ends the connection now; its owner hears no more of it, so that it may open another at once. */
  abandon(reason: CloseReason): void {
    this.#owner = null;
    this.destroy(reason);
  }

  /** Bytes that have arrived by another way than the socket's events. */
  deliver(chunk: Buffer): void {
    if (this.#closing !== null) return;
    this.#bytes.received += chunk.length;
    this.#owner?.onBytes(chunk);
  }

  /** What the connection dies of; the first is the one that is told. */
  fail(error: NodeJS.ErrnoException, reason: CloseReason = 'error'): void {
    this.#closing ??= reason;
    this.#detail ||= error.code ?? error.message;
  }

  ended(): void {
    this.#closing ??= 'peer';
  }

  closed(): void {
    const owner = this.#owner;
    this.#owner = null;
    owner?.onClosed(this.#closing ?? 'peer', this.#detail);
  }
}

function onData(this: Socket, chunk: Buffer): void {
  (this as OwnedSocket).connection.deliver(chunk);
}

function onError(this: Socket, error: Error): void {
  (this as OwnedSocket).connection.fail(error);
}

function onEnd(this: Socket): void {
  (this as OwnedSocket).connection.ended();
}

function onClose(this: Socket): void {
  (this as OwnedSocket).connection.closed();
}

function cutOff(socket: Socket): void {
  socket.destroy();
}
