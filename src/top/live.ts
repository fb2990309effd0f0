import { type ApiClient, ApiClientError, PATHS } from './api-client.ts';
import { type KeyOutcome, pressKey, scrolled } from './keys.ts';
import { readEvent, readEvents, readFleet, readPools, readServer, readWorkers } from './read-json.ts';
import { pageSize, renderScreen } from './render.ts';
import { workersQuery } from './snapshot.ts';
import { type TopState, withEvents } from './state.ts';
import type { Style } from './style.ts';
import type { Terminal } from './terminal.ts';

export interface LiveParts {
  readonly client: ApiClient;
  readonly terminal: Terminal;
  readonly style: Style;
}

const RETRY_MS = 2000;
/** Keys that are held down come some thirty a second: the table is asked for once they rest. */
const SETTLE_MS = 80;
const MOST_ROWS = 1000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The screen that renews itself: the stream tells of fleet, pools and events, the table is asked for. */
export class Live {
  readonly #parts: LiveParts;
  readonly #everyMs: number;
  readonly #end = new AbortController();
  #state: TopState;
  #table = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #tableTrouble: string | null = null;
  #streamTrouble: string | null = null;
  #isDrawn = true;

  constructor(parts: LiveParts, state: TopState, everyMs: number) {
    this.#parts = parts;
    this.#state = state;
    this.#everyMs = everyMs;
  }

  /** Resolves when the operator has had enough, with the terminal as it was. */
  async run(): Promise<void> {
    const { terminal } = this.#parts;
    const ended = new Promise<void>((resolve) => this.#end.signal.addEventListener('abort', () => resolve()));
    const stop = (): void => this.#end.abort();
    for (const signal of SIGNALS) process.on(signal, stop);
    terminal.listen({ key: (key) => this.#press(key), resize: () => this.#resize(), gone: stop });
    terminal.enter();
    try {
      this.#draw();
      this.#askSoon(0);
      await Promise.all([this.#follow(), ended]);
    } finally {
      clearTimeout(this.#timer);
      this.#table.abort();
      terminal.leave();
      for (const signal of SIGNALS) process.off(signal, stop);
    }
  }

  #press(key: Parameters<typeof pressKey>[1]): void {
    const before = this.#state;
    const outcome: KeyOutcome = pressKey(before, key, this.#page());
    if (outcome === 'quit') this.#end.abort();
    else if (outcome === 'suspend') this.#suspend();
    else if (outcome !== before) {
      this.#change(outcome);
      if (needsRows(before, outcome)) this.#askSoon(SETTLE_MS);
    }
  }

  /** Ctrl-Z, which a terminal in raw mode hands over as a key. */
  #suspend(): void {
    if (process.platform === 'win32') return;
    this.#parts.terminal.leave();
    process.once('SIGCONT', () => {
      this.#parts.terminal.enter();
      this.#draw();
    });
    process.kill(process.pid, 'SIGTSTP');
  }

  #resize(): void {
    this.#change(scrolled(this.#state, this.#state.scroll, this.#page()));
    this.#askSoon(SETTLE_MS);
  }

  /** Asks for the rows around those on the screen, now and from then on at the pace that was asked for. */
  #askSoon(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), afterMs);
  }

  async #ask(): Promise<void> {
    // An answer to an older question must not replace a newer one's.
    this.#table.abort();
    const asked = new AbortController();
    this.#table = asked;
    const page = this.#page();
    const offset = Math.max(0, this.#state.scroll - page);
    const limit = Math.min(page * 3, MOST_ROWS);
    try {
      const query = workersQuery(this.#state, { offset, limit });
      const json = await this.#parts.client.get(PATHS.workers, query, asked.signal);
      if (asked.signal.aborted) return;
      this.#tableTrouble = null;
      const workers = readWorkers(json, offset);
      this.#change(scrolled({ ...this.#state, workers }, this.#state.scroll, page));
    } catch (error) {
      if (asked.signal.aborted) return;
      this.#tableTrouble = messageOf(error);
      this.#change(this.#state);
    }
    if (!this.#end.signal.aborted) this.#askSoon(this.#everyMs);
  }

  /** Follows the stream; where it breaks off, it is taken up again, with the events since then. */
  async #follow(): Promise<void> {
    const { signal } = this.#end;
    let lastId = '';
    while (!signal.aborted) {
      try {
        await this.#readBeginning(signal);
        for await (const message of this.#parts.client.stream(signal, lastId)) {
          lastId = message.id;
          this.#streamTrouble = null;
          this.#take(message.event, JSON.parse(message.data));
        }
        // The proxy ends every stream after an hour.
      } catch (error) {
        this.#streamTrouble = messageOf(error);
      }
      if (signal.aborted) return;
      this.#change(this.#state);
      await pause(RETRY_MS, signal);
    }
  }

  async #readBeginning(signal: AbortSignal): Promise<void> {
    const { client } = this.#parts;
    const [server, events, pools] = await Promise.all([
      client.get(PATHS.server, {}, signal),
      client.get(PATHS.events, { limit: '1000' }, signal),
      client.get(PATHS.pools, {}, signal),
    ]);
    const read = { ...this.#state, ...readServer(server), pools: readPools(pools) };
    this.#change(withEvents(read, readEvents(events)));
  }

  #take(event: string, json: unknown): void {
    if (event === 'fleet') this.#change({ ...this.#state, fleet: readFleet(json) });
    else if (event === 'pools') this.#change({ ...this.#state, pools: readPools(json) });
    else if (event === 'event') this.#change(withEvents(this.#state, [readEvent(json)]));
  }

  #change(state: TopState): void {
    this.#state = { ...state, trouble: this.#tableTrouble ?? this.#streamTrouble };
    if (!this.#isDrawn) return;
    // Several changes of one turn are one picture.
    this.#isDrawn = false;
    setImmediate(() => this.#draw());
  }

  #draw(): void {
    this.#isDrawn = true;
    this.#parts.terminal.draw(renderScreen(this.#state, this.#options()));
  }

  #page(): number {
    return pageSize(this.#state, this.#options());
  }

  #options(): Parameters<typeof renderScreen>[1] {
    const { terminal, style } = this.#parts;
    return { ...terminal.size, style, nowMs: Date.now() };
  }
}

function needsRows(before: TopState, after: TopState): boolean {
  return before.scroll !== after.scroll || before.sort !== after.sort || before.filter !== after.filter;
}

function messageOf(error: unknown): string {
  if (error instanceof ApiClientError) return error.message;
  if (error instanceof SyntaxError) return 'the stream holds something else than JSON';
  throw error;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
