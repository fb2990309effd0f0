/** An API token as it is stored: never the token itself. */
export interface TokenRecord {
  readonly id: number;
  /** SHA-256 of the token in 64 lower-case hex digits. */
  readonly sha256: string;
  /** A `TokenScope` of the API. */
  readonly scope: string;
  readonly label: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly createdAtMs: number;
  /** The same; null: never. */
  readonly expiresAtMs: number | null;
}

/** What `addToken` is asked for. */
export type TokenRequest = Omit<TokenRecord, 'id' | 'createdAtMs'>;

/** API tokens, by their hashes. */
export interface TokenStore {
  addToken(request: TokenRequest): Promise<TokenRecord>;
  /** Ordered by id, expired ones too. */
  listTokens(): Promise<readonly TokenRecord[]>;
  /** Null where there is none of this id. Ids are never used again. */
  deleteToken(id: number): Promise<TokenRecord | null>;
}
