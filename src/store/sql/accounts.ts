import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Account, AccountMode, Pool, PoolCredentials } from '../../domain/account.ts';
import { formatEndpoint } from '../../domain/endpoint.ts';
import { canonicalHost } from '../../domain/pool-pattern.ts';
import type { AccountEntriesTable, Tables } from '../schema.ts';
import type {
  AccountPage,
  AccountRecord,
  AccountRecordEntry,
  AccountRequest,
  CredentialsRequest,
  FindAccountResult,
  RegisterResult,
} from '../store.ts';
import { StoreError } from '../store-error.ts';
import { resolvePool } from './pools.ts';

const NAME_ATTEMPTS = 8;

interface StoredAccount {
  readonly name: string;
  readonly label: string;
  readonly mode: AccountMode;
  /** The primary first. */
  readonly entries: readonly [CredentialsRequest, ...CredentialsRequest[]];
}

/** See `Store.registerAccount`; to be run in a transaction. */
export async function registerAccount(
  { db, newAccountName, nowMs }: { db: Kysely<Tables>; newAccountName: () => string; nowMs: number },
  request: AccountRequest,
): Promise<RegisterResult> {
  for (const { endpoint } of request.entries) {
    if ((await resolvePool(db, endpoint)) === null) return { kind: 'unknown-pool', endpoint };
  }
  const key = credentialsKey(request.entries[0]);
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt += 1) {
    const known = await findByKey(db, key);
    if (known !== null) return compareRegistration(db, known, request);
    // No row comes back where the name is taken, or where another process registered the same since the look-up.
    const name = newAccountName();
    const inserted = await db
      .insertInto('accounts')
      .values({
        name,
        label: request.label ?? '',
        mode: request.mode ?? 'dedicated',
        credentials_key: key,
        created_at_ms: nowMs,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('name')
      .executeTakeFirst();
    if (inserted === undefined) continue;
    await db
      .insertInto('account_entries')
      .values(request.entries.map((entry, position) => toEntryRow(name, position, entry)))
      .execute();
    return asRegistered('created', await findAccount(db, name));
  }
  throw new StoreError('failed', `no free account name found in ${NAME_ATTEMPTS} attempts: register again`);
}

/** See `Store.findAccount`. */
export async function findAccount(db: Kysely<Tables>, name: string): Promise<FindAccountResult> {
  const stored = await readAccount(db, name);
  if (stored === null) return { kind: 'not-found' };
  const entries: PoolCredentials[] = [];
  for (const { endpoint, user, password } of stored.entries) {
    const pool = await resolvePool(db, endpoint);
    if (pool !== null) entries.push({ pool, user, password });
  }
  const [first, ...others] = entries;
  if (first === undefined) return { kind: 'unknown-pool', endpoint: stored.entries[0].endpoint };
  const account: Account = {
    name: stored.name,
    label: stored.label,
    mode: stored.mode,
    entries: [first, ...others],
  };
  return { kind: 'found', account };
}

export async function countAccounts(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom('accounts')
    .select((select) => select.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function listAccounts(db: Kysely<Tables>, page: AccountPage): Promise<readonly AccountRecord[]> {
  let query = db.selectFrom('accounts').selectAll().orderBy('name').limit(page.limit);
  if (page.after !== undefined) query = query.where('name', '>', page.after);
  const accounts = await query.execute();
  const [first, last] = [accounts[0], accounts.at(-1)];
  if (first === undefined || last === undefined) return [];
  const rows = await db
    .selectFrom('account_entries')
    .select(['account', 'host', 'port', 'username'])
    .where('account', '>=', first.name)
    .where('account', '<=', last.name)
    .orderBy('account')
    .orderBy('position')
    .execute();
  const pools = new Map<string, Pool | null>();
  const entries = new Map<string, AccountRecordEntry[]>();
  for (const { account, host, port, username } of rows) {
    const endpoint = { host, port };
    const address = formatEndpoint(endpoint);
    if (!pools.has(address)) pools.set(address, await resolvePool(db, endpoint));
    const entry = { endpoint, user: username, pool: pools.get(address) ?? null };
    const siblings = entries.get(account);
    if (siblings === undefined) entries.set(account, [entry]);
    else siblings.push(entry);
  }
  return accounts.map(({ name, label, mode, created_at_ms }) => ({
    name,
    label,
    mode: mode as AccountMode,
    createdAtMs: created_at_ms,
    entries: entries.get(name) ?? [],
  }));
}

/**
 * What makes two registrations the same: the primary's address, user and password, hashed so that the rows of the unique index
 * are of one size whatever the length of user and password.
 */
function credentialsKey({ endpoint, user, password }: CredentialsRequest): string {
  const identity = [canonicalHost(endpoint.host), endpoint.port, user, password];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

function toEntryRow(
  account: string,
  position: number,
  { endpoint, user, password }: CredentialsRequest,
): AccountEntriesTable {
  const { port } = endpoint;
  return { account, position, host: canonicalHost(endpoint.host), port, username: user, password };
}

async function findByKey(db: Kysely<Tables>, key: string): Promise<StoredAccount | null> {
  const row = await db
    .selectFrom('accounts')
    .select('name')
    .where('credentials_key', '=', key)
    .executeTakeFirst();
  return row === undefined ? null : readAccount(db, row.name);
}

async function readAccount(db: Kysely<Tables>, name: string): Promise<StoredAccount | null> {
  const rows = await db
    .selectFrom('accounts')
    .innerJoin('account_entries', 'account_entries.account', 'accounts.name')
    .select(['label', 'mode', 'host', 'port', 'username', 'password'])
    .where('accounts.name', '=', name)
    .orderBy('position')
    .execute();
  const [row] = rows;
  const [first, ...others] = rows.map(({ host, port, username, password }) => ({
    endpoint: { host, port },
    user: username,
    password,
  }));
  if (row === undefined || first === undefined) return null;
  return { name, label: row.label, mode: row.mode as AccountMode, entries: [first, ...others] };
}

async function compareRegistration(
  db: Kysely<Tables>,
  known: StoredAccount,
  request: AccountRequest,
): Promise<RegisterResult> {
  const differences: string[] = [];
  if (request.entries.length > 1 && !isSameList(request.entries, known.entries)) differences.push('backups');
  if (request.mode !== undefined && request.mode !== known.mode) differences.push('mode');
  if (request.label !== undefined && request.label !== known.label) differences.push('label');
  if (differences.length === 0) return asRegistered('existing', await findAccount(db, known.name));
  const what = differences.join(' and ');
  return {
    kind: 'conflict',
    message: `this pool, user and password are registered already, with different ${what}: leave out ${what} to get the account's name`,
  };
}

function isSameList(a: readonly CredentialsRequest[], b: readonly CredentialsRequest[]): boolean {
  return a.map(credentialsKey).join() === b.map(credentialsKey).join();
}

/** The primary's pool was resolved in the same transaction, so the account is there. */
function asRegistered(kind: 'created' | 'existing', found: FindAccountResult): RegisterResult {
  if (found.kind === 'found') return { kind, account: found.account };
  throw new StoreError('failed', 'the store does not return what was written to it');
}
