import type { WorkerHandle } from '../fleet/worker-handle.ts';
import type { AccountsPort } from '../http/ports/accounts.ts';
import type { Log } from '../kit/log.ts';
import type { Store } from '../store/store.ts';
import { accountListing, everyPage, poolListing } from './listing.ts';

/** Enough of a look to know what is spoken; a store with more accounts than this has it all among the first. */
const ACCOUNTS_LOOKED_AT = 10_000;

export interface WorkerListsParts {
  readonly store: Pick<Store, 'listAccounts' | 'listAlgorithms' | 'listPools' | 'showAccount'>;
  readonly worker: Pick<
    WorkerHandle,
    'forgetAccounts' | 'setAlgorithms' | 'setDialectsInUse' | 'setPoolList'
  >;
  readonly log: Log;
}

/** What a worker is told of the store: addresses that may be mined at, algorithms, and what the pools of accounts speak. */
export class WorkerLists {
  readonly #parts: WorkerListsParts;
  #dialects = new Set<string>();

  constructor(parts: WorkerListsParts) {
    this.#parts = parts;
  }

  async onPoolsChanged(): Promise<void> {
    const { store, worker } = this.#parts;
    worker.setPoolList(await listedAddresses(store));
    await this.onAccountsImported();
    worker.forgetAccounts();
  }

  async onAlgorithmsChanged(): Promise<void> {
    const { store, worker } = this.#parts;
    worker.setAlgorithms(await store.listAlgorithms());
    await this.onPoolsChanged();
  }

  async onAccountsImported(): Promise<void> {
    const { store, worker } = this.#parts;
    this.#dialects = await dialectsOfAccounts(store);
    worker.setDialectsInUse([...this.#dialects]);
  }

  /** The accounts, with what their pools speak in use from the change on: a first line that may mean several things is read by it. */
  follow(accounts: AccountsPort): AccountsPort {
    return {
      ...accounts,
      register: async (registration, by) => {
        const result = await accounts.register(registration, by);
        if (result.kind === 'created') await this.#addDialectsOf(result.name);
        return result;
      },
      update: async (name, change, by) => {
        const result = await accounts.update(name, change, by);
        if (result.kind === 'updated') await this.#addDialectsOf(name);
        return result;
      },
    };
  }

  async #addDialectsOf(account: string): Promise<void> {
    const { store, worker, log } = this.#parts;
    try {
      const record = await store.showAccount(account);
      for (const { pool } of record?.entries ?? []) if (pool !== null) this.#dialects.add(pool.dialect);
      worker.setDialectsInUse([...this.#dialects]);
    } catch (error) {
      // The account is registered: whoever asked is not to be told otherwise. Its first miner says what it speaks.
      log.warn('what the pools of an account speak is not known yet', { account, reason: String(error) });
    }
  }
}

/** Every `host:port` and `*.suffix:port` of the pool list. */
async function listedAddresses(store: Pick<Store, 'listPools'>): Promise<readonly string[]> {
  const addresses: string[] = [];
  for await (const page of everyPage(poolListing(store)))
    for (const { host, port } of page) addresses.push(`${host}:${port}`);
  return addresses;
}

async function dialectsOfAccounts(store: Pick<Store, 'listAccounts'>): Promise<Set<string>> {
  const dialects = new Set<string>();
  let seen = 0;
  for await (const page of everyPage(accountListing(store))) {
    for (const { entries } of page)
      for (const { pool } of entries) if (pool !== null) dialects.add(pool.dialect);
    seen += page.length;
    if (seen >= ACCOUNTS_LOOKED_AT) break;
  }
  return dialects;
}
