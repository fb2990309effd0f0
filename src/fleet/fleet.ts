import { joinReports } from '../domain/join-reports.ts';
import type { FleetTick, SessionDetail, WorkerReport } from '../domain/report.ts';
import type { Clock } from '../kit/clock.ts';
import { FleetMonitor } from './fleet-monitor.ts';
import type { WorkerHandle } from './supervisor.ts';

export interface FleetParts {
  readonly workers: readonly WorkerHandle[];
  readonly clock: Clock;
}

/** A look at everything costs something for every miner: those who ask within this share one. */
const REPORT_KEPT_MS = 1000;

/** All workers as one, for the operator: what they say of themselves, and what they are told to do. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #monitor: FleetMonitor;
  #report: { readonly atMs: number; readonly report: Promise<WorkerReport> } | null = null;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#monitor = new FleetMonitor(parts);
  }

  /** Every session, total and pool; at most a second old. */
  report(): Promise<WorkerReport> {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#report !== null && nowMs - this.#report.atMs < REPORT_KEPT_MS) return this.#report.report;
    const report = Promise.all(this.#parts.workers.map((worker) => worker.report())).then(joinReports);
    this.#report = { atMs: nowMs, report };
    return report;
  }

  /** One session, as it is now; null where there is none of this id. */
  async session(id: string): Promise<SessionDetail | null> {
    const found = await Promise.all(this.#parts.workers.map((worker) => worker.session(id)));
    return found.find((session) => session !== null) ?? null;
  }

  /** Tells of the sums every second, until the function that it gives is called. */
  watch(watcher: (tick: FleetTick) => void): () => void {
    return this.#monitor.watch(watcher);
  }

  stop(): void {
    this.#monitor.stop();
  }
}
