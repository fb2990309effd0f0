import type { Fleet, FleetEvent, Pool, WorkerPage } from './fleet.ts';

/** Columns of the table of workers by which the API can sort, in the order of the key `s`. */
export const SORT_KEYS = [
  'hashrate',
  'worker',
  'account',
  'algorithm',
  'pool',
  'difficulty',
  'accepted',
  'rejected',
  'lastShareAt',
] as const;

export type SortKey = (typeof SORT_KEYS)[number];

export interface Sort {
  readonly key: SortKey;
  readonly order: 'asc' | 'desc';
}

export type View = 'workers' | 'pools' | 'events';

/** Everything that is on the screen but its size. */
export interface TopState {
  /** Where the data comes from, for people. */
  readonly source: string;
  readonly version: string;
  /** When the proxy was started; null before it is known. */
  readonly startedAtMs: number | null;
  readonly fleet: Fleet | null;
  readonly workers: WorkerPage;
  readonly pools: readonly Pool[];
  /** Newest last. */
  readonly events: readonly FleetEvent[];
  readonly view: View;
  readonly sort: Sort;
  readonly filter: string;
  /** What is being typed as the next filter; null while nothing is. */
  readonly typing: string | null;
  /** The first row shown. */
  readonly scroll: number;
  /** What is wrong with the connection to the API; null while all is well. */
  readonly trouble: string | null;
}

/** As the API keeps them. */
const EVENTS_KEPT = 1000;

export function initialState(given: Pick<TopState, 'source' | 'sort' | 'filter'>): TopState {
  return {
    ...given,
    version: '',
    startedAtMs: null,
    fleet: null,
    workers: { offset: 0, rows: [], total: 0 },
    pools: [],
    events: [],
    view: 'workers',
    typing: null,
    scroll: 0,
    trouble: null,
  };
}

/** Names rise and figures fall: what one wants to see first. */
export function naturalSort(key: SortKey): Sort {
  const isName = key === 'worker' || key === 'account' || key === 'algorithm' || key === 'pool';
  return { key, order: isName ? 'asc' : 'desc' };
}

/** `hashrate`, `worker:desc`; null for anything else. */
export function parseSort(text: string): Sort | null {
  const [name = '', order, ...more] = text.split(':');
  const key = SORT_KEYS.find((known) => known === name);
  if (key === undefined || more.length > 0) return null;
  if (order === undefined) return naturalSort(key);
  return order === 'asc' || order === 'desc' ? { key, order } : null;
}

/** With these events, each once, the newest of all kept. */
export function withEvents(state: TopState, events: readonly FleetEvent[]): TopState {
  const byId = new Map([...state.events, ...events].map((event) => [event.id, event]));
  const kept = [...byId.values()].sort((a, b) => a.id - b.id).slice(-EVENTS_KEPT);
  return { ...state, events: kept };
}

/** The rows of the view in the order shown, the filter applied where the API has not done it. */
export function visiblePools({ pools, filter }: TopState): readonly Pool[] {
  return pools.filter((pool) => contains(filter, pool.pool, pool.algorithm, pool.state, pool.lastError));
}

/** Newest first. */
export function visibleEvents({ events, filter }: TopState): readonly FleetEvent[] {
  return events.filter((event) => contains(filter, event.kind, event.severity, event.message)).toReversed();
}

export function rowCount(state: TopState): number {
  if (state.view === 'workers') return state.workers.total;
  return (state.view === 'pools' ? visiblePools(state) : visibleEvents(state)).length;
}

function contains(filter: string, ...texts: readonly string[]): boolean {
  const wanted = filter.toLowerCase();
  return texts.some((text) => text.toLowerCase().includes(wanted));
}
