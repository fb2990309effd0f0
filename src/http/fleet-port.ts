import type { SessionDetail, WorkerReport } from '../domain/report.ts';

/** The miners and pools of all workers as one. */
export interface FleetPort {
  /** Every session, total and pool; at most a second old. Two calls within that give the same object. */
  report(): Promise<WorkerReport>;
  /** One session, as it is now; null where there is none of this id. */
  session(id: string): Promise<SessionDetail | null>;
}

/** A socket that is listened on. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** A Stratum port and what is settled about its miners; null: nothing. */
export interface StratumListener extends ListenAddress {
  readonly dialect: string | null;
  readonly account: string | null;
  readonly tls: string;
}

/** The process and what it listens on. Null: not to be had on this system. */
export interface ServerFacts {
  readonly version: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly startedAtMs: number;
  readonly uptimeSeconds: number;
  readonly node: string;
  readonly platform: string;
  readonly processId: number;
  readonly stratum: ListenAddress;
  readonly web: ListenAddress;
  /** The further Stratum ports. */
  readonly listeners: readonly StratumListener[];
  readonly memory: { readonly rssBytes: number; readonly heapUsedBytes: number };
  readonly openFiles: { readonly used: number | null; readonly limit: number | null };
  /** How late turns of the event loop were over the last minute; null before anything was measured. */
  readonly eventLoopDelaySeconds: { readonly p50: number; readonly p99: number } | null;
  readonly store: { readonly kind: string };
}

export interface ServerPort {
  read(): Promise<ServerFacts>;
}
