import type { AccountMode, Pool } from '../domain/account.ts';
import { type Endpoint, formatEndpoint } from '../domain/endpoint.ts';
import type {
  AccountChange,
  AccountRefusal,
  AccountsPort,
  AccountView,
  CredentialsView,
} from '../http/ports/accounts.ts';
import type { AccountRecord, AccountRecordEntry, Store } from '../store/store.ts';
import { accountListing, firstRows, holds } from './listing.ts';

export interface AccountsPortOptions {
  /** Whether an account on this pool may be forced to the mode `shared`. Default: always. */
  readonly canShare?: (pool: Pool) => boolean;
}

/** `onChange` is told the name of an account that was changed or deleted, once that is on disk; the answer waits for it. */
export function accountsPort(
  store: Store,
  onChange: (name: string) => Promise<void> | void,
  { canShare = () => true }: AccountsPortOptions = {},
): AccountsPort {
  const refuseSharing = async (
    mode: AccountMode | undefined,
    endpoint: Endpoint,
  ): Promise<AccountRefusal | null> => {
    if (mode !== 'shared') return null;
    const pool = await store.resolvePool(endpoint);
    if (pool === null || canShare(pool)) return null;
    return { kind: 'not-sharable', endpoint, algorithm: pool.algorithm.name };
  };

  const refuseSharingAfter = async (name: string, change: AccountChange): Promise<AccountRefusal | null> => {
    if (change.mode !== 'shared' && change.endpoint === undefined) return null;
    const record = await store.showAccount(name);
    if (record === null) return null;
    return refuseSharing(change.mode ?? record.mode, change.endpoint ?? record.entries[0].endpoint);
  };

  return {
    async register(registration) {
      const refusal = await refuseSharing(registration.mode, registration.endpoint);
      if (refusal !== null) return refusal;
      const result = await store.registerAccount(registration);
      return 'account' in result ? { kind: result.kind, name: result.account.name } : result;
    },

    async list({ limit, after, search }) {
      // Without a search every account of a page is one that is shown.
      const listing = search === null ? accountListing(store, limit + 1) : accountListing(store);
      const isWanted = (record: AccountRecord) => matchesAccount(record, search);
      const { rows, next } = await firstRows(listing, { limit, after, isWanted });
      return { users: rows.map(accountView), next };
    },

    async show(name) {
      const record = await store.showAccount(name);
      return record === null ? null : accountView(record);
    },

    async update(name, change) {
      const refusal = await refuseSharingAfter(name, change);
      if (refusal !== null) return refusal;
      const result = await store.updateAccount(name, change);
      if (result.kind !== 'updated') return result;
      await onChange(name);
      return { ...result, account: accountView(result.account) };
    },

    async delete(name) {
      const result = await store.deleteAccount(name);
      if (result.kind === 'deleted') await onChange(name);
      return result;
    },
  };
}

function accountView(record: AccountRecord): AccountView {
  const [primary, ...backups] = record.entries;
  const { name, mode, label, difficulty, workerTemplate, revision } = record;
  return {
    name,
    ...credentialsView(primary),
    backups: backups.map(credentialsView),
    mode,
    label,
    difficulty,
    workerTemplate,
    revision,
    createdAt: new Date(record.createdAtMs).toISOString(),
    changedAt: new Date(record.changedAtMs).toISOString(),
    lastSeenAt: record.lastSeenAtMs === null ? null : new Date(record.lastSeenAtMs).toISOString(),
  };
}

function credentialsView({ endpoint, user, hasPassword, pool }: AccountRecordEntry): CredentialsView {
  return { pool: formatEndpoint(endpoint), user, hasPassword, algorithm: pool?.algorithm.name ?? null };
}

function matchesAccount({ name, label, entries }: AccountRecord, search: string | null): boolean {
  return holds(
    [name, label, ...entries.flatMap(({ endpoint, user }) => [formatEndpoint(endpoint), user])],
    search,
  );
}
