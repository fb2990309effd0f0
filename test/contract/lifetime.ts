import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountAt, type NewHarness, storeBed } from './store-bed.ts';

/** How a store ends. */
export function describeLifetime(newHarness: NewHarness): void {
  describe('lifetime', () => {
    const bed = storeBed(newHarness);
    const { reopen } = bed;

    test('check passes on a store that works', async () => {
      await bed.store.check();
      await bed.store.check();
    });

    test('close waits for what is under way, may be called twice, and ends the store', async () => {
      const registering = bed.store.registerAccount(accountAt('btc.example.com:3333'));
      const closing = bed.store.close();
      const result = await registering;
      assert.equal(result.kind, 'created');
      await closing;
      await bed.store.close();
      const calls = [
        bed.store.check(),
        bed.store.findAccount('0'.repeat(16)),
        bed.store.registerAccount(accountAt('btc.example.com:3333')),
        bed.store.listPools({ limit: 1 }),
      ];
      for (const call of calls) await assert.rejects(call, { name: 'StoreError', kind: 'closed' });
      await reopen();
      assert.equal(await bed.store.countAccounts(), 1);
    });
  });
}
