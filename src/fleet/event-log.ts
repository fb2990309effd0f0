import type { EventKind, NumberedEvent, Occurrence, ProxyEvent } from '../domain/event.ts';
import type { Clock } from '../kit/clock.ts';
import { EventGate } from './event-gate.ts';

const KEPT = 1000;

/**
 * The last thousand events, in memory. Numbers grow over restarts too, since they begin with the time of the start in milliseconds; messages of a stream take
 * theirs from the same row.
 */
export class EventLog {
  readonly #events: NumberedEvent[] = [];
  readonly #listeners = new Set<(event: NumberedEvent) => void>();
  readonly #gate: EventGate;
  #lastId: number;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#lastId = clock.wallMs();
    this.#gate = new EventGate({ clock, tell: (occurrence) => this.add(occurrence) });
  }

  get lastId(): number {
    return this.#lastId;
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
    if (this.#events.length > KEPT) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** The newest first. `before`: only those with a smaller number; null: all. */
  list(query: { readonly limit: number; readonly before: number | null; readonly kind: EventKind | null }): {
    readonly events: readonly NumberedEvent[];
    readonly next: number | null;
  } {
    const { limit, before, kind } = query;
    const events: NumberedEvent[] = [];
    for (let at = this.#events.length - 1; at >= 0; at -= 1) {
      const event = this.#events[at];
      if (event === undefined || (before !== null && event.id >= before)) continue;
      if (kind !== null && event.event.kind !== kind) continue;
      if (events.length === limit) return { events, next: events.at(-1)?.id ?? null };
      events.push(event);
    }
    return { events, next: null };
  }

  /** Those after this number that are still kept, the oldest first. */
  since(id: number): readonly NumberedEvent[] {
    return this.#events.filter((event) => event.id > id);
  }

  /** Tells of every event from now on, until the function that it gives is called. */
  subscribe(listener: (event: NumberedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#gate.stop();
  }
}
