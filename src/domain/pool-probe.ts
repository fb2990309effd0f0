import type { PoolOptions } from './pool-options.ts';

/** What is to be found out of a pool. Plain data: it crosses the boundary between processes. */
export interface PoolProbe {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly options: PoolOptions;
  /** Null: the pool is asked only what can be asked without a login. The password is a secret; it may be empty. */
  readonly login: { readonly user: string; readonly password: string } | null;
  /** What the pool may speak, the likeliest first; never empty. */
  readonly dialects: readonly string[];
  /** What the login says is mined, by its name in the catalogue; null: nothing, and the pool decides. */
  readonly algorithm: string | null;
}

export const PROBE_STEPS = ['connect', 'proxy', 'tls', 'dialect', 'login', 'first-job'] as const;

/**
 * Where a probe ended. `connect`, `proxy`, `tls`: no way to the pool. `dialect`: connected, and nothing was said that makes sense. `login`: the pool does not take it, or says
 * nothing more without one. `first-job`: logged in, and nothing to mine.
 */
export type ProbeStep = (typeof PROBE_STEPS)[number];

export interface ProbeFailure {
  readonly step: ProbeStep;
  /** What is wrong and what to do about it, for people; holds no secret. */
  readonly message: string;
  /** The pool's own words and number, where it has refused something; null where it has said nothing. */
  readonly poolMessage: string | null;
  readonly poolCode: number | null;
}

/** What was found out. Durations are in milliseconds, of the connection that got furthest. */
export interface PoolFinding {
  /** A connection came about, with TLS and the proxy on the way where there are such. */
  readonly reachable: boolean;
  /** IP address that was connected to; null where there was none, and where a proxy is on the way. */
  readonly address: string | null;
  /** Null where there was no handshake. `fingerprint`: SHA-256 of the pool's certificate, 64 lower-case hex digits. */
  readonly tls: { readonly protocol: string; readonly fingerprint: string } | null;
  readonly connectMs: number | null;
  /** From the connection to the last answer that a login needs. */
  readonly loginMs: number | null;
  /** From the connection to the first job. */
  readonly firstJobMs: number | null;
  /** What the pool speaks, as far as that is clear: null where its answers fit none of those it was asked in, or several. */
  readonly dialect: string | null;
  /** A job of the dialect has come: no other's looks like it. Else its answers fit no other that was thought of. */
  readonly isDialectProven: boolean;
  /** All that its answers fit, {@link PoolFinding.dialect} among them. */
  readonly possibleDialects: readonly string[];
  /** The algorithm that the first job named, in the words of `PoolDialect.namedAlgorithm`. */
  readonly namedAlgorithm: string | null;
  /** The one, by its name in the catalogue, that the first job can only have. */
  readonly impliedAlgorithm: string | null;
  /** What the pool demanded for the first job, as a number where it said one; hashes behind a share where it said a target. */
  readonly difficulty: number | null;
  readonly hashesPerShare: number | null;
  /** Bytes that the pool fixes of the nonce space, and that it leaves; null where the dialect divides none. */
  readonly extranonce1Bytes: number | null;
  readonly extranonce2Bytes: number | null;
  /** 8 hex digits: version bits that may be rolled; null where rolling was not asked for or not granted. */
  readonly versionMask: string | null;
  /** Null where all went well. */
  readonly failure: ProbeFailure | null;
}
