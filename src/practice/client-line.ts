import type { Socket } from 'node:net';
import { LineReader } from './line-reader.ts';
import type { PoolBooks } from './pool-books.ts';
import { resetSocket } from './reset-socket.ts';

export type ClientMessage = Readonly<Record<string, unknown>>;

/** Whom a client's lines are for. */
export interface LineOwner {
  readonly books: PoolBooks;
  /** Longest line taken. */
  readonly maxLineBytes: number;
  /** A line that is a JSON object. */
  onMessage(message: ClientMessage, line: string): void;
  /** Whether the pool reads and sends nothing. */
  isHanging(): boolean;
  /** A line that came in while it hung. */
  onHeld?(line: string): void;
}

/** One client's connection at a practice pool: JSON objects in lines, and the end of whoever sends something else. */
export class ClientLine {
  readonly #socket: Socket;
  readonly #owner: LineOwner;

  constructor(socket: Socket, owner: LineOwner) {
    this.#socket = socket;
    this.#owner = owner;
    const reader = new LineReader(owner.maxLineBytes);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (!reader.push(chunk, (line) => this.#onLine(line))) this.fault();
    });
    socket.on('error', () => socket.destroy());
  }

  /** Dropped while the pool hangs. */
  send(text: string): void {
    if (text !== '' && !this.#owner.isHanging() && !this.#socket.destroyed) this.#socket.write(text);
  }

  /** The last words. */
  bye(text: string): void {
    this.send(text);
    this.#socket.end();
  }

  /** As NOMP and ckpool treat what they cannot read: the end without a word. */
  fault(): void {
    this.#owner.books.faults += 1;
    this.#socket.destroy();
    this.#owner.books.changed();
  }

  drop(reset: boolean): void {
    if (reset) resetSocket(this.#socket);
    else this.#socket.destroy();
  }

  /** A line, as if it had come just now and the pool did not hang. False where no other is read any more. */
  hear(line: string): boolean {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      message = null;
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      this.fault();
      return false;
    }
    this.#owner.onMessage(message as ClientMessage, line);
    this.#owner.books.changed();
    return !this.#socket.destroyed;
  }

  #onLine(line: string): boolean {
    const { books } = this.#owner;
    if (!this.#owner.isHanging()) return this.hear(line);
    this.#owner.onHeld?.(line);
    books.heldLines += 1;
    books.changed();
    return true;
  }
}
