import assert from 'node:assert/strict';
import { afterEach, beforeEach } from 'node:test';
import type { Pool } from '../../src/domain/account.ts';
import { type Endpoint, parseEndpoint } from '../../src/domain/endpoint.ts';
import type { PoolOptions } from '../../src/domain/pool-options.ts';
import { type PoolPattern, parsePoolPattern } from '../../src/domain/pool-pattern.ts';
import type { Catalogue } from '../../src/store/catalogue-schema.ts';
import type { AccountChange, AccountRequest, CredentialsRequest, Store } from '../../src/store/store.ts';

/** One set of data of the engine under test, empty at first. */
export interface StoreHarness {
  /** Opens the data; a later call, after `close`, sees what was stored before. */
  open(options: {
    catalogue: Catalogue;
    nowMs?: () => number;
    newAccountName?: () => string;
  }): Promise<Store>;
  /** Removes the data. Every store is closed by then. */
  dispose(): Promise<void>;
}

export type NewHarness = () => Promise<StoreHarness>;

/** The time of day of a store that has been opened for a test, in milliseconds since 1970-01-01 UTC. */
export const NOW_MS = 1_700_000_000_000;

export const CATALOGUE: Catalogue = {
  algorithms: [
    {
      name: 'sha256d',
      aliases: ['sha256', 'sha-256'],
      divider: 1,
      unit: 'H',
      dialects: ['bitcoin-v1'],
    },
    {
      name: 'scrypt',
      aliases: ['litecoin'],
      divider: 65536,
      unit: 'H',
      dialects: ['bitcoin-v1'],
      note: 'A note.',
    },
    {
      name: 'etchash',
      aliases: [],
      divider: 1,
      unit: 'H',
      dialects: ['ethproxy', 'ethereum-stratum'],
    },
    { name: 'equihash', aliases: ['zcash'], divider: 524288, unit: 'Sol', dialects: ['equihash'] },
  ],
  pools: [
    {
      host: 'btc.example.com',
      ports: [25, 3333],
      algorithm: 'sha256d',
      tls: false,
      label: 'Example',
      coin: 'BTC',
    },
    {
      host: 'btc.example.com',
      ports: [4333],
      algorithm: 'sha256d',
      tls: true,
      label: 'Example',
      coin: 'BTC',
    },
    { host: 'ltc.example.com', ports: [3333], algorithm: 'scrypt', tls: false, label: 'Example' },
    { host: '*.wild.example.com', ports: [3334], algorithm: 'sha256d', tls: false, label: 'Wild' },
    { host: '*.eu.wild.example.com', ports: [3334], algorithm: 'scrypt', tls: false, label: 'Wild EU' },
    {
      host: 'etc.example.com',
      ports: [443],
      algorithm: 'etchash',
      dialect: 'ethereum-stratum',
      tls: true,
      label: 'ETC',
    },
  ],
};

/** With other content than before, so that it is applied. */
export const NEXT_CATALOGUE: Catalogue = {
  ...CATALOGUE,
  algorithms: CATALOGUE.algorithms.map((algorithm) => ({ ...algorithm, note: 'The next.' })),
};

export function endpointOf(text: string): Endpoint {
  const endpoint = parseEndpoint(text);
  assert.ok(endpoint !== null, text);
  return endpoint;
}

export function patternOf(text: string): PoolPattern {
  const pattern = parsePoolPattern(text);
  assert.ok(pattern !== null, text);
  return pattern;
}

export function accountAt(pool: string, user = 'user', password = 'x'): CredentialsRequest {
  return { endpoint: endpointOf(pool), user, password };
}

/** For every test that follows a store of its own, with the catalogue above. */
export function storeBed(newHarness: NewHarness, startMs = NOW_MS) {
  let harness: StoreHarness;
  let store: Store;

  const bed = {
    /** The store's time of day. */
    nowMs: startMs,

    /** The one that is open now. */
    get store(): Store {
      return store;
    },

    /** Closes it, and opens the same data. */
    async reopen(options: { catalogue?: Catalogue; newAccountName?: () => string } = {}): Promise<void> {
      await store.close();
      store = await harness.open({ catalogue: CATALOGUE, nowMs: () => bed.nowMs, ...options });
    },

    /** The name of the account, new or not. */
    async register(request: AccountRequest): Promise<string> {
      const result = await store.registerAccount(request);
      assert.ok(result.kind === 'created' || result.kind === 'existing', result.kind);
      return result.account.name;
    },

    async addPool(pool: string, algorithm = 'sha256d', tls = false): Promise<void> {
      const result = await store.addPool({ pattern: patternOf(pool), algorithm, tls });
      assert.equal(result.kind, 'created');
    },

    resolve: (pool: string): Promise<Pool | null> => store.resolvePool(endpointOf(pool)),

    async algorithmAt(pool: string): Promise<string | null> {
      return (await bed.resolve(pool))?.algorithm.name ?? null;
    },

    async optionsAt(pool: string): Promise<PoolOptions | undefined> {
      return (await bed.resolve(pool))?.options;
    },

    async listedOptions(host: string): Promise<(readonly [string, PoolOptions])[]> {
      const all = await store.listPools({ limit: 1000 });
      return all.filter((pool) => pool.host === host).map(({ source, options }) => [source, options]);
    },

    async minedAt(name: string): Promise<string[]> {
      const found = await store.findAccount(name);
      assert.ok(found.kind === 'found');
      return found.account.entries.map(({ pool }) => pool.name);
    },

    /** What a miner would mine with, in a form to compare. */
    async contentOf(name: string) {
      const found = await store.findAccount(name);
      assert.ok(found.kind === 'found', found.kind);
      const { entries, ...rest } = found.account;
      return { ...rest, entries: entries.map(({ pool, user, password }) => [pool.name, user, password]) };
    },

    async update(name: string, change: AccountChange) {
      const result = await store.updateAccount(name, change);
      assert.ok(result.kind === 'updated', result.kind);
      return result.account;
    },
  };

  beforeEach(async () => {
    bed.nowMs = startMs;
    harness = await newHarness();
    store = await harness.open({ catalogue: CATALOGUE, nowMs: () => bed.nowMs });
  });

  afterEach(async () => {
    await store.close();
    await harness.dispose();
  });

  return bed;
}
