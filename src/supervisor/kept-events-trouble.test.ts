import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { HandClock } from '../../test/support/hand-clock.ts';
import { RecordingLog } from '../../test/support/http-fixtures.ts';
import type { EventKind, NumberedEvent } from '../domain/event.ts';
import { systemClock } from '../kit/clock.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { type EventRetention, KeptEvents } from './kept-events.ts';

const DAY_MS = 86_400_000;
const ALL: EventRetention = { most: 10_000, days: 0 };

/** A data file, and runs of the program over it. */
class Bed implements AsyncDisposable {
  readonly log = new RecordingLog();
  readonly clock = new HandClock();
  readonly #directory: string;
  store!: Store;
  retention = ALL;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(): Promise<Bed> {
    const bed = new Bed(await mkdtemp(join(tmpdir(), 'kept-events-')));
    await bed.#openStore();
    return bed;
  }

  get path(): string {
    return join(this.#directory, 'proxy.db');
  }

  async #openStore(): Promise<void> {
    const { log, path } = this;
    this.store = await openSqliteStore(
      { log, clock: systemClock },
      { path, catalogue: { algorithms: [], pools: [] }, busyTimeoutMs: 50 },
    );
  }

  start(): Promise<KeptEvents> {
    const { store, clock, log } = this;
    return KeptEvents.start({ store, clock, log }, () => this.retention);
  }

  /** As after the end of the process. */
  async restart(): Promise<KeptEvents> {
    await this.store.close();
    await this.#openStore();
    this.clock.nowMs += 60_000;
    return this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await rm(this.#directory, { recursive: true });
  }
}

let unbans = 0;

/** So many events that are told at once, each of another address. */
function unban(events: KeptEvents, count = 1): void {
  for (let at = 0; at < count; at += 1) {
    unbans += 1;
    const event = { kind: 'unban', address: `a${unbans}` } as const;
    events.add({ event, atMs: 1_700_000_000_000 + unbans, count: 1, isFolded: false });
  }
}

async function everyPage(
  events: KeptEvents,
  limit: number,
  kind: EventKind | null = null,
): Promise<NumberedEvent[]> {
  const all: NumberedEvent[] = [];
  for (let before: number | null = null; ; ) {
    const page: Awaited<ReturnType<KeptEvents['list']>> = await events.list({ limit, before, kind });
    all.push(...page.events);
    if (page.next === null) return all;
    assert.equal(page.events.length, limit);
    before = page.next;
  }
}

describe('events over trouble with store and clock', () => {
  test('numbers grow where the clock was set back too', async () => {
    await using bed = await Bed.open();
    const first = await bed.start();
    unban(first);
    await first.stop(1000);
    bed.clock.nowMs -= DAY_MS;
    const second = await bed.restart();
    unban(second);
    const [newest, oldest] = await everyPage(second, 10);
    assert.ok((newest?.id ?? 0) > (oldest?.id ?? Number.POSITIVE_INFINITY));
  });

  test('while nothing is new, nothing is written', async () => {
    await using bed = await Bed.open();
    const events = await bed.start();
    unban(events, 300);
    await events.write();
    const watching = new Database(bed.path, { readonly: true });
    const version = () => watching.pragma('data_version', { simple: true });
    const before = version();
    await events.write();
    assert.equal(version(), before);
    unban(events);
    await events.write();
    assert.notEqual(version(), before);
    watching.close();
  });

  test('a store that is locked holds nobody up, and has all of them once it is not', async () => {
    await using bed = await Bed.open();
    const events = await bed.start();
    const other = new Database(bed.path);
    other.exec('begin immediate');
    unban(events, 3);
    await events.write(20);
    await events.write(20);
    assert.equal((await everyPage(events, 10)).length, 3);
    other.exec('rollback');
    other.close();
    unban(events);
    await events.write();
    assert.equal((await bed.store.listEvents({ limit: 10 })).length, 4);
    const told = bed.log.lines.filter((line) => line.includes('events '));
    assert.equal(told.length, 2, told.join('\n'));
  });

  test('where the store cannot be read, those in memory are listed, and the page after them fails', async () => {
    await using bed = await Bed.open();
    const events = await bed.start();
    unban(events, 1010);
    await bed.store.close();
    const { events: shown, next } = await events.list({ limit: 1000, before: null, kind: 'unban' });
    assert.equal(shown.length, 1000);
    assert.equal(next, shown.at(-1)?.id);
    await assert.rejects(events.list({ limit: 10, before: next, kind: null }), { name: 'StoreError' });
  });

  test('one of a kind that is not known is passed over, and its number is not given again', async () => {
    await using bed = await Bed.open();
    const id = bed.clock.wallMs() + 10 * DAY_MS;
    const unknown = { id, atMs: 1, kind: 'of-a-later-version', count: 1, isFolded: false, event: '{}' };
    await bed.store.addEvents([
      { ...unknown, id: 1, kind: 'unban', event: '{"kind":"unban","address":"a"}' },
      unknown,
    ]);
    const events = await bed.restart();
    unban(events);
    const [newest, ...others] = await everyPage(events, 10);
    assert.deepEqual([(newest?.id ?? 0) > id, others.map((event) => event.id)], [true, [1]]);
  });
});
