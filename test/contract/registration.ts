import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isAccountName } from '../../src/domain/account.ts';
import { NO_POOL_OPTIONS } from '../../src/domain/pool-options.ts';
import type { AccountRequest } from '../../src/store/store.ts';
import { accountAt, endpointOf, type NewHarness, storeBed } from './store-bed.ts';

/** How accounts come to be. */
export function describeRegistration(newHarness: NewHarness): void {
  describe('registering', () => {
    const bed = storeBed(newHarness);
    const { reopen, register, addPool } = bed;

    test('gives a random name and finds the account by it, with the pool resolved', async () => {
      const result = await bed.store.registerAccount(accountAt('btc.example.com:3333', 'alice', 'secret'));
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
      assert.deepEqual(await bed.store.findAccount(account.name), { kind: 'found', account });
    });

    test('the same pool, user and password give the same account, also after reopening', async () => {
      const request = accountAt('btc.example.com:3333', 'alice', '');
      const first = await bed.store.registerAccount(request);
      assert.ok(first.kind === 'created');
      const again = await bed.store.registerAccount(request);
      assert.deepEqual(again, { kind: 'existing', account: first.account });
      await reopen();
      assert.deepEqual(await bed.store.registerAccount(request), {
        kind: 'existing',
        account: first.account,
      });
      assert.equal(await bed.store.countAccounts(), 1);
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
        const result = await bed.store.registerAccount(request);
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
      const results = await Promise.all(Array.from({ length: 50 }, () => bed.store.registerAccount(request)));
      const names = new Set(results.map((result) => ('account' in result ? result.account.name : null)));
      assert.equal(names.size, 1);
      assert.equal(results.filter((result) => result.kind === 'created').length, 1);
      assert.equal(await bed.store.countAccounts(), 1);
    });

    test('50 different calls at once give 50 accounts', async () => {
      const names = await Promise.all(
        Array.from({ length: 50 }, (_, index) => register(accountAt('btc.example.com:3333', `u${index}`))),
      );
      assert.equal(new Set(names).size, 50);
      assert.equal(await bed.store.countAccounts(), 50);
    });

    test('an unknown pool is named, whether it is the primary or a backup, and nothing is stored', async () => {
      const unknown = await bed.store.registerAccount(accountAt('nowhere.example.org:3333'));
      assert.deepEqual(unknown, {
        kind: 'unknown-pool',
        endpoint: { host: 'nowhere.example.org', port: 3333 },
      });
      const entry = accountAt('btc.example.com:3333');
      const backup = { ...entry, endpoint: { host: 'btc.example.com', port: 9 } };
      const result = await bed.store.registerAccount({ ...entry, backups: [backup] });
      assert.deepEqual(result, { kind: 'unknown-pool', endpoint: backup.endpoint });
      assert.equal(await bed.store.countAccounts(), 0);
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
      const found = await bed.store.findAccount(name);
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
      const result = await bed.store.registerAccount({
        ...accountAt('btc.example.com:3333'),
        backups: [accountAt('btc.example.com:25'), accountAt('ltc.example.com:3333')],
      });
      assert.deepEqual(result, {
        kind: 'mixed-algorithms',
        endpoint: endpointOf('ltc.example.com:3333'),
        algorithm: 'scrypt',
        expected: 'sha256d',
      });
      assert.equal(await bed.store.countAccounts(), 0);
    });

    test('a floor above the cap is refused', async () => {
      const result = await bed.store.registerAccount({
        ...accountAt('btc.example.com:3333'),
        difficulty: { min: 8, max: 4 },
      });
      assert.deepEqual(result, { kind: 'difficulty-range', min: 8, max: 4 });
      assert.equal(await bed.store.countAccounts(), 0);
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
        const result = await bed.store.registerAccount({ ...primary, ...given });
        assert.ok(result.kind === 'conflict', JSON.stringify(given));
        assert.equal(result.name, name);
        assert.match(result.message, message);
        assert.doesNotMatch(result.message, /other/);
      }
      assert.equal(await bed.store.countAccounts(), 1);
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
      await assert.rejects(bed.store.registerAccount(accountAt('btc.example.com:3333', 'two')), {
        name: 'StoreError',
        kind: 'failed',
      });
      assert.equal(await bed.store.countAccounts(), 1);
      assert.equal(await register(accountAt('btc.example.com:3333', 'one')), 'a'.repeat(16));
    });

    test('user and password come back as they went in, whatever they hold', async () => {
      const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant("'; drop table accounts; --"));
      await fc.assert(
        fc.asyncProperty(text, text, async (user, password) => {
          const name = await register(accountAt('btc.example.com:3333', user, password));
          const found = await bed.store.findAccount(name);
          assert.ok(found.kind === 'found');
          assert.equal(found.account.entries[0].user, user);
          assert.equal(found.account.entries[0].password, password);
        }),
        { numRuns: 40 },
      );
    });
  });
}
