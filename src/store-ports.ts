import { formatEndpoint } from './domain/endpoint.ts';
import { formatPoolPattern } from './domain/pool-pattern.ts';
import type { AccountSource } from './fleet/supervisor.ts';
import type { AccountsPort, AlgorithmsPort, PoolsPort, PoolView } from './http/ports.ts';
import type { PoolRecord, Store } from './store/store.ts';

/** The store as each room wants to see it. */

/** Rows read at a time where the whole pool list is walked. */
const PAGE = 1000;

export function accountSource(store: Store): AccountSource {
  return {
    async find(name) {
      const result = await store.findAccount(name);
      switch (result.kind) {
        case 'found':
          return { kind: 'found', account: result.account };
        case 'not-found':
          return { kind: 'unknown' };
        case 'unknown-pool':
          return { kind: 'unlisted', pool: formatEndpoint(result.endpoint) };
      }
    },
  };
}

export function accountsPort(store: Store): AccountsPort {
  return {
    async register({ endpoint, user, password, mode, label }) {
      const result = await store.registerAccount({ entries: [{ endpoint, user, password }], mode, label });
      switch (result.kind) {
        case 'created':
        case 'existing':
          return { kind: result.kind, name: result.account.name };
        case 'unknown-pool':
        case 'conflict':
          return result;
      }
    },
  };
}

/** `onChange` is told when the pool list has changed. */
export function poolsPort(store: Store, onChange: () => Promise<void>): PoolsPort {
  return {
    async add(addition) {
      const result = await store.addPool(addition);
      switch (result.kind) {
        case 'created':
          await onChange();
          return { kind: 'created', pools: result.pools.map(poolView) };
        case 'existing':
          return { kind: 'existing', pools: result.pools.map(poolView) };
        case 'conflict':
        case 'unknown-dialect':
          return result;
        case 'unknown-algorithm':
          return {
            kind: 'unknown-algorithm',
            known: (await store.listAlgorithms()).map((algorithm) => algorithm.name),
          };
      }
    },

    async list({ limit, after, algorithm, search }) {
      const found: PoolRecord[] = [];
      let last = after ?? undefined;
      while (found.length <= limit) {
        const page = await store.listPools({ after: last, limit: PAGE, algorithm: algorithm ?? undefined });
        found.push(...page.filter((record) => matches(record, search)));
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

function poolView(record: PoolRecord): PoolView {
  const { host, port, algorithm, dialect, tls, label, coin, source } = record;
  return { pool: formatPoolPattern({ host, ports: [port] }), algorithm, dialect, tls, label, coin, source };
}

function matches(record: PoolRecord, search: string | null): boolean {
  if (search === null) return true;
  const { host, port, label, coin } = record;
  return [`${host}:${port}`, label, coin].some((text) => text.toLowerCase().includes(search));
}
