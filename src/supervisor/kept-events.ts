import {
  EVENT_KINDS,
  type EventKind,
  type LastEnd,
  type NumberedEvent,
  type ProxyEvent,
} from '../domain/event.ts';
import { EVENTS_IN_MEMORY, EventLog, type EventQuery, type PastEvents } from '../fleet/event-log.ts';
import type { EventsPort } from '../http/ports/fleet.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { within } from '../kit/within.ts';
import type { EventRecord, EventStore } from '../store/event-store.ts';

export interface KeptEventsParts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** How much is kept. Read anew each time. */
export interface EventRetention {
  /** So many of the newest; 0: none. */
  readonly most: number;
  /** For so many days; 0: for ever. */
  readonly days: number;
}

const DAY_MS = 86_400_000;
/** What is locked for longer is tried again the next time. */
const WRITE_WITHIN_MS = 1000;
/** Old ones are removed after so many new ones, and by {@link KeptEvents.prune}. */
const PRUNED_EVERY = 500;

/**
 * What has happened, over all runs of the program: the newest in memory, and all in the store, which is written behind and may be slow, locked or full. What could not be written is
 * tried again for as long as it is in memory.
 */
export class KeptEvents implements EventsPort {
  readonly #parts: KeptEventsParts;
  readonly #retention: () => EventRetention;
  readonly #events: EventLog;
  /** How the run before this one ended. */
  readonly lastEnd: LastEnd;
  /** Everything up to this number is in the store, or was there. */
  #writtenId: number;
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;
  #sincePruned = 0;

  private constructor(
    parts: KeptEventsParts,
    retention: () => EventRetention,
    { past, lastEnd }: { readonly past: PastEvents; readonly lastEnd: LastEnd },
  ) {
    this.#parts = parts;
    this.#retention = retention;
    this.lastEnd = lastEnd;
    this.#events = new EventLog({ clock: parts.clock, past });
    this.#writtenId = this.#events.lastId;
  }

  /** Loads the newest of the runs before. Rejects where the store cannot be read. */
  static async start(parts: KeptEventsParts, retention: () => EventRetention): Promise<KeptEvents> {
    const { store } = parts;
    const [started] = await store.listEvents({ limit: 1, kind: 'proxy-started' satisfies EventKind });
    const [stopped] = await store.listEvents({ limit: 1, kind: 'proxy-stopped' satisfies EventKind });
    const records = await store.listEvents({ limit: EVENTS_IN_MEMORY });
    const lastEnd =
      started === undefined ? 'unknown' : (stopped?.id ?? 0) > started.id ? 'in-order' : 'not-in-order';
    const past = {
      events: records.flatMap(readEvent).toReversed(),
      newestId: records[0]?.id ?? 0,
      isWhole: records.length < EVENTS_IN_MEMORY,
    };
    return new KeptEvents(parts, retention, { past, lastEnd });
  }

  get lastId(): number {
    return this.#events.lastId;
  }

  takeId(): number {
    return this.#events.takeId();
  }

  /** Something has happened in the supervisor. */
  note(event: ProxyEvent): void {
    this.#events.note(event);
  }

  /** Takes what a worker has told. */
  readonly add: EventLog['add'] = (occurrence) => this.#events.add(occurrence);

  since(id: number): readonly NumberedEvent[] {
    return this.#events.since(id);
  }

  subscribe(listener: (event: NumberedEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  /** Where the store cannot be read, what is in memory is given; the page after that rejects. */
  async list(query: EventQuery): ReturnType<EventsPort['list']> {
    const { limit, before, kind } = query;
    const recent = this.#events.newest({ ...query, limit: limit + 1 });
    const left = limit - recent.length;
    if (left < 0 || this.#events.isWhole)
      return { events: recent.slice(0, limit), next: left < 0 ? (recent[limit - 1]?.id ?? null) : null };
    const { oldestId } = this.#events;
    let older: readonly EventRecord[];
    try {
      older = await this.#parts.store.listEvents({
        limit: left + 1,
        before: Math.min(before ?? Number.MAX_SAFE_INTEGER, oldestId ?? Number.MAX_SAFE_INTEGER),
        kind: kind ?? undefined,
      });
    } catch (error) {
      const last = recent.at(-1);
      if (last === undefined) throw error;
      return { events: recent, next: last.id };
    }
    const shown = older.slice(0, left);
    const next = older.length > left ? (shown.at(-1)?.id ?? recent.at(-1)?.id ?? null) : null;
    return { events: [...recent, ...shown.flatMap(readEvent)], next };
  }

  /** Writes what is new, in one transaction; without anything new, nothing is. Never rejects. */
  write(withinMs = WRITE_WITHIN_MS): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeOnce(withinMs));
    return this.#writing;
  }

  /** Removes what is not to be kept any longer. Rejects where the store cannot be written. */
  async prune(): Promise<void> {
    const { most, days } = this.#retention();
    const beforeMs = days === 0 ? 0 : this.#parts.clock.wallMs() - days * DAY_MS;
    await this.#parts.store.dropEvents({ most, beforeMs });
    this.#sincePruned = 0;
  }

  /** Takes what was held back and writes all there is, for `withinMs` at the most. */
  async stop(withinMs: number): Promise<void> {
    this.#events.stop();
    await within(withinMs, this.write(withinMs));
  }

  async #writeOnce(withinMs: number): Promise<void> {
    const fresh = this.#events.since(this.#writtenId);
    const last = fresh.at(-1);
    if (last === undefined) return;
    try {
      if (this.#retention().most > 0) await this.#parts.store.addEvents(fresh.map(recordOf), { withinMs });
      this.#writtenId = last.id;
      this.#sincePruned += fresh.length;
      if (this.#isFailing) this.#parts.log.info('events are written again');
      this.#isFailing = false;
      if (this.#sincePruned >= PRUNED_EVERY) await this.prune();
    } catch (error) {
      if (!this.#isFailing)
        this.#parts.log.error(
          'events cannot be written; the newest thousand are kept in memory until they can',
          {
            reason: error instanceof Error ? error.message : String(error),
          },
        );
      this.#isFailing = true;
    }
  }
}

function recordOf({ id, atMs, count, isFolded, event }: NumberedEvent): EventRecord {
  return { id, atMs, kind: event.kind, count, isFolded, event: JSON.stringify(event) };
}

const KINDS: ReadonlySet<string> = new Set(EVENT_KINDS);

/** Nothing for one of a kind that this version does not know. */
function readEvent({ id, atMs, kind, count, isFolded, event }: EventRecord): readonly NumberedEvent[] {
  if (!KINDS.has(kind)) return [];
  return [{ id, atMs, count, isFolded, event: JSON.parse(event) as ProxyEvent }];
}
