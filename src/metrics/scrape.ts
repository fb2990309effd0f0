import { addPools, addTotals, foldFacts } from '../domain/join-reports.ts';
import type { PoolRow, TotalRow, WorkerFacts, WorkerReport } from '../domain/report.ts';
import { foldMiners, type MinerRows } from './miner-rows.ts';
import type { ProcessFacts } from './process-monitor.ts';

/** One thing the proxy needs to do its work, and whether it is there. */
export interface ReadyCheck {
  /** A short stable word: `store`, … */
  readonly name: string;
  readonly ready: boolean;
}

export interface BuildFacts {
  /** The proxy's version. */
  readonly version: string;
  /** When this process began, in milliseconds since 1970-01-01 UTC. */
  readonly startedAtMs: number;
}

/** How the last attempt to read the configuration went. */
export interface ReloadFacts {
  readonly isSuccessful: boolean;
  /** When it last succeeded, in milliseconds since 1970-01-01 UTC. */
  readonly succeededAtMs: number;
}

/** All that one exposition is made from. */
export interface ScrapeInput {
  /** The label `proxy`. */
  readonly tag: string;
  /** Above so many sessions, or twice as many rows with those of the last minute, the per-miner series are left out. */
  readonly maxWorkers: number;
  /** One per worker process. */
  readonly reports: readonly WorkerReport[];
  readonly checks: readonly ReadyCheck[];
  readonly process: ProcessFacts;
  readonly build: BuildFacts;
  readonly lastReload: ReloadFacts;
}

/** The reports of all workers folded together: every label set once. */
export interface Scrape extends Omit<ScrapeInput, 'reports'> {
  /** True when the per-miner series are left out; there are no miner rows then. */
  readonly suppressed: boolean;
  readonly miners: MinerRows;
  readonly pools: readonly PoolRow[];
  readonly totals: readonly TotalRow[];
  readonly facts: WorkerFacts;
}

/**
 * Rows of what is over are kept for a minute: a farm that reconnects as a whole doubles them for that long, which the
 * per-miner series bear. More than that is churn without end, which they do not.
 */
const ROWS_PER_SESSION = 2;

/**
 * Folds the reports. A generator because there may be a hundred thousand rows: it yields after each, so that the
 * caller can pause.
 */
export function* foldReports(input: ScrapeInput): Generator<undefined, Scrape, undefined> {
  const { reports } = input;
  const facts = foldFacts(reports.map((report) => report.facts));
  const rows = reports.reduce((sum, report) => sum + report.sessions.length, 0);
  const suppressed = facts.sessions > input.maxWorkers || rows > ROWS_PER_SESSION * input.maxWorkers;
  const miners = yield* foldMiners(suppressed ? [] : reports.map((report) => report.sessions));
  const pools = new Map<string, PoolRow>();
  const totals = new Map<string, TotalRow>();
  for (const report of reports) {
    for (const row of report.pools) {
      const key = `${row.pool}\n${row.algorithm}`;
      const known = pools.get(key);
      pools.set(key, known === undefined ? row : addPools(known, row));
    }
    for (const row of report.totals) {
      const key = `${row.account}\n${row.pool}\n${row.algorithm}`;
      const known = totals.get(key);
      totals.set(key, known === undefined ? row : addTotals(known, row));
      yield;
    }
  }
  return {
    tag: input.tag,
    maxWorkers: input.maxWorkers,
    checks: input.checks,
    process: input.process,
    build: input.build,
    lastReload: input.lastReload,
    suppressed,
    miners,
    pools: [...pools.values()],
    totals: [...totals.values()],
    facts,
  };
}
