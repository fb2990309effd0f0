import { type EventKind, joinedEvents, type Occurrence, type ProxyEvent, topicOf } from '../domain/event.ts';
import type { Clock } from '../kit/clock.ts';

/** What comes again within this is told in one. */
const WINDOW_MS = 10_000;
/** Changes of one topic (up, down, up, …) that are told at once within a window. */
const CHANGES_AT_ONCE = 4;
/** Events of one kind that are told at once within a window, whatever their subject; those beyond are folded into one. */
const KIND_AT_ONCE = 20;
const MOST_TOPICS = 2000;
const SWEEP_MS = 1000;

interface Held {
  event: ProxyEvent;
  atMs: number;
  count: number;
}

/** Within its window: what has been told, and what waits for its end. */
interface Topic {
  untilMs: number;
  lastKind: EventKind;
  told: number;
  held: Held | null;
}

interface Kind {
  untilMs: number;
  told: number;
  held: Held | null;
}

/**
 * Bounds the rate of events, so that a pool that flaps or a flood of connections does not push everything else out: the first ones are told at once, and what
 * follows within ten seconds is told in one at their end, with its count. The last state of a topic is always told.
 */
export class EventGate {
  readonly #clock: Clock;
  readonly #tell: (occurrence: Occurrence) => void;
  readonly #topics = new Map<string, Topic>();
  readonly #kinds = new Map<EventKind, Kind>();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: { readonly clock: Clock; readonly tell: (occurrence: Occurrence) => void }) {
    this.#clock = parts.clock;
    this.#tell = parts.tell;
  }

  push(event: ProxyEvent): void {
    const nowMs = this.#clock.monotonicMs();
    const atMs = this.#clock.wallMs();
    this.#timer ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
    const key = topicOf(event);
    const topic = this.#topics.get(key);
    if (topic === undefined || (topic.held === null && nowMs >= topic.untilMs)) {
      if (this.#topics.size < MOST_TOPICS)
        this.#topics.set(key, { untilMs: nowMs + WINDOW_MS, lastKind: event.kind, told: 1, held: null });
      this.#pass({ event, atMs, count: 1 }, nowMs);
    } else if (topic.held === null && event.kind !== topic.lastKind && topic.told < CHANGES_AT_ONCE) {
      topic.lastKind = event.kind;
      topic.told += 1;
      this.#pass({ event, atMs, count: 1 }, nowMs);
    } else {
      const { held } = topic;
      topic.held =
        held === null
          ? { event, atMs, count: 1 }
          : { event: joinedEvents(held.event, event), atMs, count: held.count + 1 };
    }
  }

  /** Tells what has waited long enough. */
  sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, topic] of this.#topics) {
      if (nowMs < topic.untilMs) continue;
      const { held } = topic;
      if (held === null) {
        this.#topics.delete(key);
        continue;
      }
      topic.untilMs = nowMs + WINDOW_MS;
      topic.lastKind = held.event.kind;
      topic.told = CHANGES_AT_ONCE;
      topic.held = null;
      this.#pass(held, nowMs);
    }
    for (const [kind, { untilMs, held }] of this.#kinds) {
      if (nowMs < untilMs) continue;
      this.#kinds.delete(kind);
      if (held !== null) this.#tell({ ...held, isFolded: true });
    }
    if (this.#topics.size === 0 && this.#kinds.size === 0) this.stop();
  }

  /** Tells everything that waits, and holds no timer from now on. */
  finish(): void {
    for (const [, { held }] of this.#topics) if (held !== null) this.#pass(held, this.#clock.monotonicMs());
    this.#topics.clear();
    for (const [, { held }] of this.#kinds) if (held !== null) this.#tell({ ...held, isFolded: true });
    this.#kinds.clear();
    this.stop();
  }

  /** Holds no timer from now on. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #pass(held: Held, nowMs: number): void {
    const { kind } = held.event;
    let known = this.#kinds.get(kind);
    if (known === undefined) {
      known = { untilMs: nowMs + WINDOW_MS, told: 0, held: null };
      this.#kinds.set(kind, known);
    }
    if (known.told < KIND_AT_ONCE) {
      known.told += 1;
      this.#tell({ ...held, isFolded: false });
    } else {
      known.held = { ...held, count: held.count + (known.held?.count ?? 0) };
    }
  }
}
