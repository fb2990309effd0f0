/** A login of a miner that was refused, as often as it was. Times: milliseconds since 1970-01-01 UTC. */
export interface RefusedLogin {
  /** The IP address it came from. */
  readonly address: string;
  /** The user name as the miner gave it, cut to 64 characters. */
  readonly name: string;
  readonly agent: string;
  readonly dialect: string;
  /** What the miner was told. */
  readonly reason: string;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}
