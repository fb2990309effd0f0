/** An address or network that the operator has banned. */
export interface BanRecord {
  /** In its one spelling. */
  readonly address: string;
  /** Milliseconds since 1970-01-01 UTC; null: without end. */
  readonly untilMs: number | null;
  readonly reason: string;
}

/** The operator's bans. */
export interface BanStore {
  /** Puts it in the place of one of the same address. */
  putBan(ban: BanRecord): Promise<void>;
  /** Those that hold, ordered by address. The others are removed. */
  listBans(): Promise<readonly BanRecord[]>;
  /** False where there was none of this address. */
  deleteBan(address: string): Promise<boolean>;
}
