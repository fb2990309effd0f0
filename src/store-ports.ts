import type { AccountMode, Pool } from './domain/account.ts';
import type { Ban } from './domain/ban.ts';
import { type Endpoint, formatEndpoint } from './domain/endpoint.ts';
import { canonicalHost, formatPoolPattern } from './domain/pool-pattern.ts';
import { shownVia } from './domain/via.ts';
import type { BanKeeping } from './fleet/fleet.ts';
import type { AccountSource } from './fleet/supervisor.ts';
import type {
  AccountChange,
  AccountRefusal,
  AccountsPort,
  AccountView,
  AddPoolResult,
  AlgorithmsPort,
  CredentialsView,
  FaultsPort,
  PoolAddition,
  PoolsPort,
  PoolTestsPort,
  PoolTestView,
  PoolView,
} from './http/ports.ts';
import type { BanStore } from './store/ban-store.ts';
import type { AccountRecord, AccountRecordEntry, PoolRecord, PoolRequest, Store } from './store/store.ts';
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

export function banKeeping(store: BanStore): BanKeeping {
  return {
    put: ({ address, untilMs, reason }) => store.putBan({ address, untilMs, reason }),
    delete: (address) => store.deleteBan(address),
  };
}

/** The operator's bans of before the process began. */
export async function keptBans(store: BanStore): Promise<readonly Ban[]> {
  return (await store.listBans()).map(({ address, untilMs, reason }) => ({
    address,
    untilMs,
    reason,
    by: 'operator',
  }));
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

/** `onChange` is told when the pool list has changed. `discovery` finds out what pools are that are added without their algorithm. */
export function poolsPort(
  store: Store,
  onChange: () => Promise<void>,
  discovery: PoolTestsPort = NO_DISCOVERY,
): PoolsPort {
  return {
    async add(addition) {
      const found = await foundOf(store, discovery, addition);
      if (found.kind !== 'found') return found;
      const result = await store.addPool({ ...addition, ...found.facts });
      if (result.kind === 'conflict' || result.kind === 'unknown-dialect' || result.kind === 'no-difficulty')
        return result;
      if (result.kind === 'unknown-algorithm') {
        return { kind: 'unknown-algorithm', known: await namesOf(store) };
      }
      if (result.kind === 'created') await onChange();
      return { kind: result.kind, pools: result.pools.map(poolView) };
    },

    async update(address, change) {
      const result = await store.updatePool(address, change);
      if (result.kind === 'unknown-algorithm') return { kind: result.kind, known: await namesOf(store) };
      if (result.kind !== 'updated') return result;
      await onChange();
      return { kind: 'updated', pool: poolView(result.pool) };
    },

    async delete(address) {
      const result = await store.deletePool(address);
      if (result.kind !== 'deleted') return result;
      await onChange();
      return { kind: 'deleted', pool: poolView(result.pool) };
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

const NO_DISCOVERY: PoolTestsPort = { test: async () => ({ kind: 'busy' }) };

/** What is stored of a pool that is added: as it is given, or as it is found out. */
type Found =
  | {
      readonly kind: 'found';
      readonly facts: Pick<PoolRequest, 'algorithm' | 'algorithmFrom' | 'dialect'>;
    }
  | Exclude<AddPoolResult, { readonly kind: 'created' | 'existing' }>;

async function foundOf(store: Store, discovery: PoolTestsPort, addition: PoolAddition): Promise<Found> {
  const { algorithm, pattern, dialect, tls, options = {}, login = null } = addition;
  if (algorithm !== null) return { kind: 'found', facts: { algorithm, dialect } };
  const { host, ports } = pattern;
  const [port, ...others] = ports;
  if (port === undefined || others.length > 0 || host.startsWith('*'))
    return {
      kind: 'undetermined',
      message:
        'only one host and port can be asked for its algorithm: add them one by one, or name the algorithm',
    };
  const endpoint = { host, port };
  const own = await ownEntry(store, endpoint);
  // The operator has said so, or the pool has once: it is not asked again.
  if (own !== null)
    return { kind: 'found', facts: { algorithm: own.algorithm, dialect: dialect ?? own.dialect } };
  const result = await discovery.test({
    endpoint,
    login,
    tls,
    options,
    ...(dialect === undefined ? {} : { dialect }),
  });
  if (result.kind !== 'tested') return result;
  const { test } = result;
  if (
    test.algorithm === null ||
    test.dialect === null ||
    (test.dialectFrom === 'answers' && test.algorithmFrom !== 'catalogue')
  )
    return { kind: 'undetermined', message: askFor(test, login !== null) };
  return {
    kind: 'found',
    facts: { algorithm: test.algorithm, algorithmFrom: test.algorithmFrom, dialect: test.dialect },
  };
}

/** The operator's entry of exactly this address. */
async function ownEntry(store: Store, { host, port }: Endpoint): Promise<PoolRecord | null> {
  const canonical = canonicalHost(host);
  for (let last: number | undefined; ; ) {
    const page = await store.listPools({ after: last, limit: PAGE, source: 'operator' });
    const own = page.find((record) => record.host === canonical && record.port === port);
    if (own !== undefined) return own;
    last = page.at(-1)?.id;
    if (page.length < PAGE) return null;
  }
}

const MOST_NAMED = 12;

/** What the pool has left open, and how to go on. */
function askFor(test: PoolTestView, hasLogin: boolean): string {
  const { pool, failure, dialect, dialectFrom, possibleDialects, possibleAlgorithms, notes } = test;
  const named = possibleAlgorithms.slice(0, MOST_NAMED).join(', ');
  const which =
    possibleAlgorithms.length === 0
      ? ''
      : ` (one of ${named}${possibleAlgorithms.length > MOST_NAMED ? ' and others' : ''})`;
  const speaks =
    dialect !== null && dialectFrom === 'job'
      ? `it speaks ${dialect}, in which the algorithm is not said`
      : possibleDialects.length > 0
        ? `it may speak ${possibleDialects.join(', ')}`
        : '';
  const poolWords = failure?.poolMessage == null ? '' : ` (in its words: ${failure.poolMessage})`;
  const parts = [failure === null ? '' : failure.message + poolWords, speaks, ...notes].filter(
    (text) => text !== '',
  );
  const login = hasLogin
    ? ''
    : ', or give "user" and "password" so that the pool can be asked as mining would';
  return `what ${pool} mines is not clear: ${parts.join('; ')}. Name the algorithm${which}${login}`;
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

export interface AlgorithmsPortOptions {
  /** Every dialect that is spoken. */
  readonly dialects: readonly string[];
}

/** `onChange` is told when the list of algorithms has changed. */
export function algorithmsPort(
  store: Store,
  onChange: () => Promise<void>,
  { dialects }: AlgorithmsPortOptions,
): AlgorithmsPort {
  const unspoken = (given: readonly string[]) => {
    const dialect = given.find((one) => !dialects.includes(one));
    return dialect === undefined ? null : ({ kind: 'unknown-dialect', dialect, known: dialects } as const);
  };
  return {
    list: () => store.listAlgorithms(),

    async add(addition) {
      const refusal = unspoken(addition.dialects);
      if (refusal !== null) return refusal;
      const result = await store.addAlgorithm(addition);
      if (result.kind === 'created') await onChange();
      return result;
    },

    async update(name, change) {
      const before = await store.findAlgorithm(name);
      if (before === null) return { kind: 'not-found', known: await namesOf(store) };
      // What the catalogue lists may be spoken by a later version only.
      const added = (change.dialects ?? []).filter((dialect) => !before.dialects.includes(dialect));
      const refusal = unspoken(added);
      if (refusal !== null) return refusal;
      const result = await store.updateAlgorithm(name, change);
      if (result.kind === 'not-found') return { kind: 'not-found', known: await namesOf(store) };
      if (result.kind === 'updated') await onChange();
      return result;
    },

    async delete(name) {
      const result = await store.deleteAlgorithm(name);
      if (result.kind === 'not-found') return { kind: 'not-found', known: await namesOf(store) };
      if (result.kind === 'deleted') await onChange();
      return result;
    },
  };
}

async function namesOf(store: Store): Promise<readonly string[]> {
  return (await store.listAlgorithms()).map(({ name }) => name);
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
  const { host, port, algorithm, algorithmFrom, dialect, tls, label, coin, source, options } = record;
  return {
    pool: formatPoolPattern({ host, ports: [port] }),
    algorithm,
    algorithmFrom,
    dialect,
    tls,
    label,
    coin,
    source,
    options: { ...options, via: options.via === null ? null : shownVia(options.via) },
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
