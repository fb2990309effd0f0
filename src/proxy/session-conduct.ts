import type { ProxyEvent } from '../domain/event.ts';
import { Conduct } from '../domain/quarantine.ts';
import type { RejectedMiner } from './reject-log.ts';

/** Of a quarantined miner whose shares cannot be judged here the pool gets one so often. */
const PROBE_EVERY_MS = 30_000;

/** A miner whose conduct is watched. */
type WatchedMiner = RejectedMiner & {
  readonly context: { onQuarantined(): void; emit(event: ProxyEvent): void };
};

/** How one session's shares have turned out, and what of them may go to the pool, which would else ban the whole farm for one broken device. */
export class SessionConduct {
  readonly #miner: WatchedMiner;
  /** Made with the first invalid share. */
  #conduct: Conduct | null = null;
  #probedAtMs = Number.NEGATIVE_INFINITY;

  constructor(miner: WatchedMiner) {
    this.#miner = miner;
  }

  get isQuarantined(): boolean {
    return this.#conduct?.isQuarantined === true;
  }

  /** A share was valid or not. Returns false while nothing of this miner may go to the pool. */
  note(isValid: boolean): boolean {
    if (this.#conduct === null && isValid) return true;
    this.#conduct ??= new Conduct();
    const change = this.#conduct.note(isValid);
    if (change !== 'unchanged') {
      const { context, address, binding } = this.#miner;
      if (change === 'quarantined') context.onQuarantined();
      context.emit({
        kind: change === 'quarantined' ? 'quarantine' : 'quarantine-end',
        address,
        account: binding?.books.subject.account ?? '',
        worker: binding?.worker ?? '',
      });
      // Once is enough of a device that swings to and fro.
      const level = this.#conduct.quarantines <= 1 ? 'warn' : 'debug';
      context.log[level](
        change === 'quarantined'
          ? 'miner quarantined: most of its shares are invalid'
          : 'miner released from quarantine',
        { miner: address, account: binding?.books.subject.account, worker: binding?.worker },
      );
    }
    return !this.#conduct.isQuarantined;
  }

  /** True where a share that cannot be judged here may go to the pool: now and then one of a quarantined miner, whose verdict tells whether it is well again. */
  mayForwardUnproven(nowMs: number): boolean {
    if (!this.isQuarantined) return true;
    if (nowMs - this.#probedAtMs < PROBE_EVERY_MS) return false;
    this.#probedAtMs = nowMs;
    return true;
  }
}
