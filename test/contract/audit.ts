import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NewHarness, NOW_MS, storeBed } from './store-bed.ts';

/** The audit log. */
export function describeAudit(newHarness: NewHarness): void {
  describe('the audit log', () => {
    const bed = storeBed(newHarness);

    test('the audit log is read from the newest, a page at a time, and loses what is old', async () => {
      for (let at = 0; at < 5; at += 1) {
        bed.nowMs = NOW_MS + at;
        await bed.store.addAudit({
          who: 'local',
          origin: '127.0.0.1',
          action: `a${at}`,
          target: 't',
          change: '{}',
        });
      }
      const first = await bed.store.listAudit({ limit: 2 });
      assert.deepEqual(
        first.map(({ action, atMs }) => [action, atMs]),
        [
          ['a4', NOW_MS + 4],
          ['a3', NOW_MS + 3],
        ],
      );
      const rest = await bed.store.listAudit({ limit: 10, after: first[1]?.id });
      assert.deepEqual(
        rest.map(({ action }) => action),
        ['a2', 'a1', 'a0'],
      );
      assert.equal(await bed.store.dropAuditBefore(NOW_MS + 3), 3);
      assert.equal((await bed.store.listAudit({ limit: 10 })).length, 2);
    });
  });
}
