import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { AccountDifficulty, AccountMode } from '../../domain/account.ts';
import { canonicalHost } from '../../domain/pool-pattern.ts';
import type { AccountEntriesTable, AccountsTable, Tables } from '../schema.ts';
import type { AccountProperties, CredentialsRequest } from '../store.ts';

/** Everything about an account that can be given; hosts are canonical. */
export interface AccountContent {
  readonly label: string;
  readonly mode: AccountMode;
  readonly difficulty: AccountDifficulty;
  readonly workerTemplate: string;
  /** The primary first. */
  readonly entries: readonly [CredentialsRequest, ...CredentialsRequest[]];
}

/** An account with its passwords. */
export interface StoredAccount extends AccountContent {
  readonly name: string;
  readonly revision: number;
}

export async function readAccount(db: Kysely<Tables>, name: string): Promise<StoredAccount | null> {
  const rows = await db
    .selectFrom('accounts')
    .innerJoin('account_entries', 'account_entries.account', 'accounts.name')
    .selectAll()
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
  return { name, revision: row.revision, ...propertiesOf(row), entries: [first, ...others] };
}

/** The name of the account with these credentials as its primary. */
export async function findByKey(db: Kysely<Tables>, key: string): Promise<string | null> {
  const row = await db
    .selectFrom('accounts')
    .select('name')
    .where('credentials_key', '=', key)
    .executeTakeFirst();
  return row?.name ?? null;
}

export async function insertEntries(
  db: Kysely<Tables>,
  account: string,
  entries: AccountContent['entries'],
): Promise<void> {
  const rows: AccountEntriesTable[] = entries.map(({ endpoint, user, password }, position) => ({
    account,
    position,
    host: endpoint.host,
    port: endpoint.port,
    username: user,
    password,
  }));
  await db.insertInto('account_entries').values(rows).execute();
}

type PropertyColumns = Pick<
  AccountsTable,
  'label' | 'mode' | 'difficulty_min' | 'difficulty_max' | 'shares_per_minute' | 'worker_template'
>;

export function propertiesOf(row: PropertyColumns): Omit<AccountContent, 'entries'> {
  return {
    label: row.label,
    mode: row.mode as AccountMode,
    difficulty: {
      min: row.difficulty_min,
      max: row.difficulty_max,
      sharesPerMinute: row.shares_per_minute,
    },
    workerTemplate: row.worker_template,
  };
}

/** The columns of the accounts table that can be given. */
export function toColumns(content: AccountContent): PropertyColumns & { readonly credentials_key: string } {
  return {
    label: content.label,
    mode: content.mode,
    difficulty_min: content.difficulty.min,
    difficulty_max: content.difficulty.max,
    shares_per_minute: content.difficulty.sharesPerMinute,
    worker_template: content.workerTemplate,
    credentials_key: credentialsKey(content.entries[0]),
  };
}

/** `before` with what is given in `given`. */
export function withProperties(
  before: Omit<AccountContent, 'entries'>,
  given: AccountProperties,
): Omit<AccountContent, 'entries'> {
  const { min, max, sharesPerMinute } = given.difficulty ?? {};
  return {
    label: given.label ?? before.label,
    mode: given.mode ?? before.mode,
    difficulty: {
      min: min === undefined ? before.difficulty.min : min,
      max: max === undefined ? before.difficulty.max : max,
      sharesPerMinute: sharesPerMinute === undefined ? before.difficulty.sharesPerMinute : sharesPerMinute,
    },
    workerTemplate: given.workerTemplate ?? before.workerTemplate,
  };
}

/** The same credentials with the one spelling of their host. */
export function canonicalEntry({ endpoint, user, password }: CredentialsRequest): CredentialsRequest {
  return { endpoint: { host: canonicalHost(endpoint.host), port: endpoint.port }, user, password };
}

/**
 * What makes two registrations the same: the primary's address, user and password, hashed so that the rows of the unique index
 * are of one size whatever the length of user and password. For an entry with its canonical host.
 */
export function credentialsKey({ endpoint, user, password }: CredentialsRequest): string {
  const identity = [endpoint.host, endpoint.port, user, password];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}
