import { type ApiClient, ApiClientError, PATHS } from './api-client.ts';
import type { Sort } from './state.ts';

/** Everything that is shown, as the API wrote it: what the stream says of the fleet, and the answers of the other calls side by side. */
export interface Snapshot {
  readonly server: unknown;
  readonly fleet: unknown;
  readonly pools: readonly unknown[];
  readonly events: readonly unknown[];
  /** Of all pages. */
  readonly workers: readonly unknown[];
  readonly total: number;
}

export interface WorkerQuery {
  readonly sort: Sort;
  readonly filter: string;
}

/** As many as the API gives at once. */
const PAGE = 1000;
const EVENTS_SHOWN = 20;
const FLEET_MS = 10_000;

/** Asks for everything once. Rejects with an {@link ApiClientError}. */
export async function takeSnapshot(client: ApiClient, query: WorkerQuery): Promise<Snapshot> {
  // First alone, so that what is wrong with address or token is said once.
  const server = await client.get(PATHS.server);
  const [fleet, pools, events, workers] = await Promise.all([
    firstFleet(client),
    client.get(PATHS.pools),
    client.get(PATHS.events, { limit: String(EVENTS_SHOWN) }),
    allWorkers(client, query),
  ]);
  return {
    server,
    fleet,
    pools: (pools as Pick<Snapshot, 'pools'>).pools,
    events: (events as Pick<Snapshot, 'events'>).events,
    ...workers,
  };
}

/** The query of `GET /api/v1/workers` for a part of the table. */
export function workersQuery(
  { sort, filter }: WorkerQuery,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Readonly<Record<string, string>> {
  return {
    sort: sort.key,
    order: sort.order,
    offset: String(offset),
    limit: String(limit),
    ...(filter === '' ? {} : { search: filter }),
  };
}

/** The figures of the fleet are told by the stream alone, once a second. */
async function firstFleet(client: ApiClient): Promise<unknown> {
  const late = AbortSignal.timeout(FLEET_MS);
  for await (const { event, data } of client.stream(late, '')) {
    if (event === 'fleet') return JSON.parse(data) as unknown;
  }
  throw new ApiClientError(`${client.url} told nothing of the fleet within ${FLEET_MS / 1000} s`, null);
}

async function allWorkers(
  client: ApiClient,
  query: WorkerQuery,
): Promise<Pick<Snapshot, 'workers' | 'total'>> {
  const rows: unknown[] = [];
  for (;;) {
    const page = (await client.get(
      PATHS.workers,
      workersQuery(query, { offset: rows.length, limit: PAGE }),
    )) as Pick<Snapshot, 'workers' | 'total'>;
    rows.push(...page.workers);
    if (page.workers.length < PAGE) return { workers: rows, total: page.total };
  }
}
