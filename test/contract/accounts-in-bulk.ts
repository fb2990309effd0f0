import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AccountRequest } from '../../src/store/store.ts';
import { accountAt, endpointOf, type NewHarness, NOW_MS, storeBed } from './store-bed.ts';

/** A registration with a password that tells whose it is. */
function at(pool: string, user: string): AccountRequest {
  return accountAt(pool, user, `secret of ${user}`);
}

/** Accounts by the many, and which of them are of no use any more. */
export function describeAccountsInBulk(newHarness: NewHarness): void {
  describe('accounts by the many', () => {
    const bed = storeBed(newHarness);
    const { register } = bed;

    test('an account keeps a name that it comes with, and no other has it', async () => {
      const name = '00000000000000aa';
      assert.equal(await register({ ...accountAt('btc.example.com:3333', 'alice'), name }), name);
      const again = { endpoint: endpointOf('btc.example.com:3333'), user: 'alice', password: 'x' };
      assert.equal((await bed.store.registerAccount({ ...again, name })).kind, 'existing');
      assert.equal(
        (await bed.store.registerAccount({ ...again, name: '00000000000000bb' })).kind,
        'conflict',
      );
      assert.equal((await bed.store.registerAccount({ ...again, user: 'bob', name })).kind, 'conflict');
    });

    test('many are registered at once, each with its own result, and taken out with their passwords', async () => {
      const results = await bed.store.registerAccounts([
        at('btc.example.com:3333', 'alice'),
        at('nowhere.example.com:1', 'bob'),
        at('btc.example.com:3333', 'alice'),
        at('btc.example.com:3333', 'carol'),
      ]);
      assert.deepEqual(
        results.map(({ kind }) => kind),
        ['created', 'unknown-pool', 'existing', 'created'],
      );
      const all = await bed.store.exportAccounts({ limit: 10 });
      assert.deepEqual(all.map(({ entries: [{ user, password }] }) => `${user}: ${password}`).toSorted(), [
        'alice: secret of alice',
        'carol: secret of carol',
      ]);
      const [first] = await bed.store.exportAccounts({ limit: 1 });
      assert.deepEqual(
        (await bed.store.exportAccounts({ limit: 10, after: first?.name })).map(({ name }) => name),
        all.slice(1).map(({ name }) => name),
      );
    });

    test('an account is idle from when it was registered, changed or seen last', async () => {
      const seen = await register(accountAt('btc.example.com:3333', 'alice'));
      const changed = await register(accountAt('btc.example.com:3333', 'bob'));
      const idle = await register(accountAt('btc.example.com:3333', 'carol'));
      bed.nowMs = NOW_MS + 1000;
      await bed.store.noteAccountsSeen([seen, 'ffffffffffffffff'], bed.nowMs);
      await bed.store.updateAccount(changed, { label: 'x' });
      assert.deepEqual(await bed.store.listIdleAccounts(bed.nowMs, 10), [idle]);
      assert.deepEqual(await bed.store.listIdleAccounts(NOW_MS, 10), []);
      assert.equal((await bed.store.listIdleAccounts(bed.nowMs + 1, 2)).length, 2);
      assert.equal((await bed.store.showAccount(seen))?.lastSeenAtMs, bed.nowMs);
      assert.equal((await bed.store.showAccount(idle))?.lastSeenAtMs, null);
    });

    test('a time that is noted does not go back', async () => {
      const seen = await register(accountAt('btc.example.com:3333', 'alice'));
      await bed.store.noteAccountsSeen([seen], NOW_MS + 1000);
      await bed.store.noteAccountsSeen([seen], NOW_MS - 1000);
      bed.nowMs = NOW_MS - 2000;
      await bed.store.updateAccount(seen, { label: 'x' });
      assert.equal((await bed.store.showAccount(seen))?.lastSeenAtMs, NOW_MS + 1000);
      assert.deepEqual(await bed.store.listIdleAccounts(NOW_MS + 1000, 10), []);
    });

    test('a pause in which nobody could be seen does not count', async () => {
      const day = 86_400_000;
      assert.equal(await bed.store.closeIdleGap(0), 0);
      const idle = await register(accountAt('btc.example.com:3333', 'alice'));
      bed.nowMs = NOW_MS + day;
      await register(accountAt('btc.example.com:3333', 'bob'));
      bed.nowMs = NOW_MS + day + 1000;
      assert.equal(await bed.store.closeIdleGap(1000), 0);
      bed.nowMs = NOW_MS + 100 * day;
      assert.equal(await bed.store.closeIdleGap(1000), 99 * day);
      assert.deepEqual(await bed.store.listIdleAccounts(bed.nowMs - day, 10), []);
      assert.deepEqual(await bed.store.listIdleAccounts(bed.nowMs, 10), [idle]);
      await bed.store.shiftIdleTimes(day);
      assert.deepEqual(await bed.store.listIdleAccounts(bed.nowMs, 10), []);
    });
  });
}
