import type { Kysely } from 'kysely';
import type { BanRecord } from '../ban-store.ts';
import type { Tables } from '../schema.ts';

/** See `BanStore.putBan`. */
export async function putBan(
  db: Kysely<Tables>,
  { address, untilMs, reason }: BanRecord,
  nowMs: number,
): Promise<void> {
  await dropEnded(db, nowMs);
  const facts = { until_ms: untilMs, reason };
  await db
    .insertInto('operator_bans')
    .values({ address, ...facts })
    .onConflict((conflict) => conflict.column('address').doUpdateSet(facts))
    .execute();
}

/** See `BanStore.listBans`. */
export async function listBans(db: Kysely<Tables>, nowMs: number): Promise<readonly BanRecord[]> {
  await dropEnded(db, nowMs);
  const rows = await db.selectFrom('operator_bans').selectAll().orderBy('address').execute();
  return rows.map(({ address, until_ms, reason }) => ({ address, untilMs: until_ms, reason }));
}

/** See `BanStore.deleteBan`. */
export async function deleteBan(db: Kysely<Tables>, address: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('operator_bans')
    .where('address', '=', address)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

async function dropEnded(db: Kysely<Tables>, nowMs: number): Promise<void> {
  await db.deleteFrom('operator_bans').where('until_ms', '<=', nowMs).execute();
}
