import type { ApiToken } from './auth.ts';

/** How much of everything a client may take. */
export interface HttpLimits {
  /** Largest body of a request, in bytes. */
  readonly bodyBytes: number;
  /** API requests per minute and address (an IPv6 /64 counts as one); 0: no limit. Health and metrics do not count. */
  readonly requestsPerMinute: number;
  /** Unknown tokens per minute and address, before 401 becomes 429. */
  readonly failedTokensPerMinute: number;
  /** Connections at once; what is above is closed unanswered. */
  readonly connections: number;
  /** Time for the headers of a request, for a whole request, and between two requests, in milliseconds. */
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  /** Expositions that are written at once, and the time for one, in milliseconds. */
  readonly scrapes: number;
  readonly scrapeMs: number;
  /** Listeners of the live stream at once. */
  readonly streams: number;
  /** How long `close` waits for what is being answered before it cuts connections, in milliseconds. */
  readonly closeMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  bodyBytes: 65_536,
  requestsPerMinute: 600,
  failedTokensPerMinute: 20,
  connections: 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 65_000,
  scrapes: 4,
  scrapeMs: 60_000,
  streams: 64,
  closeMs: 5_000,
};

export interface HttpOptions {
  /** Null: every address of the machine. */
  readonly host: string | null;
  /** Other machines reach it: without a token nothing is allowed then. Absent: they do not. */
  readonly isExposed?: boolean;
  /** 0: any free port. */
  readonly port: number;
  /** The program's version, for `GET /version` and the API description. */
  readonly version: string;
  /** Without tokens everything is allowed: the caller sees to it that only loopback addresses are listened on then. */
  readonly tokens: readonly ApiToken[];
  /** Further names the API is called by; `*.suffix` for all below. */
  readonly allowedHosts: readonly string[];
  /** Whose `X-Forwarded-For` is believed. Default: nobody's. */
  readonly trustedProxies?: { has(address: string): boolean };
  readonly limits?: Partial<HttpLimits>;
}
