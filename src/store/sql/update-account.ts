import { isDeepStrictEqual } from 'node:util';
import type { Kysely } from 'kysely';
import { formatEndpoint } from '../../domain/endpoint.ts';
import type { Tables } from '../schema.ts';
import type {
  AccountChange,
  BackupChange,
  ChangedNames,
  CredentialsRequest,
  UpdateAccountResult,
} from '../store.ts';
import { StoreError } from '../store-error.ts';
import { latest } from './account-activity.ts';
import { refuseDifficulty, refuseEntries } from './account-checks.ts';
import {
  type AccountContent,
  canonicalEntry,
  credentialsKey,
  findByKey,
  insertEntries,
  readAccount,
  type StoredAccount,
  toColumns,
  withProperties,
} from './account-rows.ts';
import { showAccount } from './accounts.ts';

/** See `Store.updateAccount`; to be run in a transaction. */
export async function updateAccount(
  { db, nowMs }: { db: Kysely<Tables>; nowMs: number },
  name: string,
  change: AccountChange,
): Promise<UpdateAccountResult> {
  for (;;) {
    const before = await readAccount(db, name);
    if (before === null) return { kind: 'not-found' };
    const after: AccountContent = {
      ...withProperties(before, change),
      entries: changedEntries(before, change),
    };
    const refusal = await refuseChange(db, before, after, change);
    if (refusal !== null) return refusal;
    // Where another process changed or deleted the account since it was read, its new state decides.
    if (!isSame(before, after) && !(await write(db, before, after, nowMs))) continue;
    const account = await showAccount(db, name);
    if (account === null) throw new StoreError('failed', 'the store does not return what was written to it');
    return { kind: 'updated', account, changed: changedNames(before, after) };
  }
}

function changedEntries({ entries }: StoredAccount, change: AccountChange): AccountContent['entries'] {
  const [primary, ...backups] = entries;
  const asked = canonicalEntry({
    endpoint: change.endpoint ?? primary.endpoint,
    user: change.user ?? primary.user,
    password: change.password ?? primary.password,
  });
  // A backup that becomes the primary brings its own password along.
  const first = change.password === undefined ? (knownEntry(entries, asked) ?? asked) : asked;
  return [first, ...(change.backups?.map((backup) => withPassword(entries, backup)) ?? backups)];
}

/** Whoever rearranges backups does not know their passwords: nobody is ever shown them. */
function withPassword(entries: AccountContent['entries'], backup: BackupChange): CredentialsRequest {
  const entry = canonicalEntry({ ...backup, password: backup.password ?? '' });
  if (backup.password !== undefined) return entry;
  return knownEntry(entries, entry) ?? entry;
}

/** The account's entry with the same pool and user; of several the first backup. */
function knownEntry(
  entries: AccountContent['entries'],
  { endpoint, user }: CredentialsRequest,
): CredentialsRequest | undefined {
  const [primary, ...backups] = entries;
  return [...backups, primary].find(
    (other) =>
      other.endpoint.host === endpoint.host && other.endpoint.port === endpoint.port && other.user === user,
  );
}

async function refuseChange(
  db: Kysely<Tables>,
  before: StoredAccount,
  after: AccountContent,
  change: AccountChange,
): Promise<Exclude<UpdateAccountResult, { kind: 'updated' }> | null> {
  const { endpoint, backups } = change;
  const badDifficulty = refuseDifficulty(after.difficulty);
  if (badDifficulty !== null) return badDifficulty;
  if (endpoint !== undefined || backups !== undefined) {
    const isNew = (position: number) => (position === 0 ? endpoint : backups) !== undefined;
    const badEntries = await refuseEntries(db, after.entries, isNew);
    if (badEntries !== null) return badEntries;
  }
  const owner = await findByKey(db, credentialsKey(after.entries[0]));
  if (owner === null || owner === before.name) return null;
  const pool = formatEndpoint(after.entries[0].endpoint);
  const message = `the account ${owner} has this user and password at ${pool} already: use that one, or delete it first`;
  return { kind: 'conflict', name: owner, message };
}

/** Which fields differ, by the names the API has for them. */
function changedNames(before: AccountContent, after: AccountContent): ChangedNames {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return Object.keys(now).filter((name) => !isDeepStrictEqual(old[name], now[name]));
}

function fieldsOf(content: AccountContent): Readonly<Record<string, unknown>> {
  const [{ endpoint, user, password }, ...backups] = content.entries;
  const { label, mode, difficulty, workerTemplate } = content;
  const pool = formatEndpoint(endpoint);
  return {
    pool,
    user,
    password,
    backups: backups.map(credentialsKey),
    mode,
    label,
    difficulty,
    workerTemplate,
  };
}

function isSame(before: AccountContent, after: AccountContent): boolean {
  return fingerprint(before) === fingerprint(after);
}

function fingerprint(content: AccountContent): string {
  return JSON.stringify([toColumns(content), content.entries.map(credentialsKey)]);
}

/** False where the account is no longer as it was read. */
async function write(
  db: Kysely<Tables>,
  { name, revision }: StoredAccount,
  after: AccountContent,
  nowMs: number,
): Promise<boolean> {
  const updated = await db
    .updateTable('accounts')
    .set({
      ...toColumns(after),
      revision: revision + 1,
      changed_at_ms: nowMs,
      idle_since_ms: latest('idle_since_ms', nowMs),
    })
    .where('name', '=', name)
    .where('revision', '=', revision)
    .returning('name')
    .executeTakeFirst();
  if (updated === undefined) return false;
  await db.deleteFrom('account_entries').where('account', '=', name).execute();
  await insertEntries(db, name, after.entries);
  return true;
}
