import type { ProxyEvent } from '../domain/event.ts';
import type { PoolRow } from '../domain/report.ts';
import type { Group } from './group.ts';
import { PoolStats } from './pool-stats.ts';

/** What has happened at all pools since start, by pool and algorithm. */
export class PoolFigures {
  readonly #pools = new Map<string, PoolStats>();
  readonly #emit: (event: ProxyEvent) => void;

  constructor(emit: (event: ProxyEvent) => void) {
    this.#emit = emit;
  }

  /** Of a pool under the algorithm of its entry. */
  of(pool: string, algorithm: string, divider: number): PoolStats {
    const key = `${pool} ${algorithm}`;
    const stats = this.#pools.get(key) ?? new PoolStats(pool, algorithm, divider, this.#emit);
    // A divider that was corrected holds from now on.
    stats.divider = divider;
    stats.isNamedByJobs = false;
    this.#pools.set(key, stats);
    return stats;
  }

  /** Of an algorithm that the jobs of a pool name. `divider`: of the pool's entry, on whose scale its difficulties are. */
  ofJobs(pool: string, algorithm: string, divider: number): PoolStats {
    const known = this.#pools.get(`${pool} ${algorithm}`);
    if (known !== undefined) return known;
    const stats = this.of(pool, algorithm, divider);
    stats.isNamedByJobs = true;
    return stats;
  }

  /** The pool's jobs name another algorithm than this one. */
  isSuperseded(pool: string, algorithm: string): boolean {
    return this.#pools.get(`${pool} ${algorithm}`)?.supersededBy != null;
  }

  /** Those of all pools. */
  all(): Iterable<PoolStats> {
    return this.#pools.values();
  }

  /** The pools that are, or were since start, in use, and how many connections there are to all of them. */
  rows(
    groups: Iterable<Pick<Group, 'upstreams'>>,
    sessionsOn: (pool: string, algorithm: string) => number,
    nowMs: number,
  ): { readonly pools: PoolRow[]; readonly upstreams: number } {
    let upstreams = 0;
    const waiting = new Map<PoolStats, number>();
    const states = new Map<PoolStats, Record<keyof PoolRow['upstreams'], number>>();
    for (const group of groups) {
      for (const upstream of group.upstreams) {
        const { kind } = upstream.state;
        if (kind === 'closed') continue;
        const counts = states.get(upstream.figures) ?? noUpstreams();
        states.set(upstream.figures, counts);
        counts[kind] += 1;
        if (kind !== 'live')
          waiting.set(upstream.figures, (waiting.get(upstream.figures) ?? 0) + upstream.clients.length);
        upstreams += 1;
      }
    }
    // Under an algorithm that the pool does not mine, or does not any more, it is not down but gone.
    const shown = [...this.#pools.values()].filter(
      (stats) => states.has(stats) || (stats.supersededBy === null && !stats.isNamedByJobs),
    );
    const pools = shown.map((stats): PoolRow => {
      const counts = states.get(stats) ?? noUpstreams();
      return {
        pool: stats.pool,
        algorithm: stats.algorithm,
        divider: stats.divider,
        up: counts.live > 0,
        upstreams: counts,
        sessions: sessionsOn(stats.pool, stats.algorithm),
        jobs: stats.jobs,
        failures: stats.failures,
        lastError: stats.lastError,
        lastErrorAtMs: stats.lastErrorAtMs,
        isFailing: stats.isFailing,
        loginsRefused: stats.logins.accounts(nowMs),
        isRefusing: stats.isRefusing,
        waiting: waiting.get(stats) ?? 0,
        roundTrip: stats.roundTrip.snapshot(),
      };
    });
    return { pools, upstreams };
  }
}

/** No connection in any state. */
export function noUpstreams(): Record<keyof PoolRow['upstreams'], number> {
  return { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 0 };
}
