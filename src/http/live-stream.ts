import { Readable } from 'node:stream';
import type { AlgorithmFacts } from '../domain/account.ts';
import type { NumberedEvent } from '../domain/event.ts';
import type { FleetTick, PoolRow } from '../domain/report.ts';
import { eventView } from './event-view.ts';
import { type PoolCondition, poolCondition, poolState } from './pool-state.ts';
import type { EventsPort, FleetPort } from './ports/fleet.ts';
import type { HealthPort } from './ports.ts';
import { isoTime } from './view.ts';

export interface LiveStreamParts {
  readonly fleet: FleetPort;
  readonly events: Omit<EventsPort, 'list'>;
  readonly health: HealthPort;
  /** Every algorithm there is. */
  algorithms(): Promise<readonly AlgorithmFacts[]>;
}

export interface LiveStreamOptions {
  readonly version: string;
  /** Listeners at once. */
  readonly listeners: number;
}

const HEARTBEAT_MS = 15_000;
/** A listener is asked to come again after so long. */
const LIFE_MS = 3_600_000;
/** Bytes that wait for one listener, beside what the system's own buffers hold; one that lets more pile up is dropped. */
const PILE_BYTES = 1_048_576;
/** How often it is looked whether each may still listen: a token may expire at any moment. */
const RECHECK_MS = 1000;
/** One that is to end and does not read on is cut off after so long. */
const LINGER_MS = 2000;
const RECONNECT_MS = 3000;
const UNITS_KEPT_MS = 60_000;
const POOLS_EVERY = 2;

/** The way to one listener. */
class Listener extends Readable {
  readonly startedMs = performance.now();
  readonly mayListen: () => boolean;
  #isFinished = false;

  constructor(mayListen: () => boolean) {
    super({ highWaterMark: 65_536 });
    this.mayListen = mayListen;
  }

  override _read(): void {}

  /** False where it has been dropped since it does not read. */
  tell(text: string): boolean {
    if (this.destroyed || this.#isFinished) return false;
    this.push(text);
    if (this.readableLength <= PILE_BYTES) return true;
    this.destroy();
    return false;
  }

  finish(): void {
    if (this.destroyed || this.#isFinished) return;
    this.#isFinished = true;
    this.push(null);
    setTimeout(() => this.destroy(), LINGER_MS).unref();
  }
}

/**
 * Server-sent events [HTML, 9.2]: sums every second, pools every other, and each event as it happens. Every message is made once, however many listen; nothing is made
 * while nobody does.
 */
export class LiveStream {
  readonly #parts: LiveStreamParts;
  readonly #options: LiveStreamOptions;
  readonly #listeners = new Set<Listener>();
  #leave: (() => void)[] = [];
  #units: ReadonlyMap<string, AlgorithmFacts['unit']> = new Map();
  #unitsAtMs = Number.NEGATIVE_INFINITY;
  #ticks = 0;
  #isClosed = false;

  constructor(parts: LiveStreamParts, options: LiveStreamOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /**
   * A stream for one more listener, who has had everything up to `lastId`; null where there are too many, or the server is closing. It ends when `mayListen` does not hold any
   * more.
   */
  async open(lastId: number | null, mayListen: () => boolean): Promise<Readable | null> {
    await this.#readUnits();
    if (this.#isClosed || this.#listeners.size >= this.#options.listeners) return null;
    const listener = new Listener(mayListen);
    this.#listeners.add(listener);
    listener.once('close', () => this.#gone(listener));
    const { events } = this.#parts;
    const from = lastId === null || lastId > events.lastId ? events.lastId : lastId;
    const hello = { version: this.#options.version, id: from };
    listener.tell(`retry: ${RECONNECT_MS}\n${message('hello', from, hello)}`);
    for (const missed of events.since(from)) listener.tell(message('event', missed.id, eventView(missed)));
    if (this.#leave.length === 0) this.#join();
    return listener;
  }

  /** Ends the streams of those that may not listen any more. */
  recheck(): void {
    for (const listener of this.#listeners) if (!listener.mayListen()) listener.finish();
  }

  /** Ends every stream. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener.finish();
  }

  #join(): void {
    const { fleet, events } = this.#parts;
    const heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    const recheck = setInterval(() => this.recheck(), RECHECK_MS).unref();
    this.#leave = [
      fleet.watch((tick) => this.#onTick(tick)),
      events.subscribe((event) => this.#onEvent(event)),
      () => clearInterval(heartbeat),
      () => clearInterval(recheck),
    ];
  }

  #gone(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    for (const leave of this.#leave) leave();
    this.#leave = [];
  }

  #tell(text: string): void {
    for (const listener of this.#listeners) listener.tell(text);
  }

  #beat(): void {
    this.#tell(': still here\n\n');
    const nowMs = performance.now();
    for (const listener of this.#listeners) if (nowMs - listener.startedMs > LIFE_MS) listener.finish();
  }

  #onEvent(event: NumberedEvent): void {
    this.#tell(message('event', event.id, eventView(event)));
  }

  #onTick({ atMs, summary, recent, lastHour }: FleetTick): void {
    this.#ticks += 1;
    if (performance.now() - this.#unitsAtMs > UNITS_KEPT_MS) void this.#readUnits();
    const { events, health } = this.#parts;
    // What comes of it is told with the next message; a store that is locked does not hold this one up.
    void health.ready().catch(() => undefined);
    const { ready, checks } = health.known;
    const fleet = {
      at: isoTime(atMs),
      sessions: summary.sessions,
      authorizedSessions: summary.authorizedSessions,
      workers: summary.algorithms.reduce((sum, { workers }) => sum + workers, 0),
      upstreams: summary.upstreams,
      algorithms: summary.algorithms.map(({ algorithm, hashrateHs, workers }) => ({
        algorithm,
        unit: this.#units.get(algorithm) ?? 'H',
        hashrateHs,
        workers,
      })),
      sharesPerSecond: recent.receivedPerSecond,
      accepted: recent.acceptedPerSecond,
      rejected: recent.rejectedPerSecond,
      acceptedTotal: summary.accepted,
      rejectedTotal: summary.rejected,
      acceptance: recent.acceptance,
      efficiency: summary.workFound > 0 ? summary.workAtPool / summary.workFound : null,
      efficiency1h: lastHour.efficiency,
      efficiency1hError: lastHour.error,
      pools: countPools(summary.pools),
      ready,
      notReady: checks.flatMap((check) => (check.ready ? [] : [`${check.name}: ${check.message}`])),
    };
    let text = message('fleet', events.takeId(), fleet);
    if (this.#ticks % POOLS_EVERY === 1)
      text += message('pools', events.takeId(), { pools: summary.pools.map(poolState) });
    this.#tell(text);
  }

  async #readUnits(): Promise<void> {
    if (performance.now() - this.#unitsAtMs <= UNITS_KEPT_MS) return;
    this.#unitsAtMs = performance.now();
    try {
      const all = await this.#parts.algorithms();
      this.#units = new Map(all.map(({ name, unit }) => [name, unit]));
    } catch {
      // The store is out for a moment; the units of before will do.
    }
  }
}

/** One that is being connected to is none of these yet. */
function countPools(
  pools: readonly PoolRow[],
): Readonly<Record<Exclude<PoolCondition, 'connecting'>, number>> {
  const counts = { up: 0, idle: 0, connecting: 0, down: 0, refused: 0 };
  for (const row of pools) counts[poolCondition(row)] += 1;
  const { connecting: _, ...shown } = counts;
  return shown;
}

function message(kind: string, id: number, data: unknown): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
