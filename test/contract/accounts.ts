import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountAt, endpointOf, type NewHarness, storeBed } from './store-bed.ts';

/** How accounts are found, listed and deleted. */
export function describeAccounts(newHarness: NewHarness): void {
  describe('accounts', () => {
    const bed = storeBed(newHarness);
    const { register, addPool, minedAt } = bed;

    test('an unknown name is not found', async () => {
      assert.deepEqual(await bed.store.findAccount('0123456789abcdef'), { kind: 'not-found' });
      assert.deepEqual(await bed.store.findAccount(''), { kind: 'not-found' });
    });

    test('pages cover every account once, in order of name, without passwords', async () => {
      for (let index = 0; index < 7; index += 1) {
        await register(accountAt('btc.example.com:3333', `u${index}`, 'very-secret'));
      }
      const names: string[] = [];
      for (;;) {
        const page = await bed.store.listAccounts({ after: names.at(-1), limit: 3 });
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
      const found = await bed.store.findAccount(name);
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
        (await bed.store.showAccount(name))?.entries.map(({ pool }) => pool?.algorithm.name),
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
      assert.equal((await bed.store.showAccount(name))?.entries.length, 4);
    });

    test('is shown with everything but its passwords', async () => {
      const name = await register({
        ...accountAt('btc.example.com:3333', 'alice', 'very-secret'),
        backups: [accountAt('btc.example.com:25', 'bob', '')],
        label: 'hall 3',
        difficulty: { max: 1024 },
      });
      const record = await bed.store.showAccount(name);
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
      assert.deepEqual(await bed.store.listAccounts({ limit: 10 }), [record]);
      assert.doesNotMatch(JSON.stringify(record), /very-secret/);
      assert.equal(await bed.store.showAccount('0'.repeat(16)), null);
    });
  });

  describe('deleting', () => {
    const bed = storeBed(newHarness);
    const { reopen, register } = bed;

    test('the account is gone, and the others are not', async () => {
      const request = { ...accountAt('btc.example.com:3333'), backups: [accountAt('btc.example.com:25')] };
      const name = await register(request);
      const other = await register(accountAt('btc.example.com:25'));
      assert.deepEqual(await bed.store.deleteAccount(name), { kind: 'deleted' });
      assert.deepEqual(await bed.store.deleteAccount(name), { kind: 'not-found' });
      await reopen();
      assert.deepEqual(await bed.store.findAccount(name), { kind: 'not-found' });
      assert.equal(await bed.store.showAccount(name), null);
      assert.deepEqual(
        (await bed.store.listAccounts({ limit: 10 })).map((account) => account.name),
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
      await bed.store.deleteAccount(name);
      const again = await bed.store.registerAccount({ ...request, label: 'b' });
      assert.ok(again.kind === 'created');
      assert.notEqual(again.account.name, name);
      assert.equal(again.account.entries.length, 2);
      assert.equal(again.account.revision, 1);
    });

    test('an address that only a deleted account used leaves the list with the next catalogue', async () => {
      const name = await register(accountAt('btc.example.com:25'));
      await bed.store.deleteAccount(name);
      await reopen({ catalogue: { algorithms: [], pools: [] } });
      assert.deepEqual(await bed.store.listPools({ limit: 10 }), []);
    });

    test('amid changes: those before it take effect, those after it find nothing, and nothing is left', async () => {
      const request = { ...accountAt('btc.example.com:3333'), backups: [accountAt('btc.example.com:25')] };
      for (let round = 0; round < 3; round += 1) {
        const name = await register(request);
        const kinds = await Promise.all(
          Array.from({ length: 40 }, async (_, index) => {
            const call =
              index % 13 === 12
                ? bed.store.deleteAccount(name)
                : bed.store.updateAccount(name, { label: `${index}` });
            return (await call).kind;
          }),
        );
        assert.equal(kinds.filter((kind) => kind === 'deleted').length, 1);
        assert.equal(kinds.filter((kind) => kind === 'updated').length, 12);
        assert.equal(kinds.filter((kind) => kind === 'not-found').length, 27);
        assert.deepEqual(await bed.store.findAccount(name), { kind: 'not-found' });
        assert.equal(await bed.store.countAccounts(), 0);
      }
    });
  });
}
