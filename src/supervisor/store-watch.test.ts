import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import { RecordingLog } from '../../test/support/http-fixtures.ts';
import type { ProxyEvent } from '../domain/event.ts';
import { StoreError } from '../store/store-error.ts';
import { StoreWatch } from './store-watch.ts';

const FULL = new StoreError('disk-full', 'the disk is full; free some space');
const BUSY = new StoreError('busy', 'another process holds the data file locked');

function open() {
  const events: ProxyEvent[] = [];
  const log = new RecordingLog();
  const clock = new HandClock();
  const found: { fault: Error | null } = { fault: null };
  const watch = new StoreWatch({
    store: {
      async check() {
        if (found.fault !== null) throw found.fault;
      },
    },
    clock,
    log,
    note: (event) => events.push(event),
  });
  return { watch, clock, log, found, events };
}

describe('whether the store takes writes', () => {
  test('is told once when it does not any more, and once when it does again', async () => {
    const { watch, log, found, events } = open();
    await watch.look();
    found.fault = FULL;
    for (let i = 0; i < 3; i += 1) await watch.look();
    assert.deepEqual(watch.check, { name: 'store', ready: false, message: FULL.message });
    found.fault = null;
    for (let i = 0; i < 3; i += 1) await watch.look();
    assert.deepEqual(watch.check, { name: 'store', ready: true, message: '' });
    assert.deepEqual(events, [{ kind: 'store-fault', reason: FULL.message }, { kind: 'store-ok' }]);
    assert.equal(log.lines.length, 2);
  });

  test('a short lock is not told as an event, a long one is', async () => {
    const { watch, found, events } = open();
    found.fault = BUSY;
    await watch.look();
    assert.equal(watch.check.ready, false, 'whoever asks is told at once');
    found.fault = null;
    await watch.look();
    assert.equal(watch.check.ready, true);
    found.fault = BUSY;
    await watch.look();
    assert.deepEqual(events, []);
    await watch.look();
    assert.deepEqual(events, [{ kind: 'store-fault', reason: BUSY.message }]);
  });

  test('what was refused counts although the probe finds room, until nothing was refused for a while', async () => {
    const { watch, clock, events } = open();
    watch.heard(BUSY);
    assert.equal(watch.check.ready, true);
    watch.heard(FULL);
    clock.nowMs += 3999;
    await watch.look();
    assert.equal(watch.check.ready, false);
    clock.nowMs += 1;
    await watch.look();
    assert.equal(watch.check.ready, true);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['store-fault', 'store-ok'],
    );
  });

  test('a store that is being closed is not told of', async () => {
    const { watch, found, events, log } = open();
    watch.close();
    watch.heard(FULL);
    found.fault = new StoreError('closed', 'closed');
    await watch.look();
    await watch.look();
    assert.deepEqual([events, log.lines], [[], []]);
  });
});
