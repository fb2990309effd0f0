import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import { RecordingLog } from '../../test/support/http-fixtures.ts';
import type { NumberedEvent } from '../domain/event.ts';
import type { EventStore } from '../store/event-store.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { type EventRetention, KeptEvents } from './kept-events.ts';

const WITHIN_MS = 1000;
const NOTHING = { algorithms: [], pools: [] };

const occurrence = (address: string) => ({
  event: { kind: 'unban', address } as const,
  atMs: 1_700_000_000_000,
  count: 1,
  isFolded: false,
});
const addressesOf = (events: readonly NumberedEvent[]): string[] =>
  events.map(({ event }) => ('address' in event ? event.address : event.kind));

describe('events over all runs', () => {
  let directory = '';
  let files = 0;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-events-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /** A data file that several runs can be started on; each writes into the log. */
  function dataFile() {
    const path = join(directory, `${(files += 1)}.db`);
    const clock = new HandClock();
    const log = new RecordingLog();
    const retention: { -readonly [Key in keyof EventRetention]: EventRetention[Key] } = {
      most: 10_000,
      days: 90,
    };
    return {
      clock,
      log,
      retention,
      async run(work: (events: KeptEvents, store: Store) => Promise<void>): Promise<void> {
        const store = await openSqliteStore({ log, clock }, { path, catalogue: NOTHING });
        const events = await KeptEvents.start({ store, clock, log }, () => retention);
        try {
          await work(events, store);
        } finally {
          await events.stop(WITHIN_MS);
          await store.close();
        }
      },
    };
  }

  const all = { limit: 100, before: null, kind: null } as const;

  test('are there after a restart, as they were, and numbers go on', async () => {
    const { run } = dataFile();
    let left: readonly NumberedEvent[] = [];
    await run(async (events) => {
      assert.equal(events.lastEnd, 'unknown');
      events.note({ kind: 'proxy-started', version: '1', lastEnd: 'unknown' });
      for (const address of ['10.0.0.1', '10.0.0.2']) events.add(occurrence(address));
      events.add({ ...occurrence('10.0.0.3'), count: 5, isFolded: true });
      events.note({ kind: 'proxy-stopped', version: '1' });
      left = (await events.list(all)).events;
    });
    assert.equal(left.length, 5);
    await run(async (events) => {
      assert.equal(events.lastEnd, 'in-order');
      assert.deepEqual(await events.list(all), { events: left, next: null });
      assert.deepEqual(events.since(left[2]?.id ?? 0), left.slice(0, 2).toReversed());
      events.add(occurrence('10.0.0.4'));
      const [newest] = (await events.list({ ...all, limit: 1 })).events;
      assert.ok((newest?.id ?? 0) > (left[0]?.id ?? 0));
    });
  });

  test('of a run that was cut short are those that had been written, and the next run knows', async () => {
    const { run } = dataFile();
    await run(async (events, store) => {
      events.note({ kind: 'proxy-started', version: '1', lastEnd: 'unknown' });
      await events.write();
      events.add(occurrence('10.0.0.1'));
      // As where the process is gone: nothing is written any more.
      await store.close();
    });
    await run(async (events) => {
      assert.equal(events.lastEnd, 'not-in-order');
      assert.deepEqual(addressesOf((await events.list(all)).events), ['proxy-started']);
    });
  });

  test('go on a page at a time from those in memory to those in the store, each once', async () => {
    const { run } = dataFile();
    await run(async (events) => {
      for (let i = 0; i < 2500; i += 1) {
        events.add(occurrence(String(i)));
        // More than the memory holds must not come between two writes.
        if (i % 500 === 0) await events.write();
      }
      await events.write();
      const read: string[] = [];
      let pages = 0;
      for (let before: number | null = null; ; ) {
        const page: Awaited<ReturnType<KeptEvents['list']>> = await events.list({
          limit: 300,
          before,
          kind: null,
        });
        read.push(...addressesOf(page.events));
        pages += 1;
        before = page.next;
        if (before === null) break;
      }
      assert.equal(pages, 9);
      assert.deepEqual(
        read,
        Array.from({ length: 2500 }, (_, i) => String(2499 - i)),
      );
      assert.deepEqual((await events.list({ ...all, kind: 'ban' })).events, []);
    });
  });

  test('are bounded by number and age, and not kept at all with 0', async () => {
    const { run, retention, clock } = dataFile();
    await run(async (events, store) => {
      retention.most = 3;
      for (let i = 0; i < 10; i += 1) events.add(occurrence(String(i)));
      await events.write();
      await events.prune();
      assert.equal((await store.listEvents({ limit: 100 })).length, 3);
      clock.nowMs += 91 * 86_400_000;
      await events.prune();
      assert.equal((await store.listEvents({ limit: 100 })).length, 0);
      retention.most = 0;
      events.add(occurrence('none'));
      await events.write();
      assert.equal((await store.listEvents({ limit: 100 })).length, 0);
      assert.equal((await events.list({ ...all, limit: 1 })).events.length, 1);
    });
  });

  test('that cannot be written are told of once, and written as soon as they can be', async () => {
    const log = new RecordingLog();
    const written: number[] = [];
    let isFull = false;
    const store: EventStore = {
      async addEvents(events) {
        if (isFull) throw new Error('the disk is full');
        written.push(...events.map(({ id }) => id));
      },
      listEvents: async () => [],
      dropEvents: async () => 0,
    };
    const events = await KeptEvents.start({ store, clock: new HandClock(), log }, () => ({
      most: 9,
      days: 1,
    }));
    events.add(occurrence('10.0.0.1'));
    await events.write();
    isFull = true;
    events.add(occurrence('10.0.0.2'));
    for (let i = 0; i < 3; i += 1) await events.write();
    assert.equal(written.length, 1);
    assert.equal(log.lines.length, 1);
    assert.match(log.text, /cannot be written.*the disk is full/);
    isFull = false;
    await events.stop(WITHIN_MS);
    assert.equal(written.length, 2);
    assert.equal(log.lines.length, 2);
  });
});
