/** What the data file of the original program says: its tables `hashes`, `pools` and `users`, as they were read. */
export interface Seed {
  readonly pools: readonly SeedPool[];
  readonly accounts: readonly SeedAccount[];
}

export interface SeedPool {
  readonly host: string;
  readonly port: number;
  /** The name of its algorithm, such as `sha256`; null where its row is missing. */
  readonly algorithm: string | null;
  /** Of a share of difficulty 1: `2^32 / divider` hashes; null where the row is missing. */
  readonly divider: number | null;
}

/** One registration. Its password is a secret. */
export interface SeedAccount {
  /** 16 hex digits in what that program made by itself. */
  readonly name: string;
  /** Null where the row of its pool is missing. */
  readonly pool: { readonly host: string; readonly port: number } | null;
  readonly user: string;
  readonly password: string;
}
