import type { Ban, BanReach, BanRequest, BanResult } from '../../domain/ban.ts';
import type { EventKind, NumberedEvent } from '../../domain/event.ts';
import type { Recording, RecordingSummary, RecordResult } from '../../domain/recording.ts';
import type { RefusedLogin } from '../../domain/refused-login.ts';
import type { FleetTick, SessionDetail, SessionRow, WorkerReport } from '../../domain/report.ts';

/** The miners and pools of all workers as one. */
export interface FleetPort {
  /** Every session, total and pool; at most a second old. Two calls within that give the same object. */
  report(): Promise<WorkerReport>;
  /** Connections that have not logged in; at most a second old. */
  withoutLogin(): Promise<readonly SessionRow[]>;
  /** One session, as it is now; null where there is none of this id. */
  session(id: string): Promise<SessionDetail | null>;
  /** Disconnects a miner, which may come back; false where there is none of this id. */
  kick(id: string): Promise<boolean>;
  /** Every address and network that is refused. */
  bans(): Promise<readonly Ban[]>;
  /** Refuses an address or network (in its one spelling), and closes what comes from there. */
  ban(request: BanRequest): Promise<BanResult>;
  /** What a ban of this address or network would close. */
  banReach(address: string): Promise<BanReach>;
  /** True where it was banned. */
  unban(address: string): Promise<boolean>;
  /** Records what a miner says and is told, for so long. */
  record(id: string, seconds: number): Promise<RecordResult>;
  /** False where nothing was being recorded. */
  stopRecording(id: string): Promise<boolean>;
  /** Null where there is neither a session nor a recording of this id. */
  recorded(id: string): Promise<Recording | null>;
  /** Those that are being made, and those that have ended lately; the latest first. */
  recordings(): Promise<readonly RecordingSummary[]>;
  /** Logins of miners that were refused, the latest first. */
  refusedLogins(): Promise<readonly RefusedLogin[]>;
  /** Tells of the sums every second, until the function that it gives is called. However many watch, they are made once. */
  watch(watcher: (tick: FleetTick) => void): () => void;
}

/** What has happened. */
export interface EventsPort {
  /** The newest number that was given. */
  readonly lastId: number;
  /** A number for a message of a stream, in the same row as those of events. */
  takeId(): number;
  /** The newest first. `before`: only those with a smaller number; null: all, of whatever kind. */
  list(query: {
    readonly limit: number;
    readonly before: number | null;
    readonly kind: EventKind | null;
  }): Promise<{ readonly events: readonly NumberedEvent[]; readonly next: number | null }>;
  /** Those after this number that are still in memory, the oldest first. */
  since(id: number): readonly NumberedEvent[];
  /** Tells of every event from now on, until the function that it gives is called. */
  subscribe(listener: (event: NumberedEvent) => void): () => void;
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
