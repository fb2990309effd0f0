import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isAccountName } from '../../src/domain/account.ts';
import { parseEndpoint } from '../../src/domain/endpoint.ts';
import { NO_POOL_OPTIONS, type PoolOptions } from '../../src/domain/pool-options.ts';
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

function endpointOf(text: string): { host: string; port: number } {
  const endpoint = parseEndpoint(text);
  assert.ok(endpoint !== null, text);
  return endpoint;
}

function patternOf(text: string): PoolPattern {
  const pattern = parsePoolPattern(text);
  assert.ok(pattern !== null, text);
  return pattern;
}

function accountAt(pool: string, user = 'user', password = 'x'): CredentialsRequest {
  return { endpoint: endpointOf(pool), user, password };
}

/** The suite that every engine passes. */
export function describeStore(engine: string, newHarness: () => Promise<StoreHarness>): void {
  describe(`store on ${engine}`, () => {
    let harness: StoreHarness;
    let store: Store;

    beforeEach(async () => {
      harness = await newHarness();
      store = await harness.open({ catalogue: CATALOGUE, nowMs: () => 1_700_000_000_000 });
    });

    afterEach(async () => {
      await store.close();
      await harness.dispose();
    });

    async function reopen(
      options: { catalogue?: Catalogue; newAccountName?: () => string } = {},
    ): Promise<void> {
      await store.close();
      store = await harness.open({ catalogue: CATALOGUE, ...options });
    }

    async function register(request: AccountRequest): Promise<string> {
      const result = await store.registerAccount(request);
      assert.ok(result.kind === 'created' || result.kind === 'existing', result.kind);
      return result.account.name;
    }

    async function addPool(pool: string, algorithm: string, tls = false): Promise<void> {
      const result = await store.addPool({ pattern: patternOf(pool), algorithm, tls });
      assert.equal(result.kind, 'created');
    }

    async function algorithmAt(pool: string): Promise<string | null> {
      return (await store.resolvePool(endpointOf(pool)))?.algorithm.name ?? null;
    }

    async function optionsAt(pool: string): Promise<PoolOptions | undefined> {
      return (await store.resolvePool(endpointOf(pool)))?.options;
    }

    async function listedOptions(host: string): Promise<(readonly [string, PoolOptions])[]> {
      const all = await store.listPools({ limit: 1000 });
      return all.filter((pool) => pool.host === host).map(({ source, options }) => [source, options]);
    }

    async function minedAt(name: string): Promise<string[]> {
      const found = await store.findAccount(name);
      assert.ok(found.kind === 'found');
      return found.account.entries.map(({ pool }) => pool.name);
    }

    /** What a miner would mine with, in a form to compare. */
    async function contentOf(name: string) {
      const found = await store.findAccount(name);
      assert.ok(found.kind === 'found', found.kind);
      const { entries, ...rest } = found.account;
      return { ...rest, entries: entries.map(({ pool, user, password }) => [pool.name, user, password]) };
    }

    async function update(name: string, change: AccountChange) {
      const result = await store.updateAccount(name, change);
      assert.ok(result.kind === 'updated', result.kind);
      return result.account;
    }

    describe('registering', () => {
      test('gives a random name and finds the account by it, with the pool resolved', async () => {
        const result = await store.registerAccount(accountAt('btc.example.com:3333', 'alice', 'secret'));
        assert.ok(result.kind === 'created');
        const { account } = result;
        assert.ok(isAccountName(account.name), account.name);
        assert.deepEqual(account, {
          name: account.name,
          label: '',
          mode: 'auto',
          difficulty: { min: null, max: null, sharesPerMinute: null },
          workerTemplate: '{user}',
          revision: 1,
          entries: [
            {
              pool: {
                host: 'btc.example.com',
                port: 3333,
                name: 'btc.example.com:3333',
                algorithm: { name: 'sha256d', divider: 1, unit: 'H' },
                dialect: 'bitcoin-v1',
                tls: false,
                options: NO_POOL_OPTIONS,
              },
              user: 'alice',
              password: 'secret',
            },
          ],
        });
        assert.deepEqual(await store.findAccount(account.name), { kind: 'found', account });
      });

      test('the same pool, user and password give the same account, also after reopening', async () => {
        const request = accountAt('btc.example.com:3333', 'alice', '');
        const first = await store.registerAccount(request);
        assert.ok(first.kind === 'created');
        const again = await store.registerAccount(request);
        assert.deepEqual(again, { kind: 'existing', account: first.account });
        await reopen();
        assert.deepEqual(await store.registerAccount(request), { kind: 'existing', account: first.account });
        assert.equal(await store.countAccounts(), 1);
      });

      test('another port, user or password is another account; letter case counts', async () => {
        const requests = [
          accountAt('btc.example.com:3333', 'alice', 'a'),
          accountAt('btc.example.com:3333', 'alice', 'b'),
          accountAt('btc.example.com:3333', 'alice', 'A'),
          accountAt('btc.example.com:3333', 'Alice', 'a'),
          accountAt('btc.example.com:25', 'alice', 'a'),
          accountAt('ltc.example.com:3333', 'alice', 'a'),
          // Joined without a separator, these two would look alike.
          accountAt('btc.example.com:3333', 'alicea', ''),
          accountAt('btc.example.com:3333', '', 'alicea'),
        ];
        const names = new Set<string>();
        for (const request of requests) {
          const result = await store.registerAccount(request);
          assert.ok(result.kind === 'created');
          names.add(result.account.name);
        }
        assert.equal(names.size, requests.length);
      });

      test('two spellings of one host are one registration', async () => {
        await addPool('[::1]:3333', 'sha256d');
        const name = await register(accountAt('[::1]:3333'));
        assert.equal(await register(accountAt('[0:0:0:0:0:0:0:1]:3333')), name);
        const dotted = { endpoint: { host: 'BTC.example.com.', port: 25 }, user: 'u', password: '' };
        assert.equal(await register(dotted), await register(accountAt('btc.example.com:25', 'u', '')));
      });

      test('50 identical calls at once give one account', async () => {
        const request = accountAt('btc.example.com:3333', 'alice', 'secret');
        const results = await Promise.all(Array.from({ length: 50 }, () => store.registerAccount(request)));
        const names = new Set(results.map((result) => ('account' in result ? result.account.name : null)));
        assert.equal(names.size, 1);
        assert.equal(results.filter((result) => result.kind === 'created').length, 1);
        assert.equal(await store.countAccounts(), 1);
      });

      test('50 different calls at once give 50 accounts', async () => {
        const names = await Promise.all(
          Array.from({ length: 50 }, (_, index) => register(accountAt('btc.example.com:3333', `u${index}`))),
        );
        assert.equal(new Set(names).size, 50);
        assert.equal(await store.countAccounts(), 50);
      });

      test('an unknown pool is named, whether it is the primary or a backup, and nothing is stored', async () => {
        const unknown = await store.registerAccount(accountAt('nowhere.example.org:3333'));
        assert.deepEqual(unknown, {
          kind: 'unknown-pool',
          endpoint: { host: 'nowhere.example.org', port: 3333 },
        });
        const entry = accountAt('btc.example.com:3333');
        const backup = { ...entry, endpoint: { host: 'btc.example.com', port: 9 } };
        const result = await store.registerAccount({ ...entry, backups: [backup] });
        assert.deepEqual(result, { kind: 'unknown-pool', endpoint: backup.endpoint });
        assert.equal(await store.countAccounts(), 0);
      });

      test('keeps backups in order, and every property', async () => {
        const request = {
          ...accountAt('btc.example.com:3333', 'alice', 'p'),
          backups: [
            accountAt('a.wild.example.com:3334', 'alice.wild', ''),
            accountAt('btc.example.com:4333', 'alice', 'p'),
          ],
          mode: 'shared',
          label: 'hall 3',
          difficulty: { min: 2.3e-10, max: 65536, sharesPerMinute: 12.5 },
          workerTemplate: '{user}.{worker}',
        } as const;
        const name = await register(request);
        await reopen();
        const found = await store.findAccount(name);
        assert.ok(found.kind === 'found');
        const { mode, label, difficulty, workerTemplate, revision, entries } = found.account;
        assert.deepEqual(
          { mode, label, difficulty, workerTemplate, revision },
          {
            mode: 'shared',
            label: 'hall 3',
            difficulty: { min: 2.3e-10, max: 65536, sharesPerMinute: 12.5 },
            workerTemplate: '{user}.{worker}',
            revision: 1,
          },
        );
        assert.deepEqual(
          entries.map(({ pool, user, password }) => [pool.name, user, password, pool.tls]),
          [
            ['btc.example.com:3333', 'alice', 'p', false],
            ['a.wild.example.com:3334', 'alice.wild', '', false],
            ['btc.example.com:4333', 'alice', 'p', true],
          ],
        );
      });

      test('a backup of another algorithm is refused, and nothing is stored', async () => {
        const result = await store.registerAccount({
          ...accountAt('btc.example.com:3333'),
          backups: [accountAt('btc.example.com:25'), accountAt('ltc.example.com:3333')],
        });
        assert.deepEqual(result, {
          kind: 'mixed-algorithms',
          endpoint: endpointOf('ltc.example.com:3333'),
          algorithm: 'scrypt',
          expected: 'sha256d',
        });
        assert.equal(await store.countAccounts(), 0);
      });

      test('a floor above the cap is refused', async () => {
        const result = await store.registerAccount({
          ...accountAt('btc.example.com:3333'),
          difficulty: { min: 8, max: 4 },
        });
        assert.deepEqual(result, { kind: 'difficulty-range', min: 8, max: 4 });
        assert.equal(await store.countAccounts(), 0);
        await register({ ...accountAt('btc.example.com:3333'), difficulty: { min: 8, max: 8 } });
      });

      test('what is given explicitly has to agree with what is stored, what is absent does not', async () => {
        const primary = accountAt('btc.example.com:3333');
        const backup = accountAt('btc.example.com:25');
        const full: AccountRequest = {
          ...primary,
          backups: [backup],
          mode: 'shared',
          label: 'hall 3',
          difficulty: { min: 8, max: null, sharesPerMinute: 60 },
          workerTemplate: '{user}.{worker}',
        };
        const name = await register(full);
        assert.equal(await register(primary), name);
        assert.equal(await register({ ...primary, difficulty: { min: 8 } }), name);
        assert.equal(await register({ ...primary, difficulty: {} }), name);
        assert.equal(await register(full), name);

        const conflicts: [Partial<AccountRequest>, RegExp][] = [
          [{ mode: 'dedicated' }, /different mode/],
          [{ mode: 'auto' }, /different mode/],
          [{ label: '' }, /different label/],
          [{ backups: [] }, /different backups/],
          [{ backups: [{ ...backup, password: 'other' }] }, /different backups/],
          [{ backups: [backup, backup], mode: 'dedicated' }, /different backups and mode/],
          [{ difficulty: { min: 4 } }, /different difficulty/],
          [{ difficulty: { max: 4000 } }, /different difficulty/],
          [{ difficulty: { min: null } }, /different difficulty/],
          [{ difficulty: { sharesPerMinute: 6 } }, /different difficulty/],
          [{ difficulty: { sharesPerMinute: null } }, /different difficulty/],
          [{ workerTemplate: '{user}' }, /different workerTemplate/],
        ];
        for (const [given, message] of conflicts) {
          const result = await store.registerAccount({ ...primary, ...given });
          assert.ok(result.kind === 'conflict', JSON.stringify(given));
          assert.equal(result.name, name);
          assert.match(result.message, message);
          assert.doesNotMatch(result.message, /other/);
        }
        assert.equal(await store.countAccounts(), 1);
      });

      test('a name that is taken is not given twice', async () => {
        const names = ['a'.repeat(16), 'a'.repeat(16), 'a'.repeat(16), 'b'.repeat(16)];
        await reopen({ newAccountName: () => names.shift() ?? 'c'.repeat(16) });
        assert.equal(await register(accountAt('btc.example.com:3333', 'one')), 'a'.repeat(16));
        assert.equal(await register(accountAt('btc.example.com:3333', 'two')), 'b'.repeat(16));
      });

      test('gives up with a typed fault when no name is free, and leaves nothing half done', async () => {
        await reopen({ newAccountName: () => 'a'.repeat(16) });
        await register(accountAt('btc.example.com:3333', 'one'));
        await assert.rejects(store.registerAccount(accountAt('btc.example.com:3333', 'two')), {
          name: 'StoreError',
          kind: 'failed',
        });
        assert.equal(await store.countAccounts(), 1);
        assert.equal(await register(accountAt('btc.example.com:3333', 'one')), 'a'.repeat(16));
      });

      test('user and password come back as they went in, whatever they hold', async () => {
        const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant("'; drop table accounts; --"));
        await fc.assert(
          fc.asyncProperty(text, text, async (user, password) => {
            const name = await register(accountAt('btc.example.com:3333', user, password));
            const found = await store.findAccount(name);
            assert.ok(found.kind === 'found');
            assert.equal(found.account.entries[0].user, user);
            assert.equal(found.account.entries[0].password, password);
          }),
          { numRuns: 40 },
        );
      });
    });

    describe('accounts', () => {
      test('an unknown name is not found', async () => {
        assert.deepEqual(await store.findAccount('0123456789abcdef'), { kind: 'not-found' });
        assert.deepEqual(await store.findAccount(''), { kind: 'not-found' });
      });

      test('pages cover every account once, in order of name, without passwords', async () => {
        for (let index = 0; index < 7; index += 1) {
          await register(accountAt('btc.example.com:3333', `u${index}`, 'very-secret'));
        }
        const names: string[] = [];
        for (;;) {
          const page = await store.listAccounts({ after: names.at(-1), limit: 3 });
          if (page.length === 0) break;
          assert.ok(page.length <= 3);
          names.push(...page.map((account) => account.name));
          assert.doesNotMatch(JSON.stringify(page), /very-secret/);
          for (const account of page) {
            assert.equal(account.createdAtMs, 1_700_000_000_000);
            assert.equal(account.entries.length, 1);
            assert.equal(account.entries[0]?.pool?.algorithm.name, 'sha256d');
          }
        }
        assert.equal(new Set(names).size, 7);
        assert.deepEqual(names, [...names].sort());
      });

      test('a corrected pool entry corrects the accounts that use it', async () => {
        const name = await register(accountAt('btc.example.com:3333'));
        await addPool('btc.example.com:3333', 'scrypt', true);
        const found = await store.findAccount(name);
        assert.ok(found.kind === 'found');
        const { pool } = found.account.entries[0];
        assert.equal(pool.algorithm.divider, 65536);
        assert.equal(pool.tls, true);
      });

      test('a backup that turns out to mine something else is shown, but not mined with', async () => {
        const name = await register({
          ...accountAt('btc.example.com:3333'),
          backups: [accountAt('btc.example.com:25'), accountAt('btc.example.com:4333')],
        });
        await addPool('btc.example.com:25', 'scrypt');
        assert.deepEqual(await minedAt(name), ['btc.example.com:3333', 'btc.example.com:4333']);
        assert.deepEqual(
          (await store.showAccount(name))?.entries.map(({ pool }) => pool?.algorithm.name),
          ['sha256d', 'scrypt', 'sha256d'],
        );
        // When the primary is corrected, it decides.
        await addPool('btc.example.com:3333', 'scrypt');
        assert.deepEqual(await minedAt(name), ['btc.example.com:3333', 'btc.example.com:25']);
      });

      test('an entry that repeats one before is shown, but not mined with', async () => {
        const primary = accountAt('btc.example.com:3333', 'alice', 'p');
        const name = await register({ ...primary, backups: [primary, { ...primary, user: 'bob' }, primary] });
        assert.deepEqual(await minedAt(name), ['btc.example.com:3333', 'btc.example.com:3333']);
        assert.equal((await store.showAccount(name))?.entries.length, 4);
      });

      test('is shown with everything but its passwords', async () => {
        const name = await register({
          ...accountAt('btc.example.com:3333', 'alice', 'very-secret'),
          backups: [accountAt('btc.example.com:25', 'bob', '')],
          label: 'hall 3',
          difficulty: { max: 1024 },
        });
        const record = await store.showAccount(name);
        assert.deepEqual(
          {
            ...record,
            entries: record?.entries.map(({ pool, ...entry }) => ({ ...entry, pool: pool?.name })),
          },
          {
            name,
            label: 'hall 3',
            mode: 'auto',
            difficulty: { min: null, max: 1024, sharesPerMinute: null },
            workerTemplate: '{user}',
            revision: 1,
            createdAtMs: 1_700_000_000_000,
            changedAtMs: 1_700_000_000_000,
            lastSeenAtMs: null,
            entries: [
              {
                endpoint: endpointOf('btc.example.com:3333'),
                user: 'alice',
                hasPassword: true,
                pool: 'btc.example.com:3333',
              },
              {
                endpoint: endpointOf('btc.example.com:25'),
                user: 'bob',
                hasPassword: false,
                pool: 'btc.example.com:25',
              },
            ],
          },
        );
        assert.deepEqual(await store.listAccounts({ limit: 10 }), [record]);
        assert.doesNotMatch(JSON.stringify(record), /very-secret/);
        assert.equal(await store.showAccount('0'.repeat(16)), null);
      });
    });

    describe('changing', () => {
      const PRIMARY = accountAt('btc.example.com:3333', 'alice', 'opener');
      const BACKUP = accountAt('btc.example.com:25', 'alice.b', 'second');

      test('changes what is given and nothing else, under the same name', async () => {
        const name = await register({ ...PRIMARY, backups: [BACKUP], label: 'hall 3' });
        const before = await contentOf(name);
        const steps: [AccountChange, object][] = [
          [{ password: 'new' }, { entries: [['btc.example.com:3333', 'alice', 'new'], before.entries[1]] }],
          [{ user: 'bob' }, { entries: [['btc.example.com:3333', 'bob', 'new'], before.entries[1]] }],
          [
            { endpoint: endpointOf('btc.example.com:4333') },
            { entries: [['btc.example.com:4333', 'bob', 'new'], before.entries[1]] },
          ],
          [{ password: '' }, { entries: [['btc.example.com:4333', 'bob', ''], before.entries[1]] }],
          [{ backups: [] }, { entries: [['btc.example.com:4333', 'bob', '']] }],
          [{ mode: 'dedicated' }, { mode: 'dedicated' }],
          [{ label: '' }, { label: '' }],
          [{ difficulty: { min: 8 } }, { difficulty: { min: 8, max: null, sharesPerMinute: null } }],
          [{ difficulty: { max: 16 } }, { difficulty: { min: 8, max: 16, sharesPerMinute: null } }],
          [{ difficulty: { sharesPerMinute: 60 } }, { difficulty: { min: 8, max: 16, sharesPerMinute: 60 } }],
          [{ difficulty: { min: null } }, { difficulty: { min: null, max: 16, sharesPerMinute: 60 } }],
          [
            { difficulty: { sharesPerMinute: null } },
            { difficulty: { min: null, max: 16, sharesPerMinute: null } },
          ],
          [{ workerTemplate: 'farm' }, { workerTemplate: 'farm' }],
        ];
        const expected = structuredClone(before);
        for (const [change, differences] of steps) {
          const shown = await update(name, change);
          Object.assign(expected, differences, { revision: expected.revision + 1 });
          assert.deepEqual(await contentOf(name), expected, JSON.stringify(change));
          assert.deepEqual(await store.showAccount(name), shown);
        }
        await reopen();
        assert.deepEqual(await contentOf(name), expected);
        assert.equal(await store.countAccounts(), 1);
      });

      test('everything at once is one change, with its time', async () => {
        const name = await register({ ...PRIMARY, backups: [BACKUP] });
        await store.close();
        store = await harness.open({ catalogue: CATALOGUE, nowMs: () => 1_700_000_999_000 });
        const shown = await update(name, {
          ...accountAt('ltc.example.com:3333', 'bob', 'p'),
          backups: [accountAt('a.eu.wild.example.com:3334', 'carol', '')],
          mode: 'shared',
          label: 'moved',
          difficulty: { min: 1, max: 2 },
          workerTemplate: '{worker}',
        });
        assert.deepEqual(
          [shown.revision, shown.createdAtMs, shown.changedAtMs],
          [2, 1_700_000_000_000, 1_700_000_999_000],
        );
        assert.deepEqual((await contentOf(name)).entries, [
          ['ltc.example.com:3333', 'bob', 'p'],
          ['a.eu.wild.example.com:3334', 'carol', ''],
        ]);
      });

      test('what is the same already is no change', async () => {
        const name = await register({ ...PRIMARY, backups: [BACKUP], difficulty: { min: 8 } });
        const before = await store.showAccount(name);
        const nothing: AccountChange[] = [
          {},
          { ...PRIMARY, backups: [BACKUP] },
          { backups: [{ endpoint: BACKUP.endpoint, user: BACKUP.user }] },
          { endpoint: { host: 'BTC.example.com.', port: 3333 } },
          {
            mode: 'auto',
            label: '',
            difficulty: { min: 8, max: null, sharesPerMinute: null },
            workerTemplate: '{user}',
          },
          { difficulty: {} },
        ];
        for (const change of nothing)
          assert.deepEqual(await update(name, change), before, JSON.stringify(change));
      });

      test('a backup without a password keeps that of the same pool and user', async () => {
        const name = await register({
          ...PRIMARY,
          backups: [BACKUP, { ...BACKUP, user: 'carol', password: 'third' }],
        });
        const { endpoint } = BACKUP;
        await update(name, {
          backups: [
            { endpoint, user: 'carol' },
            { endpoint, user: 'dave' },
            { endpoint: { host: 'BTC.example.com.', port: 25 }, user: 'alice.b' },
            { endpoint, user: 'alice.b', password: '' },
            { endpoint: PRIMARY.endpoint, user: 'alice' },
          ],
        });
        assert.deepEqual((await contentOf(name)).entries.slice(1), [
          ['btc.example.com:25', 'carol', 'third'],
          ['btc.example.com:25', 'dave', ''],
          ['btc.example.com:25', 'alice.b', 'second'],
          ['btc.example.com:25', 'alice.b', ''],
        ]);
        const shown = await store.showAccount(name);
        assert.deepEqual(
          shown?.entries.map(({ hasPassword }) => hasPassword),
          [true, true, false, true, false, true],
        );
      });

      test('primary and backup can change places in one change', async () => {
        const name = await register({ ...PRIMARY, backups: [BACKUP] });
        await update(name, { ...BACKUP, backups: [{ endpoint: PRIMARY.endpoint, user: PRIMARY.user }] });
        assert.deepEqual((await contentOf(name)).entries, [
          ['btc.example.com:25', 'alice.b', 'second'],
          ['btc.example.com:3333', 'alice', 'opener'],
        ]);
      });

      test('the registration of the new credentials gives the account, that of the old ones a new one', async () => {
        const name = await register(PRIMARY);
        await update(name, { password: 'new' });
        assert.equal(await register({ ...PRIMARY, password: 'new' }), name);
        const other = await register(PRIMARY);
        assert.notEqual(other, name);
        assert.equal(await store.countAccounts(), 2);
      });

      test('what cannot be is refused, and nothing changes', async () => {
        const name = await register({ ...PRIMARY, backups: [BACKUP], difficulty: { min: 8 } });
        const other = await register({ ...PRIMARY, user: 'bob' });
        const before = await contentOf(name);
        const nowhere = endpointOf('nowhere.example.org:3333');
        const scrypt = endpointOf('ltc.example.com:3333');
        const mixed = { kind: 'mixed-algorithms', expected: 'sha256d', algorithm: 'scrypt' };
        const refusals: [AccountChange, object][] = [
          [
            { endpoint: nowhere, label: 'x' },
            { kind: 'unknown-pool', endpoint: nowhere },
          ],
          [{ backups: [{ ...BACKUP, endpoint: nowhere }] }, { kind: 'unknown-pool', endpoint: nowhere }],
          [{ backups: [BACKUP, { ...BACKUP, endpoint: scrypt }] }, { ...mixed, endpoint: scrypt }],
          [
            { endpoint: scrypt },
            { kind: 'mixed-algorithms', endpoint: BACKUP.endpoint, algorithm: 'sha256d', expected: 'scrypt' },
          ],
          [{ difficulty: { max: 4 } }, { kind: 'difficulty-range', min: 8, max: 4 }],
        ];
        for (const [change, refusal] of refusals) {
          assert.deepEqual(await store.updateAccount(name, change), refusal);
          assert.deepEqual(await contentOf(name), before);
        }
        const conflict = await store.updateAccount(name, { user: 'bob', label: 'x' });
        assert.ok(conflict.kind === 'conflict');
        assert.equal(conflict.name, other);
        assert.match(conflict.message, new RegExp(`account ${other} .* btc\\.example\\.com:3333 already`));
        assert.doesNotMatch(conflict.message, /opener/);
        assert.deepEqual(await contentOf(name), before);
        assert.deepEqual(await store.updateAccount('0'.repeat(16), { label: 'x' }), { kind: 'not-found' });
      });

      test('another algorithm is possible when the backups go with it', async () => {
        const name = await register({ ...PRIMARY, backups: [BACKUP] });
        await update(name, { endpoint: endpointOf('ltc.example.com:3333'), backups: [] });
        assert.deepEqual((await contentOf(name)).entries, [['ltc.example.com:3333', 'alice', 'opener']]);
      });

      test('a backup that turned out to mine something else does not hold up what does not concern it', async () => {
        await addPool('10.0.0.1:3333', 'sha256d');
        const name = await register({ ...PRIMARY, backups: [BACKUP] });
        await addPool('btc.example.com:25', 'scrypt');
        await update(name, { label: 'b', password: 'new', user: 'bob', mode: 'dedicated' });
        assert.deepEqual((await contentOf(name)).entries, [['btc.example.com:3333', 'bob', 'new']]);
        const change = { endpoint: endpointOf('10.0.0.1:3333') };
        assert.equal((await store.updateAccount(name, change)).kind, 'mixed-algorithms');
        await update(name, { ...change, backups: [] });
      });

      test('50 changes at once all take effect, each with a revision of its own', async () => {
        const name = await register({ ...PRIMARY, backups: [BACKUP] });
        const shown = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            update(name, { label: `change ${index}`, password: `p${index}` }),
          ),
        );
        assert.deepEqual(
          shown.map(({ revision }) => revision).sort((a, b) => a - b),
          Array.from({ length: 50 }, (_, index) => index + 2),
        );
        const last = shown.find(({ revision }) => revision === 51);
        assert.deepEqual(await store.showAccount(name), last);
        const { entries } = await contentOf(name);
        assert.deepEqual(entries[0], ['btc.example.com:3333', 'alice', `p${last?.label.slice(7)}`]);
        assert.equal(entries.length, 2);
      });

      test('of many accounts that want the same credentials at once, one gets them', async () => {
        const names = await Promise.all(
          Array.from({ length: 20 }, (_, index) => register({ ...PRIMARY, user: `u${index}` })),
        );
        const results = await Promise.all(names.map((name) => store.updateAccount(name, { user: 'wanted' })));
        const winners = results.filter((result) => result.kind === 'updated');
        assert.equal(winners.length, 1);
        const [winner] = winners;
        for (const result of results) {
          if (result.kind !== 'updated')
            assert.ok(result.kind === 'conflict' && result.name === winner?.account.name);
        }
        assert.equal(await register({ ...PRIMARY, user: 'wanted' }), winner?.account.name);
      });

      test('whatever is changed in whatever order, the account is what a plain object would be', async () => {
        const pools = ['btc.example.com:3333', 'btc.example.com:25', 'btc.example.com:4333'];
        const credentials = fc.record({
          endpoint: fc.constantFrom(...pools).map(endpointOf),
          user: fc.constantFrom('u', 'v'),
          password: fc.string({ maxLength: 3 }),
        });
        const change = fc.record(
          {
            endpoint: fc.constantFrom(...pools).map(endpointOf),
            user: fc.string(),
            password: fc.string(),
            backups: fc.array(credentials, { maxLength: 3 }),
            mode: fc.constantFrom('auto' as const, 'dedicated' as const, 'shared' as const),
            label: fc.string(),
            workerTemplate: fc.string(),
          },
          { requiredKeys: [] },
        );
        await fc.assert(
          fc.asyncProperty(fc.uuid(), fc.array(change, { maxLength: 6 }), async (user, changes) => {
            const request = { ...PRIMARY, user };
            const name = await register(request);
            const expected: AccountRequest = {
              ...request,
              backups: [],
              mode: 'auto',
              label: '',
              workerTemplate: '{user}',
            };
            for (const given of changes) {
              await update(name, given);
              Object.assign(expected, given);
            }
            const shown = await store.showAccount(name);
            assert.ok(shown !== null);
            const { mode, label, workerTemplate, backups = [] } = expected;
            assert.deepEqual([shown.mode, shown.label, shown.workerTemplate], [mode, label, workerTemplate]);
            assert.deepEqual(
              shown.entries.map((entry) => [entry.endpoint, entry.user, entry.hasPassword]),
              [expected, ...backups].map((entry) => [entry.endpoint, entry.user, entry.password !== '']),
            );
            const found = await store.findAccount(name);
            assert.ok(found.kind === 'found');
            assert.equal(found.account.entries[0].password, expected.password);
            await store.deleteAccount(name);
          }),
          { numRuns: 40 },
        );
      });
    });

    describe('deleting', () => {
      test('the account is gone, and the others are not', async () => {
        const request = { ...accountAt('btc.example.com:3333'), backups: [accountAt('btc.example.com:25')] };
        const name = await register(request);
        const other = await register(accountAt('btc.example.com:25'));
        assert.deepEqual(await store.deleteAccount(name), { kind: 'deleted' });
        assert.deepEqual(await store.deleteAccount(name), { kind: 'not-found' });
        await reopen();
        assert.deepEqual(await store.findAccount(name), { kind: 'not-found' });
        assert.equal(await store.showAccount(name), null);
        assert.deepEqual(
          (await store.listAccounts({ limit: 10 })).map((account) => account.name),
          [other],
        );
      });

      test('the same credentials get a new name afterwards', async () => {
        const request = {
          ...accountAt('btc.example.com:3333'),
          backups: [accountAt('btc.example.com:25')],
          label: 'a',
        };
        const name = await register(request);
        await store.deleteAccount(name);
        const again = await store.registerAccount({ ...request, label: 'b' });
        assert.ok(again.kind === 'created');
        assert.notEqual(again.account.name, name);
        assert.equal(again.account.entries.length, 2);
        assert.equal(again.account.revision, 1);
      });

      test('an address that only a deleted account used leaves the list with the next catalogue', async () => {
        const name = await register(accountAt('btc.example.com:25'));
        await store.deleteAccount(name);
        await reopen({ catalogue: { algorithms: [], pools: [] } });
        assert.deepEqual(await store.listPools({ limit: 10 }), []);
      });

      test('amid changes: those before it take effect, those after it find nothing, and nothing is left', async () => {
        const request = { ...accountAt('btc.example.com:3333'), backups: [accountAt('btc.example.com:25')] };
        for (let round = 0; round < 3; round += 1) {
          const name = await register(request);
          const kinds = await Promise.all(
            Array.from({ length: 40 }, async (_, index) => {
              const call =
                index % 13 === 12
                  ? store.deleteAccount(name)
                  : store.updateAccount(name, { label: `${index}` });
              return (await call).kind;
            }),
          );
          assert.equal(kinds.filter((kind) => kind === 'deleted').length, 1);
          assert.equal(kinds.filter((kind) => kind === 'updated').length, 12);
          assert.equal(kinds.filter((kind) => kind === 'not-found').length, 27);
          assert.deepEqual(await store.findAccount(name), { kind: 'not-found' });
          assert.equal(await store.countAccounts(), 0);
        }
      });
    });

    describe('the pool list', () => {
      test('an exact host wins over a wildcard, the longest suffix among wildcards', async () => {
        assert.equal(await algorithmAt('sha.us.wild.example.com:3334'), 'sha256d');
        assert.equal(await algorithmAt('sha.eu.wild.example.com:3334'), 'scrypt');
        await addPool('sha.eu.wild.example.com:3334', 'etchash');
        assert.equal(await algorithmAt('sha.eu.wild.example.com:3334'), 'etchash');
        assert.equal(await algorithmAt('other.eu.wild.example.com:3334'), 'scrypt');
      });

      test('a wildcard stands for neither its own suffix, other ports nor look-alikes', async () => {
        assert.equal(await algorithmAt('wild.example.com:3334'), null);
        assert.equal(await algorithmAt('a.wild.example.com:3335'), null);
        assert.equal(await algorithmAt('notwild.example.com:3334'), null);
        assert.equal(await algorithmAt('awild.example.com:3334'), null);
      });

      test("an operator's entry wins over the catalogue's", async () => {
        await addPool('btc.example.com:3333', 'scrypt');
        assert.equal(await algorithmAt('btc.example.com:3333'), 'scrypt');
        await addPool('*.example.com:25', 'etchash');
        assert.equal(await algorithmAt('btc.example.com:25'), 'etchash');
      });

      test('addresses without a dot, IPv4 and IPv6 are pools like any other', async () => {
        for (const pool of ['127.0.0.1:3333', 'localhost:3333', '[::1]:3333', 'pool-3:3333']) {
          await addPool(pool, 'sha256');
          const resolved = await store.resolvePool(endpointOf(pool));
          assert.equal(resolved?.name, pool);
          assert.equal(resolved.algorithm.name, 'sha256d');
        }
      });

      test('the dialect is the entry’s own, or the first of its algorithm', async () => {
        const etc = await store.resolvePool(endpointOf('etc.example.com:443'));
        assert.deepEqual([etc?.dialect, etc?.tls], ['ethereum-stratum', true]);
        await addPool('10.0.0.1:4444', 'etchash');
        assert.equal((await store.resolvePool(endpointOf('10.0.0.1:4444')))?.dialect, 'ethproxy');
      });

      test('adding gives a record per port, and again the same ones', async () => {
        const request = {
          pattern: patternOf('*.farm.lan:3333,4444'),
          algorithm: 'LITECOIN',
          tls: false,
          label: 'farm',
        };
        const created = await store.addPool(request);
        assert.ok(created.kind === 'created');
        assert.deepEqual(
          created.pools,
          [3333, 4444].map((port, index) => ({
            id: created.pools[index]?.id,
            host: '*.farm.lan',
            port,
            algorithm: 'scrypt',
            algorithmFrom: 'given',
            dialect: 'bitcoin-v1',
            tls: false,
            label: 'farm',
            coin: '',
            source: 'operator',
            options: NO_POOL_OPTIONS,
            createdAtMs: 1_700_000_000_000,
          })),
        );
        assert.deepEqual(await store.addPool(request), { kind: 'existing', pools: created.pools });
        assert.deepEqual(await store.addPool({ ...request, label: undefined }), {
          kind: 'existing',
          pools: created.pools,
        });
        const more = await store.addPool({ ...request, pattern: patternOf('*.farm.lan:4444,5555') });
        assert.ok(more.kind === 'created');
        assert.equal(more.pools[0]?.id, created.pools[1]?.id);
        assert.equal(more.pools.length, 2);
      });

      test('what the catalogue lists already with the same facts is existing', async () => {
        const result = await store.addPool({
          pattern: patternOf('btc.example.com:3333'),
          algorithm: 'sha256',
          tls: false,
        });
        assert.ok(result.kind === 'existing');
        assert.equal(result.pools[0]?.source, 'catalogue');
      });

      test('how the algorithm is known is kept, and is no fact that could clash', async () => {
        const request = { pattern: patternOf('10.0.0.9:3333'), algorithm: 'sha256d', tls: false };
        const created = await store.addPool({ ...request, algorithmFrom: 'job' });
        assert.ok(created.kind === 'created');
        assert.equal(created.pools[0]?.algorithmFrom, 'job');
        assert.deepEqual(await store.addPool(request), { kind: 'existing', pools: created.pools });
        const listed = await store.listPools({ limit: 1000 });
        const from = new Map(listed.map(({ host, algorithmFrom }) => [host, algorithmFrom]));
        assert.deepEqual([from.get('10.0.0.9'), from.get('btc.example.com')], ['job', 'catalogue']);
      });

      test('other facts for an address that the operator listed are a conflict, and nothing is stored', async () => {
        await addPool('10.0.0.1:3333', 'sha256d');
        const others = [
          { algorithm: 'scrypt', tls: false },
          { algorithm: 'sha256d', tls: true },
          { algorithm: 'sha256d', tls: false, label: 'mine' },
        ];
        for (const other of others) {
          const result = await store.addPool({ pattern: patternOf('10.0.0.1:3333,3334'), ...other });
          assert.ok(result.kind === 'conflict');
          assert.match(
            result.message,
            /10\.0\.0\.1:3333 is listed already: sha256d, bitcoin-v1, without TLS/,
          );
        }
        assert.equal(await algorithmAt('10.0.0.1:3334'), null);
      });

      test('algorithms and dialects that are not known are refused', async () => {
        const pattern = patternOf('10.0.0.1:3333');
        assert.deepEqual(await store.addPool({ pattern, algorithm: 'md5', tls: false }), {
          kind: 'unknown-algorithm',
          algorithm: 'md5',
        });
        assert.deepEqual(
          await store.addPool({ pattern, algorithm: 'etchash', dialect: 'bitcoin-v1', tls: false }),
          { kind: 'unknown-dialect', dialect: 'bitcoin-v1', known: ['ethproxy', 'ethereum-stratum'] },
        );
        assert.equal(await algorithmAt('10.0.0.1:3333'), null);
      });

      test('20 identical calls at once give one entry', async () => {
        const request = { pattern: patternOf('10.0.0.1:3333'), algorithm: 'sha256d', tls: false };
        const results = await Promise.all(Array.from({ length: 20 }, () => store.addPool(request)));
        assert.equal(results.filter((result) => result.kind === 'created').length, 1);
        assert.equal(results.filter((result) => result.kind === 'existing').length, 19);
      });

      test('pages cover every record once, by id, and filters narrow them', async () => {
        await addPool('10.0.0.1:3333', 'scrypt');
        const all = await store.listPools({ limit: 1000 });
        assert.equal(all.length, 8);
        const paged: number[] = [];
        for (;;) {
          const page = await store.listPools({ after: paged.at(-1), limit: 3 });
          if (page.length === 0) break;
          paged.push(...page.map((pool) => pool.id));
        }
        assert.deepEqual(
          paged,
          all.map((pool) => pool.id),
        );
        const operators = await store.listPools({ limit: 10, source: 'operator' });
        assert.deepEqual(
          operators.map(({ host, port }) => `${host}:${port}`),
          ['10.0.0.1:3333'],
        );
        assert.equal((await store.listPools({ limit: 10, algorithm: 'litecoin' })).length, 3);
        assert.equal(
          (await store.listPools({ limit: 10, algorithm: 'litecoin', source: 'operator' })).length,
          1,
        );
        assert.deepEqual(await store.listPools({ limit: 10, algorithm: 'unheard-of' }), []);
      });
    });

    describe('the options of a pool', () => {
      const OPTIONS: PoolOptions = {
        suggestDifficulty: 65_536,
        passwordTemplate: '{password},d={difficulty}',
        jobTimeoutSeconds: 600,
        tlsVerify: false,
        tlsFingerprint: 'ab'.repeat(32),
        via: 'socks5://user:hunter2@127.0.0.1:9050',
      };
      const HOME = { pattern: patternOf('10.0.0.1:3333'), algorithm: 'sha256d', tls: false };
      const AT_HOME = endpointOf('10.0.0.1:3333');

      test('come with the entry, and reach the accounts that use it, also after reopening', async () => {
        const result = await store.addPool({ ...HOME, options: OPTIONS });
        assert.ok(result.kind === 'created');
        assert.deepEqual(result.pools[0]?.options, OPTIONS);
        const name = await register(accountAt('10.0.0.1:3333'));
        await reopen();
        const found = await store.findAccount(name);
        assert.ok(found.kind === 'found');
        assert.deepEqual(found.account.entries[0].pool.options, OPTIONS);
        assert.deepEqual((await store.showAccount(name))?.entries[0].pool?.options, OPTIONS);
        assert.deepEqual(await listedOptions('10.0.0.1'), [['operator', OPTIONS]]);
      });

      test('of a wildcard are those of every host below it that has no entry of its own', async () => {
        const address = endpointOf('x.wild.example.com:3334');
        const wildcard = { ...address, host: '*.wild.example.com' };
        const options = { jobTimeoutSeconds: 99 };
        assert.equal((await store.updatePool(wildcard, { options })).kind, 'updated');
        assert.deepEqual(await optionsAt('x.wild.example.com:3334'), { ...NO_POOL_OPTIONS, ...options });
        assert.deepEqual(await optionsAt('x.eu.wild.example.com:3334'), NO_POOL_OPTIONS);
        assert.deepEqual(await store.updatePool(address, { options }), { kind: 'not-found' });
      });

      test('are changed each by itself, and null takes one away', async () => {
        await store.addPool({ ...HOME, options: OPTIONS });
        const changes: readonly (readonly [Partial<PoolOptions>, PoolOptions])[] = [
          [{}, OPTIONS],
          [{ jobTimeoutSeconds: null }, { ...OPTIONS, jobTimeoutSeconds: null }],
          [
            { suggestDifficulty: 2.3e-10 },
            { ...OPTIONS, jobTimeoutSeconds: null, suggestDifficulty: 2.3e-10 },
          ],
          [
            {
              suggestDifficulty: null,
              passwordTemplate: '{password}',
              tlsVerify: null,
              tlsFingerprint: null,
              via: null,
            },
            { ...NO_POOL_OPTIONS, passwordTemplate: '{password}' },
          ],
          [{ passwordTemplate: null }, NO_POOL_OPTIONS],
        ];
        for (const [options, expected] of changes) {
          const result = await store.updatePool(AT_HOME, { options });
          assert.ok(result.kind === 'updated');
          assert.deepEqual(result.pool.options, expected);
          assert.deepEqual(await optionsAt('10.0.0.1:3333'), expected);
        }
      });

      test('a template that names the difficulty needs one, and nothing is stored without', async () => {
        const template = { passwordTemplate: 'd={difficulty}' };
        assert.deepEqual(await store.addPool({ ...HOME, options: template }), { kind: 'no-difficulty' });
        assert.equal(await optionsAt('10.0.0.1:3333'), undefined);
        await store.addPool({ ...HOME, options: { ...template, suggestDifficulty: 8 } });
        const options = { suggestDifficulty: null, jobTimeoutSeconds: 60 };
        assert.deepEqual(await store.updatePool(AT_HOME, { options, label: 'x' }), { kind: 'no-difficulty' });
        assert.deepEqual(await listedOptions('10.0.0.1'), [
          ['operator', { ...NO_POOL_OPTIONS, ...template, suggestDifficulty: 8 }],
        ]);
        assert.equal((await store.listPools({ limit: 10, source: 'operator' }))[0]?.label, '');
      });

      test('that are given again have to agree, what is absent does not', async () => {
        await store.addPool({ ...HOME, options: OPTIONS });
        assert.equal((await store.addPool(HOME)).kind, 'existing');
        assert.equal(
          (await store.addPool({ ...HOME, options: { jobTimeoutSeconds: 600 } })).kind,
          'existing',
        );
        for (const options of [
          { jobTimeoutSeconds: 601 },
          { via: null },
          { tlsVerify: null },
          { tlsFingerprint: null },
          { passwordTemplate: null },
          { suggestDifficulty: null },
        ]) {
          const result = await store.addPool({ ...HOME, options });
          assert.ok(result.kind === 'conflict');
          assert.match(result.message, /options \{"suggestDifficulty":65536,.*socks5:\/\/\*\*\*@127/);
          assert.doesNotMatch(result.message, /hunter2/);
        }
      });

      test('of a pool of the catalogue outlive its updates, and the entry that an operator puts in its place', async () => {
        const address = endpointOf('ltc.example.com:3333');
        const options = { suggestDifficulty: 4096, jobTimeoutSeconds: 60 };
        const result = await store.updatePool(address, { options });
        assert.ok(result.kind === 'updated');
        assert.equal(result.pool.source, 'catalogue');
        const stored = { ...NO_POOL_OPTIONS, ...options };
        const pools = CATALOGUE.pools.map((pool) =>
          pool.host === 'ltc.example.com' ? Object.assign({ ...pool }, { label: 'Renamed' }) : pool,
        );
        await reopen({ catalogue: { ...CATALOGUE, pools } });
        const [renamed] = await store.listPools({ limit: 1, algorithm: 'scrypt' });
        assert.deepEqual([renamed?.label, renamed?.options], ['Renamed', stored]);

        const pattern = patternOf('ltc.example.com:3333');
        const own = await store.addPool({
          pattern,
          algorithm: 'scrypt',
          tls: true,
          options: { jobTimeoutSeconds: 90 },
        });
        assert.equal(own.kind, 'created');
        assert.deepEqual(await optionsAt('ltc.example.com:3333'), { ...stored, jobTimeoutSeconds: 90 });
        // From now on a change is the operator's entry's.
        await store.updatePool(address, { options: { jobTimeoutSeconds: null }, label: 'ours' });
        assert.deepEqual(await listedOptions('ltc.example.com'), [
          ['catalogue', stored],
          ['operator', { ...stored, jobTimeoutSeconds: null }],
        ]);
        const again = await store.addPool({ pattern, algorithm: 'scrypt', tls: true });
        assert.ok(again.kind === 'existing');
        assert.deepEqual(
          again.pools.map(({ source, label }) => [source, label]),
          [['operator', 'ours']],
        );
      });

      test('a label can be changed where the operator listed the pool, else it is the catalogue’s', async () => {
        await store.addPool(HOME);
        const changed = await store.updatePool(AT_HOME, { label: 'mine' });
        assert.ok(changed.kind === 'updated');
        assert.equal(changed.pool.label, 'mine');
        const address = endpointOf('btc.example.com:3333');
        const change = { label: 'mine', options: { jobTimeoutSeconds: 60 } };
        assert.deepEqual(await store.updatePool(address, change), { kind: 'catalogue-label' });
        assert.deepEqual(await optionsAt('btc.example.com:3333'), NO_POOL_OPTIONS);
        assert.equal((await store.updatePool(address, { label: 'Example' })).kind, 'updated');
      });

      test('two spellings of a host are one entry, and an address that is not listed is not found', async () => {
        await addPool('[2001:db8::1]:3333', 'sha256d');
        const spelling = { host: '2001:0DB8:0::1', port: 3333 };
        assert.equal((await store.updatePool(spelling, {})).kind, 'updated');
        assert.deepEqual(await store.updatePool({ ...spelling, port: 3334 }, {}), { kind: 'not-found' });
      });

      test('changes at once all take effect', async () => {
        await store.addPool(HOME);
        await Promise.all(
          Object.entries(OPTIONS)
            .filter(([key]) => key !== 'passwordTemplate')
            .map(([key, value]) => store.updatePool(AT_HOME, { options: { [key]: value } })),
        );
        assert.deepEqual(await optionsAt('10.0.0.1:3333'), { ...OPTIONS, passwordTemplate: null });
      });
    });

    describe('algorithms', () => {
      test('are listed in order of name with all they carry', async () => {
        const list = await store.listAlgorithms();
        assert.deepEqual(
          list.map(({ name }) => name),
          ['equihash', 'etchash', 'scrypt', 'sha256d'],
        );
        assert.deepEqual(list[2], {
          name: 'scrypt',
          divider: 65536,
          unit: 'H',
          aliases: ['litecoin'],
          dialects: ['bitcoin-v1'],
          note: 'A note.',
          source: 'catalogue',
          overridden: [],
        });
      });

      test('are found by name or alias, whatever the case', async () => {
        for (const name of ['sha256d', 'SHA256', ' Sha-256 ']) {
          assert.equal((await store.findAlgorithm(name))?.name, 'sha256d', name);
        }
        assert.deepEqual((await store.findAlgorithm('zcash'))?.unit, 'Sol');
        assert.equal(await store.findAlgorithm('sha25'), null);
      });
    });

    describe('a new catalogue', () => {
      const emptied: Catalogue = { algorithms: [], pools: [] };

      test('corrects its own rows and leaves the operator’s alone', async () => {
        await addPool('ltc.example.com:3333', 'etchash');
        await addPool('10.0.0.1:3333', 'sha256d');
        const algorithms = CATALOGUE.algorithms.map((algorithm) =>
          algorithm.name === 'sha256d'
            ? Object.assign({ ...algorithm }, { divider: 2, aliases: ['bitcoin'] })
            : algorithm,
        );
        const pools = CATALOGUE.pools.map((pool) =>
          pool.host === 'ltc.example.com' ? Object.assign({ ...pool }, { tls: true }) : pool,
        );
        await reopen({ catalogue: { algorithms, pools } });
        assert.equal(await algorithmAt('ltc.example.com:3333'), 'etchash');
        const corrected = await store.listPools({ limit: 10, algorithm: 'scrypt' });
        assert.deepEqual(
          corrected.map(({ host, tls }) => [host, tls]),
          [
            ['ltc.example.com', true],
            ['*.eu.wild.example.com', false],
          ],
        );
        assert.equal((await store.resolvePool(endpointOf('10.0.0.1:3333')))?.algorithm.divider, 2);
        assert.equal((await store.findAlgorithm('bitcoin'))?.name, 'sha256d');
        assert.equal(await store.findAlgorithm('sha256'), null);
      });

      test('keeps ids and count when it comes again', async () => {
        const before = await store.listPools({ limit: 100 });
        await reopen();
        assert.deepEqual(await store.listPools({ limit: 100 }), before);
        const [first, ...others] = CATALOGUE.pools;
        assert.ok(first !== undefined);
        await reopen({ catalogue: { ...CATALOGUE, pools: [...others, first] } });
        assert.deepEqual(await store.listPools({ limit: 100 }), before);
      });

      test('drops what is no longer in it, but not what an account or an operator still needs', async () => {
        const name = await register(accountAt('btc.example.com:25'));
        const wild = await register(accountAt('a.wild.example.com:3334'));
        await addPool('10.0.0.1:3333', 'equihash');
        await reopen({ catalogue: emptied });
        const left = await store.listPools({ limit: 100 });
        assert.deepEqual(
          left.map(({ host, port }) => `${host}:${port}`),
          ['btc.example.com:25', '*.wild.example.com:3334', '10.0.0.1:3333'],
        );
        assert.deepEqual(
          (await store.listAlgorithms()).map((algorithm) => algorithm.name),
          ['equihash', 'sha256d'],
        );
        for (const account of [name, wild]) {
          assert.equal((await store.findAccount(account)).kind, 'found');
        }
      });

      test('drops a host that an account uses when a new wildcard covers it', async () => {
        const name = await register(accountAt('ltc.example.com:3333'));
        const pools = [
          { host: '*.example.com', ports: [3333], algorithm: 'etchash', tls: false, label: 'All' },
        ];
        await reopen({ catalogue: { ...CATALOGUE, pools } });
        assert.equal((await store.listPools({ limit: 100 })).length, 1);
        const found = await store.findAccount(name);
        assert.ok(found.kind === 'found');
        assert.equal(found.account.entries[0].pool.algorithm.name, 'etchash');
      });
    });

    describe('lifetime', () => {
      test('check passes on a store that works', async () => {
        await store.check();
        await store.check();
      });

      test('close waits for what is under way, may be called twice, and ends the store', async () => {
        const registering = store.registerAccount(accountAt('btc.example.com:3333'));
        const closing = store.close();
        const result = await registering;
        assert.equal(result.kind, 'created');
        await closing;
        await store.close();
        const calls = [
          store.check(),
          store.findAccount('0'.repeat(16)),
          store.registerAccount(accountAt('btc.example.com:3333')),
          store.listPools({ limit: 1 }),
        ];
        for (const call of calls) await assert.rejects(call, { name: 'StoreError', kind: 'closed' });
        store = await harness.open({ catalogue: CATALOGUE });
        assert.equal(await store.countAccounts(), 1);
      });
    });
  });
}
