import type { Kysely } from 'kysely';
import type { Endpoint } from '../../domain/endpoint.ts';
import { canonicalHost, matchesHost, selectRule } from '../../domain/pool-pattern.ts';
import type { Tables } from '../schema.ts';
import type { DeletePoolResult, InUse } from '../store.ts';
import { entriesAt, type PoolRow, rulesAt, toPoolRecord } from './pools.ts';

/** So many of those that are in the way are named. */
const NAMES_SHOWN = 10;

/** See `Store.deletePool`; to be run in a transaction. */
export async function deletePool(db: Kysely<Tables>, { host, port }: Endpoint): Promise<DeletePoolResult> {
  const [row] = await entriesAt(db, canonicalHost(host), [port]);
  if (row === undefined) return { kind: 'not-found' };
  const accounts = await accountsOf(db, row);
  if (accounts.length > 0) return inUse(accounts);
  if (row.source === 'catalogue')
    await db.updateTable('pool_entries').set({ hidden: 1 }).where('id', '=', row.id).execute();
  else await db.deleteFrom('pool_entries').where('id', '=', row.id).execute();
  return { kind: 'deleted', pool: toPoolRecord(row) };
}

/** Names of the accounts with an address that this entry is for, and no other of the list. */
async function accountsOf(db: Kysely<Tables>, row: PoolRow): Promise<readonly string[]> {
  const entries = await db
    .selectFrom('account_entries')
    .select(['account', 'host', 'port'])
    .where('port', '=', row.port)
    .orderBy('account')
    .execute();
  const near = entries.filter(({ host }) => matchesHost(row.host, host));
  if (near.length === 0) return [];
  const rules = await rulesAt(db, row.port);
  const own = near.filter((endpoint) => selectRule(rules, endpoint)?.id === row.id);
  return [...new Set(own.map(({ account }) => account))];
}

export function inUse(names: readonly string[]): InUse {
  return { kind: 'in-use', count: names.length, names: names.slice(0, NAMES_SHOWN) };
}
