import type { Ban, BanRequest, BanResult } from '../domain/ban.ts';
import { joinReports } from '../domain/join-reports.ts';
import type { Recording, RecordResult } from '../domain/recording.ts';
import type { FleetTick, SessionDetail, WorkerReport } from '../domain/report.ts';
import type { Clock } from '../kit/clock.ts';
import { FleetMonitor } from './fleet-monitor.ts';
import type { WorkerHandle } from './worker-handle.ts';

export interface FleetParts {
  readonly workers: readonly WorkerHandle[];
  readonly clock: Clock;
  /** Adds what was counted before this process began. Default: nothing. */
  readonly withPast?: (report: WorkerReport) => WorkerReport;
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
    const { workers, withPast = (joined) => joined } = this.#parts;
    const report = Promise.all(workers.map((worker) => worker.report())).then((all) =>
      withPast(joinReports(all)),
    );
    this.#report = { atMs: nowMs, report };
    return report;
  }

  /** One session, as it is now; null where there is none of this id. */
  async session(id: string): Promise<SessionDetail | null> {
    const found = await Promise.all(this.#parts.workers.map((worker) => worker.session(id)));
    return found.find((session) => session !== null) ?? null;
  }

  /** Disconnects a miner, which may come back; false where there is none of this id. */
  async kick(id: string): Promise<boolean> {
    const kicked = await this.#all((worker) => worker.kick(id));
    return kicked.includes(true);
  }

  /** Every address and network that is refused. */
  async bans(): Promise<readonly Ban[]> {
    const bans = (await this.#all((worker) => worker.bans())).flat();
    return [...new Map(bans.map((ban) => [ban.address, ban])).values()];
  }

  /** Refuses an address or network, and closes what comes from there. */
  async ban(request: BanRequest): Promise<BanResult> {
    const results = await this.#all((worker) => worker.ban(request));
    let closed = 0;
    for (const result of results) {
      if (result.kind === 'full') return result;
      closed += result.closed;
    }
    const [first] = results;
    return first?.kind === 'banned' ? { ...first, closed } : { kind: 'full' };
  }

  /** True where it was banned. */
  async unban(address: string): Promise<boolean> {
    return (await this.#all((worker) => worker.unban(address))).includes(true);
  }

  /** Records what a miner says and is told, for so long. */
  async record(id: string, seconds: number): Promise<RecordResult> {
    const results = await this.#all((worker) => worker.record(id, seconds));
    return results.find(({ kind }) => kind !== 'unknown') ?? { kind: 'unknown' };
  }

  /** False where nothing was being recorded. */
  async stopRecording(id: string): Promise<boolean> {
    return (await this.#all((worker) => worker.stopRecording(id))).includes(true);
  }

  /** Null where there is neither a session nor a recording of this id. */
  async recorded(id: string): Promise<Recording | null> {
    const found = (await this.#all((worker) => worker.recorded(id))).filter((one) => one !== null);
    return found.find(({ lines }) => lines.length > 0) ?? found[0] ?? null;
  }

  /** Tells every worker. What was known of the miners may be out of date then. */
  #all<Answer>(ask: (worker: WorkerHandle) => Promise<Answer>): Promise<Answer[]> {
    this.#report = null;
    return Promise.all(this.#parts.workers.map(ask));
  }

  /** Tells of the sums every second, until the function that it gives is called. */
  watch(watcher: (tick: FleetTick) => void): () => void {
    return this.#monitor.watch(watcher);
  }

  stop(): void {
    this.#monitor.stop();
  }
}
