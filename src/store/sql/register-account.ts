import type { Kysely } from 'kysely';
import {
  type AccountDifficulty,
  DEFAULT_WORKER_TEMPLATE,
  NO_ACCOUNT_DIFFICULTY,
} from '../../domain/account.ts';
import type { Tables } from '../schema.ts';
import type { AccountRequest, FindAccountResult, RegisterResult } from '../store.ts';
import { StoreError } from '../store-error.ts';
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
import { findAccount } from './accounts.ts';

const NAME_ATTEMPTS = 8;

const DEFAULTS: Omit<AccountContent, 'entries'> = {
  label: '',
  mode: 'auto',
  difficulty: NO_ACCOUNT_DIFFICULTY,
  workerTemplate: DEFAULT_WORKER_TEMPLATE,
};

/** See `Store.registerAccount`; to be run in a transaction. */
export async function registerAccount(
  { db, newAccountName, nowMs }: { db: Kysely<Tables>; newAccountName: () => string; nowMs: number },
  request: AccountRequest,
): Promise<RegisterResult> {
  const content: AccountContent = {
    ...withProperties(DEFAULTS, request),
    entries: [canonicalEntry(request), ...(request.backups ?? []).map(canonicalEntry)],
  };
  const refusal =
    refuseDifficulty(content.difficulty) ?? (await refuseEntries(db, content.entries, () => true));
  if (refusal !== null) return refusal;
  const columns = toColumns(content);
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt += 1) {
    const known = await findStored(db, columns.credentials_key);
    if (known !== null) return compareRegistration(db, known, request, content);
    if (request.name !== undefined && (await readAccount(db, request.name)) !== null)
      return {
        kind: 'conflict',
        name: request.name,
        message: `the name ${request.name} is another account's: leave out the name to get a new one`,
      };
    // No row comes back where the name is taken, or where another process registered the same since the look-up.
    const inserted = await db
      .insertInto('accounts')
      .values({
        name: request.name ?? newAccountName(),
        ...columns,
        revision: 1,
        created_at_ms: nowMs,
        changed_at_ms: nowMs,
        last_seen_at_ms: null,
        idle_since_ms: nowMs,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('name')
      .executeTakeFirst();
    if (inserted === undefined) continue;
    await insertEntries(db, inserted.name, content.entries);
    return asRegistered('created', await findAccount(db, inserted.name));
  }
  throw new StoreError('failed', `no free account name found in ${NAME_ATTEMPTS} attempts: register again`);
}

async function findStored(db: Kysely<Tables>, key: string): Promise<StoredAccount | null> {
  const name = await findByKey(db, key);
  return name === null ? null : readAccount(db, name);
}

/** Only what the request gives has to agree. */
async function compareRegistration(
  db: Kysely<Tables>,
  known: StoredAccount,
  request: AccountRequest,
  wanted: AccountContent,
): Promise<RegisterResult> {
  if (request.name !== undefined && request.name !== known.name)
    return {
      kind: 'conflict',
      name: known.name,
      message: `this pool, user and password are registered already, under the name ${known.name}`,
    };
  const given = withProperties(known, request);
  const differences: string[] = [];
  if (request.backups !== undefined && !isSameList(wanted.entries, known.entries))
    differences.push('backups');
  if (given.mode !== known.mode) differences.push('mode');
  if (given.label !== known.label) differences.push('label');
  if (!isSameDifficulty(given.difficulty, known.difficulty)) differences.push('difficulty');
  if (given.workerTemplate !== known.workerTemplate) differences.push('workerTemplate');
  if (differences.length === 0) return asRegistered('existing', await findAccount(db, known.name));
  const what = differences.join(' and ');
  return {
    kind: 'conflict',
    name: known.name,
    message: `this pool, user and password are registered already, with different ${what}: leave out ${what} to get the account's name`,
  };
}

function isSameDifficulty(a: AccountDifficulty, b: AccountDifficulty): boolean {
  return a.min === b.min && a.max === b.max && a.sharesPerMinute === b.sharesPerMinute;
}

function isSameList(a: AccountContent['entries'], b: AccountContent['entries']): boolean {
  return a.map(credentialsKey).join() === b.map(credentialsKey).join();
}

/** The primary's pool was resolved in the same transaction, so the account is there. */
function asRegistered(kind: 'created' | 'existing', found: FindAccountResult): RegisterResult {
  if (found.kind === 'found') return { kind, account: found.account };
  throw new StoreError('failed', 'the store does not return what was written to it');
}
