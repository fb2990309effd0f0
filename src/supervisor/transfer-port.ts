import { formatEndpoint } from '../domain/endpoint.ts';
import type { ExportedAccount, TransferPort } from '../http/ports/manage.ts';
import type { AccountExport } from '../store/activity-store.ts';
import type { Store } from '../store/store.ts';
import { everyPage, type Listing } from './listing.ts';

/** Rows read at a time where all accounts are walked. */
const PAGE = 500;

/** `onImported` is told when accounts were added. */
export function transferPort(store: Store, onImported: () => Promise<void>): TransferPort {
  return {
    async *export() {
      for await (const account of allAccounts(store)) yield withoutPasswords(account);
    },

    async import(registrations) {
      const results = await store.registerAccounts(registrations);
      if (results.some(({ kind }) => kind === 'created')) await onImported();
      return results.map((result) =>
        'account' in result ? { kind: result.kind, name: result.account.name } : result,
      );
    },
  };
}

/** Every account with its passwords, by name, read a page at a time. */
export async function* allAccounts(store: Store): AsyncGenerator<AccountExport, void, undefined> {
  const listing: Listing<AccountExport, string> = {
    read: (after) => store.exportAccounts({ after, limit: PAGE }),
    pageRows: PAGE,
    keyOf: ({ name }) => name,
  };
  for await (const page of everyPage(listing)) yield* page;
}

/** A line that an import takes, as if the passwords were empty. */
export function withoutPasswords(account: AccountExport): ExportedAccount {
  const [{ endpoint, user }, ...backups] = account.entries;
  const { name, mode, label, difficulty, workerTemplate } = account;
  return {
    name,
    pool: formatEndpoint(endpoint),
    user,
    backups: backups.map((backup) => ({ pool: formatEndpoint(backup.endpoint), user: backup.user })),
    mode,
    label,
    difficulty,
    workerTemplate,
  };
}

/** A line that an import takes, passwords included. */
export function withPasswords(account: AccountExport): object {
  const rest = withoutPasswords(account);
  const [primary, ...others] = account.entries;
  return {
    ...rest,
    password: primary.password,
    backups: others.map(({ endpoint, user, password }) => ({
      pool: formatEndpoint(endpoint),
      user,
      password,
    })),
  };
}
