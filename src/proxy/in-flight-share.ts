import type { RejectReason } from '../domain/result.ts';
import type { PoolShare } from '../wire/dialect.ts';
import type { PoolRefusal } from '../wire/messages.ts';
import type { IssuedJob } from './issued-job.ts';
import type { PendingReply } from './reply-queue.ts';
import type { SessionBooks } from './session-books.ts';

/** How a share that went to the pool ended. */
export type PoolVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly refusal: PoolRefusal; readonly reason: RejectReason }
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'lost' };

/** A share on its way: the one object per share that outlives the turn it arrived in. It is its own place in the miner's reply queue. */
export interface InFlightShare extends PendingReply {
  /** The miner's request id, raw. */
  readonly requestId: string;
  readonly job: IssuedJob;
  /** As it is sent, kept for a second sending after the upstream was resumed. */
  share: PoolShare;
  /** When it was entered, or, where something had to be computed for it first, when that was done. */
  sentAtMs: number;
  /** The books it was entered in: those of the pool it was found for. */
  readonly books: SessionBooks;
  /** What it is credited with. */
  readonly difficulty: number;
  readonly owner: ShareOwner;
  /** Known to be valid, whatever the pool says: its work is in the books of what was found. */
  isFound: boolean;
}

/** Who is told the verdict. */
export interface ShareOwner {
  onVerdict(share: InFlightShare, verdict: PoolVerdict): void;
}
