import type { Kysely } from 'kysely';
import type { Account, Pool, PoolCredentials } from '../../domain/account.ts';
import { formatEndpoint } from '../../domain/endpoint.ts';
import type { AccountEntriesTable, AccountsTable, Tables } from '../schema.ts';
import type {
  AccountPage,
  AccountRecord,
  AccountRecordEntry,
  DeleteAccountResult,
  FindAccountResult,
} from '../store.ts';
import { propertiesOf, readAccount } from './account-rows.ts';
import { resolvePool } from './pools.ts';

/** See `Store.findAccount`. */
export async function findAccount(db: Kysely<Tables>, name: string): Promise<FindAccountResult> {
  const stored = await readAccount(db, name);
  if (stored === null) return { kind: 'not-found' };
  const usable: PoolCredentials[] = [];
  for (const { endpoint, user, password } of stored.entries) {
    const pool = await resolvePool(db, endpoint);
    if (pool !== null && isUsable(usable, { pool, user, password })) usable.push({ pool, user, password });
  }
  const [first, ...others] = usable;
  if (first === undefined) return { kind: 'unknown-pool', endpoint: stored.entries[0].endpoint };
  const { label, mode, difficulty, workerTemplate, revision } = stored;
  const account: Account = {
    name: stored.name,
    label,
    mode,
    difficulty,
    workerTemplate,
    revision,
    entries: [first, ...others],
  };
  return { kind: 'found', account };
}

function isUsable(before: readonly PoolCredentials[], { pool, user, password }: PoolCredentials): boolean {
  return before.every(
    (other) =>
      other.pool.algorithm.name === pool.algorithm.name &&
      (other.pool.name !== pool.name || other.user !== user || other.password !== password),
  );
}

/** See `Store.showAccount`. */
export async function showAccount(db: Kysely<Tables>, name: string): Promise<AccountRecord | null> {
  const rows = await selectRecords(db).where('accounts.name', '=', name).execute();
  return (await toRecords(db, rows))[0] ?? null;
}

export async function countAccounts(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom('accounts')
    .select((select) => select.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function listAccounts(db: Kysely<Tables>, page: AccountPage): Promise<readonly AccountRecord[]> {
  let names = db.selectFrom('accounts').select('name').orderBy('name').limit(page.limit);
  if (page.after !== undefined) names = names.where('name', '>', page.after);
  // One query for accounts and entries: what changes in between cannot tear them apart.
  return toRecords(db, await selectRecords(db).where('accounts.name', 'in', names).execute());
}

/** See `Store.deleteAccount`. The entries go with it, by their foreign key. */
export async function deleteAccount(db: Kysely<Tables>, name: string): Promise<DeleteAccountResult> {
  const deleted = await db
    .deleteFrom('accounts')
    .where('name', '=', name)
    .returning('name')
    .executeTakeFirst();
  return { kind: deleted === undefined ? 'not-found' : 'deleted' };
}

function selectRecords(db: Kysely<Tables>) {
  return db
    .selectFrom('accounts')
    .innerJoin('account_entries', 'account_entries.account', 'accounts.name')
    .selectAll()
    .orderBy('accounts.name')
    .orderBy('position');
}

type RecordRow = AccountsTable & AccountEntriesTable;

/** Rows in the order of account and position. Each address is resolved once. */
async function toRecords(db: Kysely<Tables>, rows: readonly RecordRow[]): Promise<readonly AccountRecord[]> {
  const pools = new Map<string, Pool | null>();
  for (const { host, port } of rows) {
    const address = formatEndpoint({ host, port });
    if (!pools.has(address)) pools.set(address, await resolvePool(db, { host, port }));
  }
  const records: AccountRecord[] = [];
  for (const [first, ...others] of Map.groupBy(rows, (row) => row.name).values()) {
    if (first === undefined) continue;
    records.push({
      name: first.name,
      ...propertiesOf(first),
      revision: first.revision,
      createdAtMs: first.created_at_ms,
      changedAtMs: first.changed_at_ms,
      lastSeenAtMs: first.last_seen_at_ms,
      entries: [toEntry(first, pools), ...others.map((row) => toEntry(row, pools))],
    });
  }
  return records;
}

/** `pools` by address. */
function toEntry(row: RecordRow, pools: ReadonlyMap<string, Pool | null>): AccountRecordEntry {
  const endpoint = { host: row.host, port: row.port };
  const pool = pools.get(formatEndpoint(endpoint)) ?? null;
  return { endpoint, user: row.username, hasPassword: row.password !== '', pool };
}
