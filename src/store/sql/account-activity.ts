import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { AccountExport } from '../activity-store.ts';
import type { Tables } from '../schema.ts';
import type { AccountPage } from '../store.ts';
import { propertiesOf } from './account-rows.ts';

/** Keeps a statement below every engine's limit of parameters. */
const NAMES_PER_STATEMENT = 500;

/** See `AccountsInBulk.noteAccountsSeen`; to be run in a transaction. */
export async function noteAccountsSeen(
  db: Kysely<Tables>,
  names: readonly string[],
  atMs: number,
): Promise<void> {
  for (let start = 0; start < names.length; start += NAMES_PER_STATEMENT) {
    await db
      .updateTable('accounts')
      .set({ last_seen_at_ms: latest('last_seen_at_ms', atMs), idle_since_ms: latest('idle_since_ms', atMs) })
      .where('name', 'in', names.slice(start, start + NAMES_PER_STATEMENT))
      .execute();
  }
}

/** What a column of `accounts` becomes: `atMs`, unless it holds a later time. */
export function latest(column: 'last_seen_at_ms' | 'idle_since_ms', atMs: number): RawBuilder<number> {
  return sql<number>`case when ${sql.ref(column)} > ${atMs} then ${sql.ref(column)} else ${atMs} end`;
}

/** See `AccountsInBulk.shiftIdleTimes`. */
export async function shiftIdleTimes(db: Kysely<Tables>, byMs: number): Promise<void> {
  await db
    .updateTable('accounts')
    .set(({ eb }) => ({ idle_since_ms: eb('idle_since_ms', '+', byMs) }))
    .execute();
}

/** See `AccountsInBulk.closeIdleGap`; to be run in a transaction. */
export async function closeIdleGap(db: Kysely<Tables>, nowMs: number, leastGapMs: number): Promise<number> {
  const { newestMs } = await db
    .selectFrom('accounts')
    .select(({ fn }) => fn.max<number | null>('idle_since_ms').as('newestMs'))
    .executeTakeFirstOrThrow();
  if (newestMs === null || nowMs - newestMs <= leastGapMs) return 0;
  await shiftIdleTimes(db, nowMs - newestMs);
  return nowMs - newestMs;
}

/** See `AccountsInBulk.listIdleAccounts`. */
export async function listIdleAccounts(
  db: Kysely<Tables>,
  beforeMs: number,
  limit: number,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('accounts')
    .select('name')
    .where('idle_since_ms', '<', beforeMs)
    .orderBy('idle_since_ms')
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}

/** See `AccountsInBulk.exportAccounts`. */
export async function exportAccounts(
  db: Kysely<Tables>,
  page: AccountPage,
): Promise<readonly AccountExport[]> {
  let names = db.selectFrom('accounts').select('name').orderBy('name').limit(page.limit);
  if (page.after !== undefined) names = names.where('name', '>', page.after);
  const rows = await db
    .selectFrom('accounts')
    .innerJoin('account_entries', 'account_entries.account', 'accounts.name')
    .selectAll()
    .where('accounts.name', 'in', names)
    .orderBy('accounts.name')
    .orderBy('position')
    .execute();
  return [...Map.groupBy(rows, ({ name }) => name).values()].flatMap((own) => {
    const [row] = own;
    const [first, ...others] = own.map(({ host, port, username, password }) => ({
      endpoint: { host, port },
      user: username,
      password,
    }));
    if (row === undefined || first === undefined) return [];
    return [{ name: row.name, ...propertiesOf(row), entries: [first, ...others] as const }];
  });
}
