import type { ShareResult } from '../domain/result.ts';
import type { Log } from '../kit/log.ts';
import type { Refusal } from '../wire/dialect.ts';
import type { SessionBooks } from './session-books.ts';

/** A miner as log lines name it. */
export interface RejectedMiner {
  readonly address: string;
  readonly context: { readonly log: Log };
  readonly binding: { readonly books: SessionBooks; readonly worker: string } | null;
}

export type RejectReason = Refusal['reason'] & ShareResult;

const REASON_BITS: Readonly<Record<RejectReason, number>> = {
  stale: 1,
  duplicate: 2,
  'low-difficulty': 4,
  'unknown-job': 8,
  unauthorized: 16,
  malformed: 32,
  rejected: 64,
};

/** Logs the first share of each kind that is refused to one miner: counters tell the rest. */
export class RejectLog {
  readonly #miner: RejectedMiner;
  #logged = 0;

  constructor(miner: RejectedMiner) {
    this.#miner = miner;
  }

  note(reason: RejectReason, message: string, by: 'pool' | 'proxy'): void {
    const bit = REASON_BITS[reason];
    if ((this.#logged & bit) !== 0) return;
    this.#logged |= bit;
    const { context, address, binding } = this.#miner;
    context.log.info('share rejected (first of its kind for this miner)', {
      miner: address,
      account: binding?.books.subject.account,
      worker: binding?.worker,
      reason,
      message,
      by,
    });
  }
}
