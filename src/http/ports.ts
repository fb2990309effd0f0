import type { HistoryScope } from '../domain/history.ts';
import type { ShareCounts, WorkerReport } from '../domain/report.ts';
import type { AccountsPort } from './ports/accounts.ts';
import type { AlgorithmsPort } from './ports/algorithms.ts';
import type { EventsPort, FleetPort, ServerPort } from './ports/fleet.ts';
import type { ManagePorts } from './ports/manage.ts';
import type { PoolsPort, PoolTestsPort } from './ports/pools.ts';

/** One thing the proxy needs to do its work. */
export interface HealthCheck {
  /** A short stable word: `store`, `listener`, … */
  readonly name: string;
  readonly ready: boolean;
  /** What is wrong, for people; empty when ready. Holds no secret. */
  readonly message: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly HealthCheck[];
}

export interface HealthPort {
  /** As it was found last, without a new look. */
  readonly known: Readiness;
  /** As it is now; at most two seconds old. */
  ready(): Promise<Readiness>;
}

/** `text`: Prometheus text format 0.0.4. `openmetrics`: OpenMetrics 1.0.0. */
export type MetricsFormat = 'text' | 'openmetrics';

export interface MetricsPort {
  /** The exposition in chunks, made as they are asked for. Fails before its first chunk, or ends whole. */
  render(format: MetricsFormat): AsyncIterable<Uint8Array>;
}

export interface ReportsPort {
  /** What every worker says of itself now, with totals of all runs of the program. Costs something for every connected miner. */
  read(): Promise<readonly WorkerReport[]>;
}

/** The sum of one bucket of one algorithm. */
export interface HistoryPointView {
  /** When it begins, in milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
  readonly algorithm: string;
  /** Hashes behind the credited shares. */
  readonly work: number;
  readonly hashrateHs: number;
  readonly counts: Partial<ShareCounts>;
}

export interface HistoryPort {
  /** What was mined in the scope, up to ten seconds ago; by time, without empty buckets. */
  read(
    scope: HistoryScope,
    range: { readonly fromMs: number; readonly toMs: number },
  ): Promise<{
    readonly stepSeconds: number;
    /** The range in whole steps. */
    readonly fromMs: number;
    readonly toMs: number;
    readonly points: readonly HistoryPointView[];
  }>;
}

/** Why what stands behind the ports cannot be used at the moment: locked by another process, no room on its disk, or not there at all. */
export type StoreOutage = 'busy' | 'full' | 'down';

export interface FaultsPort {
  /** What the rejection of a port's call means; null for a fault of the program. */
  outageOf(thrown: unknown): StoreOutage | null;
}

/** All that the server needs from the rest of the program. */
export interface HttpPorts {
  readonly accounts: AccountsPort;
  readonly pools: PoolsPort;
  readonly poolTests: PoolTestsPort;
  readonly algorithms: AlgorithmsPort;
  readonly health: HealthPort;
  readonly metrics: MetricsPort;
  readonly reports: ReportsPort;
  readonly fleet: FleetPort;
  readonly events: EventsPort;
  readonly server: ServerPort;
  readonly history: HistoryPort;
  readonly faults: FaultsPort;
  readonly manage: ManagePorts;
}
