import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NewHarness, NOW_MS, storeBed } from './store-bed.ts';

/** Bans of the operator. */
export function describeBans(newHarness: NewHarness): void {
  describe('bans', () => {
    const bed = storeBed(newHarness);

    test('bans are kept by their address until they end or are deleted', async () => {
      await bed.store.putBan(ban('192.0.2.0/24', null, 'first'));
      await bed.store.putBan(ban('192.0.2.7', 2000));
      await bed.store.putBan(ban('10.0.0.0/8', 1000, 'short'));
      await bed.store.putBan(ban('192.0.2.0/24', null, 'second'));
      await bed.reopen();
      const lasting = [ban('192.0.2.0/24', null, 'second'), ban('192.0.2.7', 2000)];
      assert.deepEqual(await bed.store.listBans(), [ban('10.0.0.0/8', 1000, 'short'), ...lasting]);
      bed.nowMs = NOW_MS + 1000;
      assert.deepEqual(await bed.store.listBans(), lasting);
      bed.nowMs = NOW_MS;
      assert.deepEqual(await bed.store.listBans(), lasting, 'what has ended is removed');
      assert.equal(await bed.store.deleteBan('192.0.2.7'), true);
      assert.equal(await bed.store.deleteBan('192.0.2.7'), false);
      bed.nowMs = NOW_MS + 1e13;
      await bed.reopen();
      assert.deepEqual(await bed.store.listBans(), [ban('192.0.2.0/24', null, 'second')]);
    });
  });
}

function ban(address: string, endsInMs: number | null, reason = '') {
  return { address, untilMs: endsInMs === null ? null : NOW_MS + endsInMs, reason };
}
