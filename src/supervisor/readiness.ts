import type { WorkerHandle } from '../fleet/worker-handle.ts';
import type { HealthCheck, HealthPort, Readiness as ReadinessNow } from '../http/ports.ts';
import type { Clock } from '../kit/clock.ts';
import type { StoreWatch } from './store-watch.ts';

/** A scrape and a health probe in the same moment share one look at the store. */
const CHECKS_KEPT_MS = 2000;

export interface ReadinessParts {
  readonly store: Pick<StoreWatch, 'look' | 'check'>;
  readonly worker: Pick<WorkerHandle, 'summary'>;
  readonly clock: Clock;
}

/** Whether the proxy can do its work: the store answers, it is not ending, and its miners have jobs. */
export class Readiness implements HealthPort {
  readonly #parts: ReadinessParts;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  #hasWork = true;
  #isStopping = false;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  /** Not ready from now on. */
  onStopping(): void {
    this.#isStopping = true;
  }

  get known(): ReadinessNow {
    const checks: readonly HealthCheck[] = [
      this.#parts.store.check,
      { name: 'stratum', ready: !this.#isStopping, message: this.#isStopping ? 'shutting down' : '' },
      {
        name: 'work',
        ready: this.#hasWork,
        message: this.#hasWork ? '' : 'miners are connected, but no pool gives any of them a job',
      },
    ];
    return { ready: checks.every(({ ready }) => ready), checks };
  }

  async ready(): Promise<ReadinessNow> {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - this.#lookedMs >= CHECKS_KEPT_MS) {
      this.#lookedMs = nowMs;
      this.#looking = this.#look().finally(() => {
        this.#looking = null;
      });
    }
    await this.#looking;
    return this.known;
  }

  /** At most {@link CHECKS_KEPT_MS} old. */
  async checks(): Promise<readonly HealthCheck[]> {
    return (await this.ready()).checks;
  }

  async #look(): Promise<void> {
    const { store, worker } = this.#parts;
    const [{ authorizedSessions, miningSessions }] = await Promise.all([worker.summary(), store.look()]);
    this.#hasWork = authorizedSessions === 0 || miningSessions > 0;
  }
}
