import type { Kysely } from 'kysely';
import type { DifficultyBounds } from '../../domain/account.ts';
import type { Tables } from '../schema.ts';
import type { AccountRefusal, CredentialsRequest } from '../store.ts';
import { resolvePool } from './pools.ts';

/**
 * Whether an account can have these entries: all of one algorithm, and those that are new in the pool list. `isNew` tells by position;
 * one that was there before may have left the list since, and is passed over.
 */
export async function refuseEntries(
  db: Kysely<Tables>,
  entries: readonly CredentialsRequest[],
  isNew: (position: number) => boolean,
): Promise<AccountRefusal | null> {
  let expected: string | null = null;
  for (const [position, { endpoint }] of entries.entries()) {
    const pool = await resolvePool(db, endpoint);
    if (pool === null) {
      if (isNew(position)) return { kind: 'unknown-pool', endpoint };
      continue;
    }
    const algorithm = pool.algorithm.name;
    expected ??= algorithm;
    if (algorithm !== expected) return { kind: 'mixed-algorithms', endpoint, algorithm, expected };
  }
  return null;
}

export function refuseDifficulty({ min, max }: DifficultyBounds): AccountRefusal | null {
  return min !== null && max !== null && min > max ? { kind: 'difficulty-range', min, max } : null;
}
