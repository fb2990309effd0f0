import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NewHarness, NOW_MS, storeBed } from './store-bed.ts';

/** What has happened. */
export function describeEvents(newHarness: NewHarness): void {
  describe('events', () => {
    const bed = storeBed(newHarness);

    const idsOf = async (page: { limit: number; before?: number; kind?: string }): Promise<number[]> =>
      (await bed.store.listEvents(page)).map(({ id }) => id);

    test('are kept as they were given, and read from the newest, a page at a time, also of one kind', async () => {
      const first = { id: NOW_MS + 1, atMs: NOW_MS, kind: 'pool-up', count: 1, isFolded: false };
      const folded = {
        ...record(NOW_MS + 9, 'ban'),
        count: 7,
        isFolded: true,
        event: '{"kind":"ban","ü":"…"}',
      };
      await bed.store.addEvents([{ ...first, event: '{}' }, record(NOW_MS + 4, 'ban')]);
      await bed.store.addEvents([record(NOW_MS + 6, 'pool-up'), folded]);
      await bed.reopen();
      const all = await bed.store.listEvents({ limit: 10 });
      assert.deepEqual([all.length, all[0], all[3]], [4, folded, { ...first, event: '{}' }]);
      assert.deepEqual(await idsOf({ limit: 2 }), [NOW_MS + 9, NOW_MS + 6]);
      assert.deepEqual(await idsOf({ limit: 2, before: NOW_MS + 6 }), [NOW_MS + 4, NOW_MS + 1]);
      assert.deepEqual(await idsOf({ limit: 2, kind: 'ban' }), [NOW_MS + 9, NOW_MS + 4]);
      assert.deepEqual(await idsOf({ limit: 2, kind: 'ban', before: NOW_MS + 9 }), [NOW_MS + 4]);
      assert.deepEqual(await idsOf({ limit: 2, kind: 'unban' }), []);
    });

    test('one that is written again is there once', async () => {
      await bed.store.addEvents([record(1), record(2)]);
      await bed.store.addEvents([record(2), record(3)]);
      assert.deepEqual(await idsOf({ limit: 10 }), [3, 2, 1]);
    });

    test('are bounded by number and by age', async () => {
      await bed.store.addEvents(Array.from({ length: 1000 }, (_, at) => record(at + 1)));
      assert.equal(await bed.store.dropEvents({ most: 1000, beforeMs: NOW_MS }), 0);
      assert.equal(await bed.store.dropEvents({ most: 1000, beforeMs: NOW_MS + 11 }), 10);
      assert.equal(await bed.store.dropEvents({ most: 3, beforeMs: 0 }), 987);
      assert.deepEqual(await idsOf({ limit: 10 }), [1000, 999, 998]);
      assert.equal(await bed.store.dropEvents({ most: 0, beforeMs: 0 }), 3);
      assert.deepEqual(await idsOf({ limit: 10 }), []);
    });
  });
}

function record(id: number, kind = 'pool-up') {
  return {
    id,
    atMs: id > NOW_MS ? id : NOW_MS + id,
    kind,
    count: 1,
    isFolded: false,
    event: JSON.stringify({ kind }),
  };
}
