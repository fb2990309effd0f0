/** One change that somebody made. Holds no secret. */
export interface AuditRecord {
  readonly id: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
  /** The token that it was made with, `local` without one, `proxy` for what the program does by itself. */
  readonly who: string;
  /** IP address, or `command line`; empty for the program itself. */
  readonly origin: string;
  /** A short stable word such as `pool-added`. */
  readonly action: string;
  /** What was changed: a name, an address, an id; may be empty. */
  readonly target: string;
  /** JSON: what was given, or what came of it. */
  readonly change: string;
}

export type AuditRequest = Omit<AuditRecord, 'id' | 'atMs'>;

export interface AuditPage {
  readonly limit: number;
  /** Id of the last entry of the page before: older ones follow. */
  readonly after?: number | undefined;
}

/** Who changed what, and when. */
export interface AuditStore {
  addAudit(request: AuditRequest): Promise<void>;
  /** The newest first. */
  listAudit(page: AuditPage): Promise<readonly AuditRecord[]>;
  /** Removes what is older; gives how many. `atMs`: milliseconds since 1970-01-01 UTC. */
  dropAuditBefore(atMs: number): Promise<number>;
}
