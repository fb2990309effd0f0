import type { AccountMode, Pool } from './domain/account.ts';
import { type Endpoint, formatEndpoint } from './domain/endpoint.ts';
import { formatPoolPattern } from './domain/pool-pattern.ts';
import type { AccountSource } from './fleet/supervisor.ts';
import type {
  AccountChange,
  AccountRefusal,
  AccountsPort,
  AccountView,
  AlgorithmsPort,
  CredentialsView,
  FaultsPort,
  PoolsPort,
  PoolView,
} from './http/ports.ts';
import type { AccountRecord, AccountRecordEntry, PoolRecord, Store } from './store/store.ts';
import { StoreError } from './store/store-error.ts';

/** The store as each room wants to see it. */

/** Rows read at a time where the whole pool list is walked. */
const PAGE = 1000;

export function accountSource(store: Store): AccountSource {
  return {
    async find(name) {
      const result = await store.findAccount(name);
      if (result.kind === 'found') return result;
      if (result.kind === 'not-found') return { kind: 'unknown' };
      return { kind: 'unlisted', pool: formatEndpoint(result.endpoint) };
    },
  };
}

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
      const found: AccountRecord[] = [];
      let last = after ?? undefined;
      // Without a search every account of a page is one that is shown.
      const rows = search === null ? limit + 1 : PAGE;
      while (found.length <= limit) {
        const page = await store.listAccounts({ after: last, limit: rows });
        found.push(...page.filter((record) => matchesAccount(record, search)));
        last = page.at(-1)?.name;
        if (page.length < rows) break;
      }
      const shown = found.slice(0, limit);
      return {
        users: shown.map(accountView),
        next: found.length > limit ? (shown.at(-1)?.name ?? null) : null,
      };
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
      return { kind: 'updated', account: accountView(result.account) };
    },

    async delete(name) {
      const result = await store.deleteAccount(name);
      if (result.kind === 'deleted') await onChange(name);
      return result;
    },
  };
}

/** `onChange` is told when the pool list has changed. */
export function poolsPort(store: Store, onChange: () => Promise<void>): PoolsPort {
  return {
    async add(addition) {
      const result = await store.addPool(addition);
      if (result.kind === 'conflict' || result.kind === 'unknown-dialect' || result.kind === 'no-difficulty')
        return result;
      if (result.kind === 'unknown-algorithm') {
        const known = await store.listAlgorithms();
        return { kind: 'unknown-algorithm', known: known.map(({ name }) => name) };
      }
      if (result.kind === 'created') await onChange();
      return { kind: result.kind, pools: result.pools.map(poolView) };
    },

    async update(address, change) {
      const result = await store.updatePool(address, change);
      if (result.kind !== 'updated') return result;
      await onChange();
      return { kind: 'updated', pool: poolView(result.pool) };
    },

    async list({ limit, after, algorithm, search }) {
      const found: PoolRecord[] = [];
      let last = after ?? undefined;
      while (found.length <= limit) {
        const page = await store.listPools({ after: last, limit: PAGE, algorithm: algorithm ?? undefined });
        found.push(...page.filter((record) => matchesPool(record, search)));
        last = page.at(-1)?.id;
        if (page.length < PAGE) break;
      }
      const shown = found.slice(0, limit);
      return {
        pools: shown.map(poolView),
        next: found.length > limit ? (shown.at(-1)?.id ?? null) : null,
      };
    },
  };
}

/** What the store's faults mean for those who ask over the API. One that is the program's own is none of them. */
export const faultsPort: FaultsPort = {
  outageOf(thrown) {
    if (!(thrown instanceof StoreError)) return null;
    switch (thrown.kind) {
      case 'busy':
        return 'busy';
      case 'disk-full':
        return 'full';
      case 'failed':
      case 'bad-catalogue':
        return null;
      case 'no-directory':
      case 'not-writable':
      case 'not-a-database':
      case 'foreign-database':
      case 'newer-version':
      case 'corrupt':
      case 'disk-fault':
      case 'closed':
        return 'down';
    }
  },
};

export function algorithmsPort(store: Store): AlgorithmsPort {
  return { list: () => store.listAlgorithms() };
}

/** Every `host:port` and `*.suffix:port` of the pool list. */
export async function listedAddresses(store: Store): Promise<readonly string[]> {
  const addresses: string[] = [];
  for (let last: number | undefined; ; ) {
    const page = await store.listPools({ after: last, limit: PAGE });
    for (const { host, port } of page) addresses.push(`${host}:${port}`);
    last = page.at(-1)?.id;
    if (page.length < PAGE) return addresses;
  }
}

/** Enough of a look to know what is spoken; a store with more accounts than this has it all among the first. */
const ACCOUNTS_LOOKED_AT = 10_000;

/** What the pools of accounts speak. */
export async function dialectsOfAccounts(store: Store): Promise<readonly string[]> {
  const dialects = new Set<string>();
  let last: string | undefined;
  for (let seen = 0; seen < ACCOUNTS_LOOKED_AT; seen += PAGE) {
    const page = await store.listAccounts({ after: last, limit: PAGE });
    for (const { entries } of page) {
      for (const { pool } of entries) if (pool !== null) dialects.add(pool.dialect);
    }
    last = page.at(-1)?.name;
    if (page.length < PAGE) break;
  }
  return [...dialects];
}

function poolView(record: PoolRecord): PoolView {
  const { host, port, algorithm, dialect, tls, label, coin, source, options } = record;
  return {
    pool: formatPoolPattern({ host, ports: [port] }),
    algorithm,
    dialect,
    tls,
    label,
    coin,
    source,
    options,
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
  };
}

function credentialsView({ endpoint, user, hasPassword, pool }: AccountRecordEntry): CredentialsView {
  return { pool: formatEndpoint(endpoint), user, hasPassword, algorithm: pool?.algorithm.name ?? null };
}

function matchesPool({ host, port, label, coin }: PoolRecord, search: string | null): boolean {
  return holds([`${host}:${port}`, label, coin], search);
}

function matchesAccount({ name, label, entries }: AccountRecord, search: string | null): boolean {
  return holds(
    [name, label, ...entries.flatMap(({ endpoint, user }) => [formatEndpoint(endpoint), user])],
    search,
  );
}

function holds(texts: readonly string[], search: string | null): boolean {
  return search === null || texts.some((text) => text.toLowerCase().includes(search));
}
