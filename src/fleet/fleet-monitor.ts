import { joinSummaries } from '../domain/join-reports.ts';
import { RecentShares } from '../domain/recent-shares.ts';
import { RecentWork } from '../domain/recent-work.ts';
import type { FleetTick } from '../domain/report.ts';
import type { Clock } from '../kit/clock.ts';
import type { WorkerHandle } from './worker-handle.ts';

const WATCHED_MS = 1000;
/** Of the looks without anybody to show them to: rates are to be there when somebody comes. */
const UNWATCHED_TICKS = 10;

/** Looks at the sums of all workers: every second while somebody watches, once for all of them; else every ten seconds. */
export class FleetMonitor {
  readonly #workers: readonly WorkerHandle[];
  readonly #clock: Clock;
  readonly #watchers = new Set<(tick: FleetTick) => void>();
  readonly #shares = new RecentShares();
  readonly #work: RecentWork;
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #isLooking = false;

  constructor(parts: { readonly workers: readonly WorkerHandle[]; readonly clock: Clock }) {
    this.#workers = parts.workers;
    this.#clock = parts.clock;
    this.#work = new RecentWork(parts.clock.monotonicMs());
    this.#timer = setInterval(() => this.#onTimer(), WATCHED_MS).unref();
  }

  /** Tells of every look from now on, until the function that it gives is called. */
  watch(watcher: (tick: FleetTick) => void): () => void {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) void this.#look();
    return () => this.#watchers.delete(watcher);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#watchers.clear();
  }

  #onTimer(): void {
    this.#ticks += 1;
    if (this.#watchers.size > 0 || this.#ticks % UNWATCHED_TICKS === 1) void this.#look();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const summary = joinSummaries(await Promise.all(this.#workers.map((worker) => worker.summary())));
      const nowMs = this.#clock.monotonicMs();
      const recent = this.#shares.add(summary, nowMs);
      const lastHour = this.#work.add(summary, nowMs);
      const tick = { atMs: this.#clock.wallMs(), summary, recent, lastHour };
      for (const watcher of this.#watchers) watcher(tick);
    } finally {
      this.#isLooking = false;
    }
  }
}
