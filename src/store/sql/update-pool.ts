import type { Kysely } from 'kysely';
import { type Endpoint } from '../../domain/endpoint.ts';
import { lacksDifficulty } from '../../domain/pool-options.ts';
import { canonicalHost } from '../../domain/pool-pattern.ts';
import type { Tables } from '../schema.ts';
import type { PoolChange, UpdatePoolResult } from '../store.ts';
import { formatPoolOptions } from './pool-options.ts';
import { entriesAt, toPoolRecord } from './pools.ts';

/** See `Store.updatePool`; to be run in a transaction. */
export async function updatePool(
  db: Kysely<Tables>,
  { host, port }: Endpoint,
  change: PoolChange,
): Promise<UpdatePoolResult> {
  const [row] = await entriesAt(db, canonicalHost(host), [port]);
  if (row === undefined) return { kind: 'not-found' };
  const before = toPoolRecord(row);
  const options = { ...before.options, ...change.options };
  if (lacksDifficulty(options)) return { kind: 'no-difficulty' };
  const label = change.label ?? before.label;
  if (row.source === 'catalogue' && label !== before.label) return { kind: 'catalogue-label' };
  await db
    .updateTable('pool_entries')
    .set({ label, options: formatPoolOptions(options) })
    .where('id', '=', row.id)
    .execute();
  return { kind: 'updated', pool: { ...before, label, options } };
}
