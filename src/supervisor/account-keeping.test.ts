import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import type { AuditAddition } from '../http/ports/manage.ts';
import { silentLog } from '../kit/log.ts';
import { AccountKeeping } from './account-keeping.ts';

const DAY_MS = 86_400_000;

/** One that keeps accounts of a store in memory, whose writes can fail. */
function keeping(expireAfterMs: number) {
  const clock = new HandClock();
  const written: (readonly string[])[] = [];
  const removed: string[] = [];
  const audited: AuditAddition[] = [];
  const shifts: number[] = [];
  const now = { seen: [] as string[], inUse: [] as string[], idle: [] as string[], isFull: false };
  const keeper = new AccountKeeping({
    store: {
      noteAccountsSeen: async (names) => {
        if (now.isFull) throw new Error('the disk is full');
        written.push(names);
      },
      listIdleAccounts: async () => now.idle,
      shiftIdleTimes: async (byMs) => {
        shifts.push(byMs);
      },
    },
    accountsSeen: async () => ({ seen: now.seen.splice(0), inUse: now.inUse }),
    remove: async (name) => {
      removed.push(name);
      return { kind: 'deleted' };
    },
    audit: {
      record: async (entry) => {
        audited.push(entry);
      },
    },
    clock,
    log: silentLog,
    expireAfterMs: () => expireAfterMs,
  });
  return { keeper, clock, shifts, written, removed, audited, now };
}

describe('accounts that nobody uses', () => {
  test('go after an hour of the proxy at the earliest, but for those with miners', async () => {
    const { keeper, clock, removed, audited, now } = keeping(DAY_MS);
    now.idle = ['a', 'b'];
    now.inUse = ['b'];
    clock.nowMs += 3_599_999;
    await keeper.run();
    assert.deepEqual(removed, []);
    clock.nowMs += 1;
    await keeper.run();
    assert.deepEqual(removed, ['a']);
    assert.deepEqual(audited, [
      {
        who: 'proxy',
        from: '',
        action: 'account-expired',
        target: 'a',
        change: { unusedForSeconds: 86_400 },
      },
    ]);
  });

  test('stay in a run before which the time of day was changed, and time that did not pass does not count', async () => {
    const { keeper, clock, shifts, removed, now } = keeping(DAY_MS);
    now.idle = ['a'];
    clock.nowMs += 3_600_000;
    const aheadMs = clock.wallMs() - clock.monotonicMs();
    let jumpMs = 100 * DAY_MS;
    clock.wallMs = () => clock.monotonicMs() + aheadMs + jumpMs;
    await keeper.run();
    assert.deepEqual([removed, shifts], [[], [100 * DAY_MS]]);
    jumpMs = 0;
    await keeper.run();
    assert.deepEqual([removed, shifts], [[], [100 * DAY_MS]]);
    jumpMs = 60_000;
    await keeper.run();
    assert.deepEqual([removed, shifts], [['a'], [100 * DAY_MS]]);
  });

  test('stay where nothing is to expire', async () => {
    const { keeper, clock, removed, now } = keeping(0);
    now.idle = ['a'];
    clock.nowMs += 100 * DAY_MS;
    await keeper.run();
    assert.deepEqual(removed, []);
  });

  test('stay while it cannot be written who was here, which is not forgotten', async () => {
    const { keeper, clock, removed, written, now } = keeping(1000);
    clock.nowMs += DAY_MS;
    now.idle = ['a'];
    now.seen = ['a', 'c'];
    now.isFull = true;
    await assert.rejects(keeper.run(), /disk is full/);
    assert.deepEqual(removed, []);
    now.isFull = false;
    now.idle = [];
    now.seen = ['d'];
    await keeper.run();
    assert.deepEqual(written, [['a', 'c', 'd']]);
    await keeper.run();
    assert.equal(written.length, 1, 'nobody was here: nothing is written');
  });
});
