import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { AccountChange, AccountRequest } from '../../src/store/store.ts';
import { accountAt, endpointOf, type NewHarness, storeBed } from './store-bed.ts';

/** How accounts change. */
export function describeAccountChanges(newHarness: NewHarness): void {
  describe('changing', () => {
    const bed = storeBed(newHarness);
    const { reopen, register, addPool, contentOf, update } = bed;

    const PRIMARY = accountAt('btc.example.com:3333', 'alice', 'opener');
    const BACKUP = accountAt('btc.example.com:25', 'alice.b', 'second');

    test('names what is another by it, and nothing that was given and stays', async () => {
      const name = await register({ ...PRIMARY, backups: [BACKUP], label: 'hall 3' });
      const changed = async (change: AccountChange): Promise<readonly string[]> => {
        const result = await bed.store.updateAccount(name, change);
        assert.ok(result.kind === 'updated');
        return result.changed;
      };
      const { endpoint } = accountAt('btc.example.com:4333');
      assert.deepEqual(await changed({ ...PRIMARY, label: 'hall 3', backups: [BACKUP] }), []);
      assert.deepEqual(await changed({ endpoint, user: 'alice', password: 'new' }), ['pool', 'password']);
      assert.deepEqual(await changed({ backups: [{ ...BACKUP, password: 'third' }] }), ['backups']);
      assert.deepEqual(
        await changed({
          user: 'bob',
          mode: 'dedicated',
          label: '',
          difficulty: { min: 8 },
          workerTemplate: 'x',
        }),
        ['user', 'mode', 'label', 'difficulty', 'workerTemplate'],
      );
    });

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
        assert.deepEqual(await bed.store.showAccount(name), shown);
      }
      await reopen();
      assert.deepEqual(await contentOf(name), expected);
      assert.equal(await bed.store.countAccounts(), 1);
    });

    test('everything at once is one change, with its time', async () => {
      const name = await register({ ...PRIMARY, backups: [BACKUP] });
      bed.nowMs = 1_700_000_999_000;
      await reopen();
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
      const before = await bed.store.showAccount(name);
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
      const shown = await bed.store.showAccount(name);
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

    test('a backup that becomes the primary brings its own password', async () => {
      const name = await register({ ...PRIMARY, backups: [BACKUP] });
      const { endpoint, user } = BACKUP;
      await update(name, { endpoint, user, backups: [{ endpoint: PRIMARY.endpoint, user: PRIMARY.user }] });
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
      assert.equal(await bed.store.countAccounts(), 2);
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
        assert.deepEqual(await bed.store.updateAccount(name, change), refusal);
        assert.deepEqual(await contentOf(name), before);
      }
      const conflict = await bed.store.updateAccount(name, { user: 'bob', label: 'x' });
      assert.ok(conflict.kind === 'conflict');
      assert.equal(conflict.name, other);
      assert.match(conflict.message, new RegExp(`account ${other} .* btc\\.example\\.com:3333 already`));
      assert.doesNotMatch(conflict.message, /opener/);
      assert.deepEqual(await contentOf(name), before);
      assert.deepEqual(await bed.store.updateAccount('0'.repeat(16), { label: 'x' }), { kind: 'not-found' });
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
      assert.equal((await bed.store.updateAccount(name, change)).kind, 'mixed-algorithms');
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
      assert.deepEqual(await bed.store.showAccount(name), last);
      const { entries } = await contentOf(name);
      assert.deepEqual(entries[0], ['btc.example.com:3333', 'alice', `p${last?.label.slice(7)}`]);
      assert.equal(entries.length, 2);
    });

    test('of many accounts that want the same credentials at once, one gets them', async () => {
      const names = await Promise.all(
        Array.from({ length: 20 }, (_, index) => register({ ...PRIMARY, user: `u${index}` })),
      );
      const results = await Promise.all(
        names.map((name) => bed.store.updateAccount(name, { user: 'wanted' })),
      );
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
          const shown = await bed.store.showAccount(name);
          assert.ok(shown !== null);
          const { mode, label, workerTemplate, backups = [] } = expected;
          assert.deepEqual([shown.mode, shown.label, shown.workerTemplate], [mode, label, workerTemplate]);
          assert.deepEqual(
            shown.entries.map((entry) => [entry.endpoint, entry.user, entry.hasPassword]),
            [expected, ...backups].map((entry) => [entry.endpoint, entry.user, entry.password !== '']),
          );
          const found = await bed.store.findAccount(name);
          assert.ok(found.kind === 'found');
          assert.equal(found.account.entries[0].password, expected.password);
          await bed.store.deleteAccount(name);
        }),
        { numRuns: 40 },
      );
    });
  });
}
