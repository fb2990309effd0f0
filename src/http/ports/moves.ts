import type { Endpoint } from '../../domain/endpoint.ts';
import type { AccountRefusal } from './accounts.ts';

/** Every account that mines at one pool is to mine at another. */
export interface PoolMove {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** User name at the new pool, `{user}` in it standing for the one at the old; null: the same. */
  readonly user: string | null;
  /** Nothing is changed: what would happen is told. */
  readonly dryRun: boolean;
}

/** Why no account at all can be moved so. */
export type PoolMoveRefusal =
  | { readonly kind: 'same-pool' }
  /** The new pool is not in the pool list. */
  | { readonly kind: 'unknown-pool'; readonly endpoint: Endpoint }
  /** The new pool mines `algorithm`, the old one `expected`. */
  | { readonly kind: 'other-algorithm'; readonly algorithm: string; readonly expected: string };

export type PoolMoveResult =
  | {
      readonly kind: 'done';
      /** Names of those that were moved, or would be. */
      readonly moved: readonly string[];
      /** Those that stay as they are, and why. */
      readonly failures: readonly { readonly name: string; readonly refusal: AccountRefusal }[];
    }
  | PoolMoveRefusal;

/** Accounts by the many, from pool to pool. */
export interface PoolMovesPort {
  /** Resolves when all is safe on disk and has begun to reach the miners. Each account is moved by itself. `by`: whoever asks for it, as the audit log names them; absent: not known. */
  move(move: PoolMove, by?: string): Promise<PoolMoveResult>;
}
