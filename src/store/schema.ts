import type { Generated } from 'kysely';

/**
 * The tables as the newest migration leaves them. Portable types only: times are milliseconds since 1970-01-01 UTC in a bigint,
 * booleans 0 or 1, lists JSON text. No table is called `hashes`, `pools` or `users`: those are the original program's.
 */
export interface Tables {
  readonly schema_versions: SchemaVersionsTable;
  readonly algorithms: AlgorithmsTable;
  readonly algorithm_aliases: AlgorithmAliasesTable;
  readonly pool_entries: PoolEntriesTable;
  readonly accounts: AccountsTable;
  readonly account_entries: AccountEntriesTable;
  readonly catalogue_state: CatalogueStateTable;
  readonly health_probe: HealthProbeTable;
  readonly share_totals: ShareTotalsTable;
  readonly history_series: HistorySeriesTable;
  readonly history_blocks: HistoryBlocksTable;
  readonly api_tokens: ApiTokensTable;
  readonly audit_entries: AuditEntriesTable;
  readonly operator_bans: OperatorBansTable;
  readonly events: EventsTable;
}

export interface SchemaVersionsTable {
  version: number;
  name: string;
  applied_at_ms: number;
}

export interface AlgorithmsTable {
  name: string;
  divider: number;
  unit: string;
  /** JSON array of dialect names, the default first. */
  dialects: string;
  note: string;
  source: string;
  /** JSON object of what an operator says otherwise than the catalogue; null: nothing. The columns above hold what is in force. */
  overrides: string | null;
  /** JSON object of what the catalogue says, kept while there are overrides; else null. */
  shipped: string | null;
}

export interface AlgorithmAliasesTable {
  alias: string;
  algorithm: string;
}

/** One row per port of an entry, so that the unique index on (source, host, port) can say what a conflict is. */
export interface PoolEntriesTable {
  id: Generated<number>;
  /** A canonical host or `*.suffix`. */
  host: string;
  port: number;
  algorithm: string;
  /** Null: the algorithm's default. */
  dialect: string | null;
  tls: number;
  label: string;
  coin: string;
  source: string;
  created_at_ms: number;
  /** JSON object of the options that are set; the operator's, whatever the source. */
  options: Generated<string>;
  /** An `AlgorithmSource`: how an operator's entry came by its algorithm. */
  algorithm_from: Generated<string>;
  /** 1: of the catalogue, and taken off the list by an operator. */
  hidden: Generated<number>;
}

export interface AccountsTable {
  name: string;
  label: string;
  mode: string;
  /** Unique: what makes a registration the same; see `credentialsKey`. */
  credentials_key: string;
  created_at_ms: number;
  /** Null: no bound. */
  difficulty_min: number | null;
  difficulty_max: number | null;
  /** Null: what is configured for all. */
  shares_per_minute: number | null;
  worker_template: string;
  /** 1 at first, one more with every change. */
  revision: number;
  changed_at_ms: number;
  /** Null: no miner has been here for it since this is noted. */
  last_seen_at_ms: number | null;
  /** Since when it has been of no use: when it was last seen, registered or changed. */
  idle_since_ms: number;
}

export interface AccountEntriesTable {
  account: string;
  /** 0 is the primary. */
  position: number;
  /** Concrete and canonical; what the pool is gets resolved when read. */
  host: string;
  port: number;
  username: string;
  password: string;
}

export interface CatalogueStateTable {
  id: number;
  content_hash: string;
  applied_at_ms: number;
}

export interface HealthProbeTable {
  id: number;
  checked_at_ms: number;
}

/** What was counted for one (account, pool, algorithm) over all runs of the program. */
export interface ShareTotalsTable {
  account: string;
  pool: string;
  algorithm: string;
  received: number;
  /** JSON object of the results that occurred. */
  counts: string;
  work: number;
  work_found: number;
  work_at_pool: number;
  shares_at_pool: number;
  changed_at_ms: number;
}

/** What a place in the history's blocks stands for; see `sql/history-levels.ts`. */
export interface HistorySeriesTable {
  level: number;
  /** Counts up from 0 in each level; says which block, and where in it. */
  number: number;
  /** Of the level and the four labels: short, so that its index is. */
  label_hash: string;
  account: string;
  worker: string;
  pool: string;
  algorithm: string;
  /** When it was last written to, in days since 1970-01-01 UTC. */
  last_day: number;
}

/** What some neighbouring series of a level did in one bucket; see `sql/history-block.ts`. */
export interface HistoryBlocksTable {
  step_seconds: number;
  level: number;
  /** When it begins, in seconds since 1970-01-01 UTC. */
  bucket: number;
  chunk: number;
  data: Uint8Array;
}

export interface ApiTokensTable {
  id: Generated<number>;
  /** 64 lower-case hex digits. */
  sha256: string;
  scope: string;
  label: string;
  created_at_ms: number;
  /** Null: never. */
  expires_at_ms: number | null;
}

export interface AuditEntriesTable {
  id: Generated<number>;
  at_ms: number;
  who: string;
  origin: string;
  action: string;
  target: string;
  /** JSON. */
  change: string;
}

export interface OperatorBansTable {
  /** An address or network in its one spelling. */
  address: string;
  /** Null: without end. */
  until_ms: number | null;
  reason: string;
}

export interface EventsTable {
  id: number;
  at_ms: number;
  kind: string;
  count: number;
  is_folded: number;
  /** JSON. */
  event: string;
}
