import type { Clock } from '../kit/clock.ts';
import type { Connection } from '../net/connection.ts';
import type { Dialect, Refusal } from '../wire/dialect.ts';
import { LineFramer, type LineSink } from '../wire/framing/line-framer.ts';
import type { MinerRequest, RequestId } from '../wire/messages.ts';
import type { LineRecorder } from './line-recorder.ts';
import { type PendingReply, ReplyQueue } from './reply-queue.ts';
import type { ProxySettings } from './settings.ts';

/** A request's place among the replies. */
export interface Place {
  readonly reply: PendingReply;
  readonly id: RequestId;
}

/** A miner as one talks to it. */
export interface Speaker {
  readonly context: { readonly settings: ProxySettings; readonly clock: Clock; isDraining(): boolean };
  readonly connection: Pick<Connection, 'isOpen' | 'send' | 'close' | 'stopReading' | 'startReading'>;
  readonly dialect: Dialect;
  /** It has been told that it is logged in: what its answers wait for from now on is the pool. */
  readonly isAdmitted: boolean;
  /** What the pool's own words may quote; empty: nothing. */
  readonly poolPassword: string;
  onRequest(request: MinerRequest): void;
}

/** Faults (unknown methods, unusable parameters) a miner may be forgiven at once; half of them are forgotten every sweep. */
const MAX_FAULTS = 64;

/** What one miner and we say to each other: its lines as requests, answers in the order of these, and how much of either is too much. */
export class Dialogue implements LineSink {
  readonly #speaker: Speaker;
  readonly #framer = new LineFramer();
  readonly #replies = new ReplyQueue();
  /** Keeps what is said both ways; null while nobody wants to see it. */
  recorder: LineRecorder | null = null;
  #heardAtMs: number;
  #faults = 0;
  /** Reading has stopped until the pool has answered. */
  #isUnheard = false;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
    this.#heardAtMs = speaker.context.clock.monotonicMs();
  }

  /** When the miner last said anything; monotonic. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** Answers that are waited for, and those behind them. */
  get pending(): number {
    return this.#replies.length;
  }

  /** The miner's bytes. They are only valid during the call. */
  hear(chunk: Buffer): void {
    const { context, connection, dialect } = this.#speaker;
    this.#heardAtMs = context.clock.monotonicMs();
    const reason = this.#framer.push(chunk, context.settings.limits.lineBytes, this);
    if (reason === null) return;
    const message = reason === 'line-too-long' ? 'The line is too long' : 'The line is not valid UTF-8';
    this.send(dialect.miner.refuse('null', { reason: 'other', message, code: null }));
    connection.close(reason);
  }

  onLine(line: string): boolean {
    const { connection, dialect } = this.#speaker;
    if (this.recorder !== null) this.recorder.received(line);
    this.#speaker.onRequest(dialect.miner.decode(line));
    return connection.isOpen;
  }

  /** Sends now, ahead of replies that are still waited for: notifications. */
  send(text: string): void {
    if (text === '') return;
    if (this.recorder !== null) this.recorder.sent(text, this.#speaker.poolPassword);
    this.#speaker.connection.send(text);
  }

  /** Sends a reply in the order of arrival. An id of null is never answered. */
  reply(id: RequestId, line: string): void {
    if (id === 'null') return;
    this.send(this.#replies.push(line));
    this.boundReplies();
  }

  refuse(id: RequestId, reason: Refusal['reason'], message: string): void {
    this.reply(id, this.#speaker.dialect.miner.refuse(id, { reason, message, code: null }));
  }

  /** Takes the next place among the replies for one that comes later. */
  keepPlace(id: RequestId): Place {
    return { reply: this.reserve({ line: null, next: null }), id };
  }

  /** The same for what is its own place in the queue. */
  reserve<T extends PendingReply>(reply: T): T {
    return this.#replies.reserve(reply);
  }

  answer({ reply, id }: Place, line: string): void {
    this.settle(reply, id, line);
  }

  /** A reply that was waited for is known: it goes out as soon as all before it have. */
  settle(reply: PendingReply, id: RequestId, line: string): void {
    this.send(this.#replies.settle(reply, id === 'null' ? '' : line));
    this.#hearAgain();
  }

  /**
   * What waits behind a share that the pool does not answer is memory the miner could fill at will. The pool's silence is not its fault: it is not listened to
   * until the answers are there.
   */
  boundReplies(): void {
    const { context, connection, isAdmitted } = this.#speaker;
    if (this.#replies.length <= context.settings.limits.pendingSubmits * 2) return;
    if (!isAdmitted) {
      connection.close('flood');
    } else if (!this.#isUnheard) {
      this.#isUnheard = true;
      connection.stopReading();
    }
  }

  /** What reading had stopped for is answered. */
  #hearAgain(): void {
    const { context, connection } = this.#speaker;
    if (!this.#isUnheard || this.#replies.length >= context.settings.limits.pendingSubmits) return;
    this.#isUnheard = false;
    if (connection.isOpen && !context.isDraining()) connection.startReading();
  }

  /** Something was wrong with a line that is answered all the same; too many of them end the connection. */
  countFault(): void {
    this.#faults += 1;
    if (this.#faults > MAX_FAULTS) this.#speaker.connection.close('flood');
  }

  /** Called every sweep. */
  forgive(): void {
    this.#faults >>= 1;
  }
}
