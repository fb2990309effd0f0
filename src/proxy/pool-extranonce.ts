import { LaneSpace } from '../domain/lane.ts';
import type { PoolSubscription } from '../wire/messages.ts';
import type { InFlightShare } from './in-flight-share.ts';

type Extranonce = Pick<PoolSubscription, 'extranonce1' | 'extranonce2Bytes'>;

/** What the pool has given one upstream to search: the subscription, the lanes that are cut from it, and the extranonce that takes its place with the next job. */
export class PoolExtranonce {
  #subscription: PoolSubscription | null = null;
  #lanes: LaneSpace | null = null;
  /** Announced, not in force yet; null: none is. */
  #next: Extranonce | null = null;

  /** The last one while the connection is down; null before the first. */
  get subscription(): PoolSubscription | null {
    return this.#subscription;
  }

  get lanes(): LaneSpace | null {
    return this.#lanes;
  }

  /** The pool has answered a subscribe. Returns false where nothing hashed so far can be handed in, and all lanes are cut anew. */
  subscribed(subscription: PoolSubscription): boolean {
    const previous = this.#subscription;
    this.#subscription = subscription;
    this.#next = null;
    const isResumed = previous !== null && isSame(previous, subscription) && subscription.extranonce1 !== '';
    if (!isResumed) this.#lanes = new LaneSpace(subscription.extranonce2Bytes);
    return isResumed;
  }

  /** What the pool calls our login in submits. */
  callWorker(worker: string): void {
    if (this.#subscription !== null) this.#subscription = { ...this.#subscription, worker };
  }

  /** [NiceHash extranonce extension] The pool announces another pair, which is in force from {@link takeNext} on. */
  announce({ extranonce1, extranonce2Bytes }: Extranonce): void {
    if (this.#subscription === null) return;
    const next = { extranonce1, extranonce2Bytes };
    this.#next = isSame(this.#subscription, next) ? null : next;
  }

  /** Puts the announced pair in force. Returns false where none was. */
  takeNext(): boolean {
    const next = this.#next;
    if (next === null) return false;
    this.#next = null;
    const { sessionId = null, worker } = this.#subscription ?? {};
    this.#subscription = { sessionId, ...next, ...(worker === undefined ? {} : { worker }) };
    this.#lanes = new LaneSpace(next.extranonce2Bytes);
    return true;
  }

  /** Whether the share was found under the extranonce of now. */
  covers({ job, share }: Pick<InFlightShare, 'job' | 'share'>): boolean {
    const subscription = this.#subscription;
    return (
      subscription !== null &&
      job.extranonce1 === subscription.extranonce1 &&
      (share.family !== 'bitcoin' || share.extranonce2.length === subscription.extranonce2Bytes * 2)
    );
  }

  /** No lane is given out any more. */
  close(): void {
    this.#lanes = null;
  }
}

function isSame(one: Extranonce, other: Extranonce): boolean {
  return one.extranonce1 === other.extranonce1 && one.extranonce2Bytes === other.extranonce2Bytes;
}
