import { type Ban, type BanReach, type BanRequest, type BanResult, MOST_BANS } from '../domain/ban.ts';
import { joinReports } from '../domain/join-reports.ts';
import type { Recording, RecordingSummary, RecordResult } from '../domain/recording.ts';
import type { RefusedLogin } from '../domain/refused-login.ts';
import type { FleetTick, SessionDetail, SessionRow, WorkerReport } from '../domain/report.ts';
import type { Clock } from '../kit/clock.ts';
import { FleetMonitor } from './fleet-monitor.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** Where the operator's bans are kept beyond the end of the process. Rejects where they cannot be. */
export interface BanKeeping {
  /** Puts it in the place of one of the same address. */
  put(ban: Ban): Promise<void>;
  delete(address: string): Promise<unknown>;
}

export interface FleetParts {
  readonly workers: readonly WorkerHandle[];
  readonly clock: Clock;
  readonly bans: BanKeeping;
  /** Adds what was counted before this process began. Default: nothing. */
  readonly withPast?: (report: WorkerReport) => WorkerReport;
}

/** A look at everything costs something for every miner: those who ask within this share one. */
const REPORT_KEPT_MS = 1000;

/** All workers as one, for the operator: what they say of themselves, and what they are told to do. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #monitor: FleetMonitor;
  #withoutLogin: { readonly atMs: number; readonly rows: Promise<readonly SessionRow[]> } | null = null;
  /** Changes of bans are made one after another, so that what is kept and what is refused stay the same. */
  #banTurn: Promise<unknown> = Promise.resolve();
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

  /** Connections that have not logged in; at most a second old. */
  withoutLogin(): Promise<readonly SessionRow[]> {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#withoutLogin !== null && nowMs - this.#withoutLogin.atMs < REPORT_KEPT_MS)
      return this.#withoutLogin.rows;
    const rows = Promise.all(this.#parts.workers.map((worker) => worker.withoutLogin())).then((all) =>
      all.flat(),
    );
    this.#withoutLogin = { atMs: nowMs, rows };
    return rows;
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

  /** Refuses an address or network, and closes what comes from there. Nothing has happened where the ban cannot be kept, which rejects. */
  ban({ address, seconds, reason }: BanRequest): Promise<BanResult> {
    return this.#changeBans(async (own) => {
      if (own.size >= MOST_BANS && !own.has(address)) return { kind: 'full' };
      const untilMs = seconds === null ? null : this.#parts.clock.wallMs() + seconds * 1000;
      const ban: Ban = { address, untilMs, reason, by: 'operator' };
      await this.#parts.bans.put(ban);
      const closed = await this.#all((worker) => worker.ban(ban));
      return { kind: 'banned', ban, closed: joined(closed) };
    });
  }

  /** What a ban of this address or network would close. */
  async banReach(address: string): Promise<BanReach> {
    return joined(await Promise.all(this.#parts.workers.map((worker) => worker.banReach(address))));
  }

  /** True where it was banned. */
  unban(address: string): Promise<boolean> {
    return this.#changeBans(async (own) => {
      if (own.has(address)) await this.#parts.bans.delete(address);
      return (await this.#all((worker) => worker.unban(address))).includes(true);
    });
  }

  /** `own`: addresses of the operator's bans that hold. */
  #changeBans<Result>(change: (own: ReadonlySet<string>) => Promise<Result>): Promise<Result> {
    const turn = this.#banTurn.then(async () => {
      const bans = (await this.#all((worker) => worker.bans())).flat();
      return change(new Set(bans.filter(({ by }) => by === 'operator').map(({ address }) => address)));
    });
    this.#banTurn = turn.catch(() => undefined);
    return turn;
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

  /** Those that are being made, and those that have ended lately; the latest first. */
  async recordings(): Promise<readonly RecordingSummary[]> {
    const all = (await Promise.all(this.#parts.workers.map((worker) => worker.recordings()))).flat();
    return all.sort((a, b) => b.sinceMs - a.sinceMs);
  }

  /** Logins of miners that were refused, the latest first. */
  async refusedLogins(): Promise<readonly RefusedLogin[]> {
    const all = (await Promise.all(this.#parts.workers.map((worker) => worker.refusedLogins()))).flat();
    return all.sort((a, b) => b.lastAtMs - a.lastAtMs);
  }

  /** Tells every worker. What was known of the miners may be out of date then. */
  #all<Answer>(ask: (worker: WorkerHandle) => Promise<Answer>): Promise<Answer[]> {
    this.#report = null;
    this.#withoutLogin = null;
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

function joined(reaches: readonly BanReach[]): BanReach {
  return {
    connections: reaches.reduce((sum, { connections }) => sum + connections, 0),
    accounts: [...new Set(reaches.flatMap(({ accounts }) => accounts))],
  };
}
