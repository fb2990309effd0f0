import type { WorkerHandle } from '../fleet/worker-handle.ts';
import type { HealthCheck, HealthPort } from '../http/ports.ts';
import type { Clock } from '../kit/clock.ts';
import type { Store } from '../store/store.ts';

/** A scrape and a health probe in the same moment share one look at the store. */
const CHECKS_KEPT_MS = 2000;
const CHECK_MS = 1000;

export interface ReadinessParts {
  readonly store: Pick<Store, 'check'>;
  readonly worker: Pick<WorkerHandle, 'report'>;
  readonly clock: Clock;
}

/** Whether the proxy can do its work: the store answers, it is not ending, and its miners have jobs. */
export class Readiness implements HealthPort {
  readonly #parts: ReadinessParts;
  #known: { readonly atMs: number; readonly checks: readonly HealthCheck[] } | null = null;
  #isStopping = false;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  /** Not ready from now on. */
  onStopping(): void {
    this.#isStopping = true;
    this.#known = null;
  }

  async ready(): Promise<{ readonly ready: boolean; readonly checks: readonly HealthCheck[] }> {
    const checks = await this.checks();
    return { ready: checks.every(({ ready }) => ready), checks };
  }

  /** At most {@link CHECKS_KEPT_MS} old. */
  async checks(): Promise<readonly HealthCheck[]> {
    const { store, worker, clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (this.#known !== null && nowMs - this.#known.atMs < CHECKS_KEPT_MS) return this.#known.checks;
    const { facts } = await worker.report();
    const hasWork = facts.accountsInUse === 0 || facts.accountsWithJob > 0;
    const checks = [
      await checkOf('store', () => store.check()),
      { name: 'stratum', ready: !this.#isStopping, message: this.#isStopping ? 'shutting down' : '' },
      {
        name: 'work',
        ready: hasWork,
        message: hasWork ? '' : 'miners are connected, but no pool gives any of them a job',
      },
    ];
    this.#known = { atMs: nowMs, checks };
    return checks;
  }
}

/** A check that has not passed within {@link CHECK_MS} fails: whoever asks is waiting for the answer. */
async function checkOf(name: string, check: () => Promise<void>): Promise<HealthCheck> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const why = `no answer within ${CHECK_MS} ms: another process may hold it locked, or the disk is too slow`;
  const timer = setTimeout(() => reject(new Error(why)), CHECK_MS);
  try {
    await Promise.race([check(), late]);
    return { name, ready: true, message: '' };
  } catch (error) {
    return { name, ready: false, message: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
