import type { ProxyEvent } from '../domain/event.ts';
import type { HealthCheck } from '../http/ports.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Store } from '../store/store.ts';
import { StoreError, type StoreErrorKind } from '../store/store-error.ts';

export interface StoreWatchParts {
  readonly store: Pick<Store, 'check'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly note: (event: ProxyEvent) => void;
}

/** A look that has not passed within this fails: whoever asks is waiting for the answer. */
const LOOK_MS = 1000;
/** Nothing has to have been refused for so long before the store counts as well again: the probe needs less room than what others write. */
const QUIET_MS = 4000;

/** `suspect`: one look came to nothing, which a short lock or a busy moment explains; the next one decides. */
type Condition =
  | { readonly kind: 'well' }
  | { readonly kind: 'suspect'; readonly reason: string }
  | { readonly kind: 'faulty'; readonly reason: string };

/** Faults that go by themselves, or are no condition of the store. */
const PASSING: ReadonlySet<StoreErrorKind> = new Set(['busy', 'closed', 'failed', 'bad-catalogue']);

/** Whether the store takes writes. Each change is told once, in the log and as an event. */
export class StoreWatch {
  readonly #parts: StoreWatchParts;
  #condition: Condition = { kind: 'well' };
  /** The look under way: a store that is locked answers none of them for seconds. */
  #probing: Promise<void> | null = null;
  #refusedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(parts: StoreWatchParts) {
    this.#parts = parts;
  }

  /** What was found last. */
  get check(): HealthCheck {
    const { kind } = this.#condition;
    return { name: 'store', ready: kind === 'well', message: kind === 'well' ? '' : this.#condition.reason };
  }

  /** Somebody's call was refused for this. */
  heard(fault: StoreError): void {
    if (this.#isClosed || PASSING.has(fault.kind)) return;
    this.#refusedMs = this.#parts.clock.monotonicMs();
    this.#fail(fault.message);
  }

  /** Looks now. Takes a second at the most and never rejects. */
  async look(): Promise<void> {
    const { store, clock } = this.#parts;
    this.#probing ??= store.check().finally(() => {
      this.#probing = null;
    });
    const { promise: late, reject } = Promise.withResolvers<never>();
    const why = `no answer within ${LOOK_MS} ms: another process may hold it locked, or the disk is too slow`;
    const timer = setTimeout(() => reject(new Error(why)), LOOK_MS);
    try {
      await Promise.race([this.#probing, late]);
      if (clock.monotonicMs() - this.#refusedMs >= QUIET_MS) this.#pass();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const isSure = error instanceof StoreError && !PASSING.has(error.kind);
      if (isSure || this.#condition.kind !== 'well') this.#fail(reason);
      else this.#condition = { kind: 'suspect', reason };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Tells nothing any more: the store is about to be closed. */
  close(): void {
    this.#isClosed = true;
  }

  #fail(reason: string): void {
    const wasFaulty = this.#condition.kind === 'faulty';
    this.#condition = { kind: 'faulty', reason };
    if (wasFaulty || this.#isClosed) return;
    this.#parts.log.error('nothing can be stored any more; miners go on', { reason });
    this.#parts.note({ kind: 'store-fault', reason });
  }

  #pass(): void {
    const wasFaulty = this.#condition.kind === 'faulty';
    this.#condition = { kind: 'well' };
    if (!wasFaulty || this.#isClosed) return;
    this.#parts.log.info('what is to be stored can be stored again');
    this.#parts.note({ kind: 'store-ok' });
  }
}
