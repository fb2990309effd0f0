import type { ShareResult } from '../domain/result.ts';
import type { Clock } from '../kit/clock.ts';
import type { Dialect, Refusal } from '../wire/dialect.ts';
import type { RequestId } from '../wire/messages.ts';
import type { Dialogue } from './dialogue.ts';
import type { InFlightShare, PoolVerdict, ShareOwner } from './in-flight-share.ts';
import type { MinerJobs } from './miner-jobs.ts';
import { type RejectedMiner, RejectLog, type RejectReason } from './reject-log.ts';
import type { SessionConduct } from './session-conduct.ts';
import type { Tally } from './tally.ts';

/** A miner that finds shares. */
export interface SharingMiner extends RejectedMiner {
  readonly context: RejectedMiner['context'] & {
    readonly clock: Clock;
    /** Of shares that belong to no account. */
    readonly unboundTally: Tally;
  };
  readonly dialect: Dialect;
  readonly dialogue: Dialogue;
  readonly conduct: SessionConduct;
  readonly jobs: Pick<MinerJobs, 'sent' | 'noteProven'>;
}

/** The shares of one miner from their entry to their verdict: in the books, and in their place among its answers. */
export class MinerShares implements ShareOwner {
  readonly #miner: SharingMiner;
  /** Made with the first share that is refused. */
  #rejects: RejectLog | null = null;

  constructor(miner: SharingMiner) {
    this.#miner = miner;
  }

  /** A share that is to be judged, by the pool or here. */
  enter(share: InFlightShare): void {
    const { context, dialogue } = this.#miner;
    share.books.begin(share.difficulty, context.clock.wallMs());
    dialogue.reserve(share);
  }

  /** A share refused by itself: counted, answered, and logged when it is the first of its kind. `code`: as the miner is told the reason. */
  refuse(
    id: RequestId,
    reason: RejectReason,
    message: string,
    difficulty: number,
    code: Refusal['reason'] = reason,
  ): void {
    const { binding, context, dialogue } = this.#miner;
    if (binding === null) {
      context.unboundTally.begin(difficulty);
      context.unboundTally.end(reason, difficulty, 0);
    } else {
      binding.books.begin(difficulty, context.clock.wallMs());
      binding.books.end(reason, difficulty, context.clock.monotonicMs());
    }
    this.#noteReject(reason, message, 'proxy');
    dialogue.refuse(id, code, message);
  }

  /** One that was entered is valid: its work was found, whatever becomes of it at the pool. */
  noteFound(share: InFlightShare): void {
    if (share.isFound) return;
    share.isFound = true;
    share.books.found(share.difficulty);
  }

  /** One that was entered does not go to the pool. */
  refuseEntered(share: InFlightShare, reason: RejectReason, message: string): void {
    this.#noteReject(reason, message, 'proxy');
    const { miner } = this.#miner.dialect;
    this.#settle(share, reason, miner.refuse(share.requestId, { reason, message, code: null }));
  }

  /** Hashed here, valid, below the pool's difficulty: credited here. */
  credit(share: InFlightShare): void {
    const { dialect, jobs } = this.#miner;
    jobs.noteProven(share);
    this.#settle(share, 'accepted-local', dialect.miner.yes(share.requestId));
  }

  onVerdict(share: InFlightShare, verdict: PoolVerdict): void {
    const { conduct, dialect, jobs } = this.#miner;
    const { miner } = dialect;
    const { requestId } = share;
    switch (verdict.kind) {
      case 'accepted':
        if (!share.isFound) conduct.note(true);
        this.noteFound(share);
        share.books.paid(share.job.difficulty);
        this.#settle(share, 'accepted', miner.yes(requestId));
        return;
      case 'refused': {
        const { reason, refusal } = verdict;
        const { code, message } = refusal;
        // Of a job that was sent again as it was, a miner may find the same shares again.
        const isOurFault = reason === 'duplicate' && !miner.repeatsJobs && jobs.sent.isRepeated(share.job);
        if (!share.isFound && isDevicesFault(reason) && !isOurFault) conduct.note(false);
        this.#noteReject(reason, message, 'pool');
        this.#settle(share, reason, miner.refuse(requestId, { reason, message, code }));
        return;
      }
      case 'unanswered':
        this.#settle(share, 'unanswered', miner.refuse(requestId, POOL_TIMEOUT));
        return;
      case 'lost':
        this.#settle(share, 'lost', miner.refuse(requestId, POOL_LOST));
        return;
    }
  }

  #noteReject(reason: RejectReason, message: string, by: 'pool' | 'proxy'): void {
    this.#rejects ??= new RejectLog(this.#miner);
    this.#rejects.note(reason, message, by);
  }

  #settle(share: InFlightShare, result: ShareResult, line: string): void {
    const { context, dialogue } = this.#miner;
    share.books.end(result, share.difficulty, context.clock.monotonicMs());
    dialogue.settle(share, share.requestId, line);
  }
}

const POOL_TIMEOUT: Refusal = { reason: 'other', message: 'Pool timeout', code: null };
const POOL_LOST: Refusal = { reason: 'other', message: 'Pool connection lost', code: null };

/** Not the network's, as a stale share is, nor the account's. */
function isDevicesFault(reason: ShareResult): boolean {
  return reason === 'low-difficulty' || reason === 'duplicate' || reason === 'malformed';
}
