import type { AccountMode, AlgorithmFacts } from '../domain/account.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import type { PoolPattern, PoolSource } from '../domain/pool-pattern.ts';

/** What `POST /users` asks for. */
export interface Registration {
  readonly endpoint: Endpoint;
  readonly user: string;
  /** Secret. May be empty. */
  readonly password: string;
  /** Absent: not given. */
  readonly mode?: AccountMode;
  readonly label?: string;
}

export type RegisterResult =
  | { readonly kind: 'created' | 'existing'; readonly name: string }
  | { readonly kind: 'unknown-pool'; readonly endpoint: Endpoint }
  /** The same credentials are registered with other properties. The message names them and holds no secret. */
  | { readonly kind: 'conflict'; readonly message: string };

export interface AccountsPort {
  /** Resolves when the account is safe on disk. */
  register(registration: Registration): Promise<RegisterResult>;
}

/** One entry of the pool list as it is shown. */
export interface PoolView {
  /** `host:port`, `*.suffix:port` or `[IPv6]:port`. */
  readonly pool: string;
  readonly algorithm: string;
  readonly dialect: string;
  readonly tls: boolean;
  readonly label: string;
  /** Ticker of the coin, where the pool mines just one; may be empty. */
  readonly coin: string;
  readonly source: PoolSource;
}

export interface PoolQuery {
  readonly limit: number;
  /** `next` of the page before; null for the first page. */
  readonly after: number | null;
  /** Name or alias of an algorithm. */
  readonly algorithm: string | null;
  /** Lower case; found in `pool`, `label` or `coin`, whatever their case. */
  readonly search: string | null;
}

export interface PoolPage {
  readonly pools: readonly PoolView[];
  /** What to pass as `after` for the page that follows; null after the last. */
  readonly next: number | null;
}

/** What `POST /pools` asks for. */
export interface PoolAddition {
  readonly pattern: PoolPattern;
  readonly algorithm: string;
  readonly tls: boolean;
  /** Absent: the algorithm's first dialect. */
  readonly dialect?: string;
  readonly label?: string;
}

export type AddPoolResult =
  /** One view per port of the pattern. */
  | { readonly kind: 'created' | 'existing'; readonly pools: readonly PoolView[] }
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'unknown-algorithm'; readonly known: readonly string[] }
  | { readonly kind: 'unknown-dialect'; readonly known: readonly string[] };

export interface PoolsPort {
  /** Resolves when the pool is safe on disk. */
  add(addition: PoolAddition): Promise<AddPoolResult>;
  list(query: PoolQuery): Promise<PoolPage>;
}

export interface AlgorithmView extends AlgorithmFacts {
  /** Other names it is known by. */
  readonly aliases: readonly string[];
  /** Wire protocols it is mined with, the usual one first. */
  readonly dialects: readonly string[];
  /** What an operator should know of it; may be empty. */
  readonly note: string;
}

export interface AlgorithmsPort {
  /** Ordered by name. */
  list(): Promise<readonly AlgorithmView[]>;
}

/** One thing the proxy needs to do its work. */
export interface HealthCheck {
  /** A short stable word: `store`, `listener`, … */
  readonly name: string;
  readonly ready: boolean;
  /** What is wrong, for people; empty when ready. Holds no secret. */
  readonly message: string;
}

export interface HealthPort {
  ready(): Promise<{ readonly ready: boolean; readonly checks: readonly HealthCheck[] }>;
}

/** `text`: Prometheus text format 0.0.4. `openmetrics`: OpenMetrics 1.0.0. */
export type MetricsFormat = 'text' | 'openmetrics';

export interface MetricsPort {
  /** The exposition in chunks, made as they are asked for. Fails before its first chunk, or ends whole. */
  render(format: MetricsFormat): AsyncIterable<Uint8Array>;
}

/** All that the server needs from the rest of the program. */
export interface HttpPorts {
  readonly accounts: AccountsPort;
  readonly pools: PoolsPort;
  readonly algorithms: AlgorithmsPort;
  readonly health: HealthPort;
  readonly metrics: MetricsPort;
}
