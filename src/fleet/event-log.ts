import type { EventKind, NumberedEvent, Occurrence, ProxyEvent } from '../domain/event.ts';
import type { Clock } from '../kit/clock.ts';
import { EventGate } from './event-gate.ts';

/** So many of the newest are in memory. */
export const EVENTS_IN_MEMORY = 1000;

export interface EventQuery {
  readonly limit: number;
  /** Only those with a smaller number; null: all. */
  readonly before: number | null;
  /** Null: of whatever kind. */
  readonly kind: EventKind | null;
}

/** What the runs before have left. */
export interface PastEvents {
  /** The newest of them, the oldest first. */
  readonly events: readonly NumberedEvent[];
  /** No number up to this is given again. */
  readonly newestId: number;
  /** There are no older ones than these. */
  readonly isWhole: boolean;
}

const NO_PAST: PastEvents = { events: [], newestId: 0, isWhole: true };

/**
 * The newest thousand events, in memory. Numbers grow over restarts too: they begin with the time of the start in milliseconds, or with the newest of the runs before where that is
 * greater; messages of a stream take theirs from the same row.
 */
export class EventLog {
  readonly #events: NumberedEvent[];
  readonly #listeners = new Set<(event: NumberedEvent) => void>();
  readonly #gate: EventGate;
  #lastId: number;
  #isWhole: boolean;

  constructor({ clock, past = NO_PAST }: { readonly clock: Clock; readonly past?: PastEvents }) {
    this.#events = past.events.slice(-EVENTS_IN_MEMORY);
    this.#isWhole = past.isWhole;
    this.#lastId = Math.max(clock.wallMs(), past.newestId);
    this.#gate = new EventGate({ clock, tell: (occurrence) => this.add(occurrence) });
  }

  get lastId(): number {
    return this.#lastId;
  }

  /** Number of the oldest in memory; null where there is none. */
  get oldestId(): number | null {
    return this.#events[0]?.id ?? null;
  }

  /** There are no older ones than those in memory. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The next number. */
  takeId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Something has happened on this side of the boundary. */
  note(event: ProxyEvent): void {
    this.#gate.push(event);
  }

  /** Takes what a worker has told, whose rate is bounded already. */
  add(occurrence: Occurrence): void {
    const event = { ...occurrence, id: this.takeId() };
    this.#events.push(event);
    if (this.#events.length > EVENTS_IN_MEMORY) {
      this.#events.shift();
      this.#isWhole = false;
    }
    for (const listener of this.#listeners) listener(event);
  }

  /** Those in memory, the newest first. */
  newest({ limit, before, kind }: EventQuery): readonly NumberedEvent[] {
    const events: NumberedEvent[] = [];
    for (let at = this.#events.length - 1; at >= 0 && events.length < limit; at -= 1) {
      const event = this.#events[at];
      if (event === undefined || (before !== null && event.id >= before)) continue;
      if (kind === null || event.event.kind === kind) events.push(event);
    }
    return events;
  }

  /** Those after this number that are in memory, the oldest first. */
  since(id: number): readonly NumberedEvent[] {
    return this.#events.filter((event) => event.id > id);
  }

  /** Tells of every event from now on, until the function that it gives is called. */
  subscribe(listener: (event: NumberedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes what its gate has held back, and holds no timer from now on. */
  stop(): void {
    this.#gate.finish();
  }
}
