import type { RequestId } from '../wire/messages.ts';
import type { PendingReply } from './reply-queue.ts';

/** A request's place among the replies. */
export interface Place {
  readonly reply: PendingReply;
  readonly id: RequestId;
}

/** A login whose answer waits for the account's look-up or the pool: one authorize, and those for the same account that followed it. */
export interface WaitingLogin {
  readonly account: string;
  readonly places: Place[];
  deadlineMs: number;
}

/** A refusal that is held back a moment, so that a miner with a wrong name does not turn in a tight loop. */
interface DelayedRefusal extends WaitingLogin {
  readonly message: string;
}

/** Names that one connection may ask for before the first has been answered. */
const MAX_AUTHORIZES = 64;

/** The login of one session that has no answer yet. At most one is open: waited for, or refused and not told so yet. */
export class LoginReplies {
  #waiting: WaitingLogin | null = null;
  #delayed: DelayedRefusal | null = null;

  get waiting(): WaitingLogin | null {
    return this.#waiting;
  }

  /** Nobody is left without an answer. */
  get isEmpty(): boolean {
    return this.#waiting === null && this.#delayed === null;
  }

  /** The account that was asked for and not answered; null where there is none. */
  get account(): string | null {
    return this.#waiting?.account ?? this.#delayed?.account ?? null;
  }

  open(account: string, place: Place, deadlineMs: number): WaitingLogin {
    this.#waiting = { account, places: [place], deadlineMs };
    return this.#waiting;
  }

  /** The one that is waited for has until then. */
  waitUntil(deadlineMs: number): void {
    if (this.#waiting !== null) this.#waiting.deadlineMs = deadlineMs;
  }

  /** A further authorize for the account that is asked for. False where there are too many of them. */
  add(place: () => Place): boolean {
    const open = this.#waiting ?? this.#delayed;
    if (open === null || open.places.length >= MAX_AUTHORIZES) return false;
    open.places.push(place());
    return true;
  }

  /** The one that is waited for, to be answered now. */
  take(): WaitingLogin | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }

  /** The one that is waited for is refused, and told so then. */
  delay(message: string, untilMs: number): void {
    const waiting = this.take();
    if (waiting !== null) this.#delayed = { ...waiting, deadlineMs: untilMs, message };
  }

  /** The refusal whose time has come. */
  takeDelayed(nowMs: number): DelayedRefusal | null {
    const delayed = this.#delayed;
    if (delayed === null || nowMs < delayed.deadlineMs) return null;
    this.#delayed = null;
    return delayed;
  }
}
