import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NewHarness, NOW_MS, storeBed } from './store-bed.ts';

/** Tokens of the API. */
export function describeTokens(newHarness: NewHarness): void {
  describe('tokens', () => {
    const bed = storeBed(newHarness);
    const { reopen } = bed;

    test('tokens are kept by their hash, under ids that are never used again', async () => {
      const given = { sha256: 'ab'.repeat(32), scope: 'admin', label: 'laptop', expiresAtMs: NOW_MS + 1 };
      const first = await bed.store.addToken(given);
      assert.deepEqual(first, { id: first.id, ...given, createdAtMs: NOW_MS });
      await reopen();
      assert.deepEqual(await bed.store.listTokens(), [first]);
      assert.deepEqual(await bed.store.deleteToken(first.id), first);
      assert.equal(await bed.store.deleteToken(first.id), null);
      const second = await bed.store.addToken({ ...given, expiresAtMs: null });
      assert.ok(second.id > first.id);
    });
  });
}
