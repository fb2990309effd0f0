/** A reply that has its place in the order of arrival; `line` is null until it is known. */
export interface PendingReply {
  line: string | null;
  next: PendingReply | null;
}

/**
 * Keeps a miner's replies in the order of its requests: cpuminer and others send every submit under one id and take the
 * replies as they come (pooler/cpuminer util.c). Invariant: the head, if there is one, has no line yet.
 */
export class ReplyQueue {
  #head: PendingReply | null = null;
  #tail: PendingReply | null = null;
  #length = 0;

  /** Replies that are waited for, and those behind them. */
  get length(): number {
    return this.#length;
  }

  /** Takes the next place for a reply that comes later. */
  reserve<T extends PendingReply>(reply: T): T {
    if (this.#tail === null) this.#head = reply;
    else this.#tail.next = reply;
    this.#tail = reply;
    this.#length += 1;
    return reply;
  }

  /** A reply that is known at once. Returns what may be sent now: the line itself, or nothing while others are waited for. */
  push(line: string): string {
    if (this.#head === null) return line;
    this.reserve({ line, next: null });
    return '';
  }

  /** The reply is known. Returns what may be sent now, in order; a second settling of the same reply is ignored. */
  settle(reply: PendingReply, line: string): string {
    if (reply.line !== null) return '';
    reply.line = line;
    let text = '';
    while (this.#head !== null && this.#head.line !== null) {
      text += this.#head.line;
      this.#head = this.#head.next;
      this.#length -= 1;
    }
    if (this.#head === null) this.#tail = null;
    return text;
  }
}
