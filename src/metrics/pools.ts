import type { PoolRow } from '../domain/report.ts';
import type { MetricFamily } from './exposition.ts';
import type { Scrape } from './scrape.ts';

const UPSTREAM_STATES = [
  'idle',
  'dialing',
  'handshaking',
  'live',
  'cooling',
] as const satisfies readonly (keyof PoolRow['upstreams'])[];

/** A family of the original program with one sample per pool; `hash` is the algorithm. */
function seedPool(name: string, help: string, valueOf: (row: PoolRow) => number): MetricFamily<Scrape> {
  return {
    name,
    type: 'gauge',
    help,
    labels: ['proxy', 'hash', 'pool'],
    collect(scrape, out) {
      for (const row of scrape.pools) out.sample(valueOf(row), scrape.tag, row.algorithm, row.pool);
    },
  };
}

/** A family with one sample per pool. */
function perPool(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  valueOf: (row: PoolRow) => number,
): MetricFamily<Scrape> {
  return {
    name,
    type,
    help,
    labels: ['pool', 'algorithm'],
    collect(scrape, out) {
      for (const row of scrape.pools) out.sample(valueOf(row), row.pool, row.algorithm);
    },
  };
}

/** Pools that are, or were since start, in use. */
export const poolFamilies: readonly MetricFamily<Scrape>[] = [
  seedPool('proxy_pool_up', 'Status of pool: 1 while an upstream is logged in and has a job.', (row) =>
    row.up ? 1 : 0,
  ),
  seedPool(
    'proxy_pool_divider',
    'Divider of algorithm of pool: a share of difficulty 1 stands for 2^32 / divider hashes.',
    (row) => row.divider,
  ),
  {
    name: 'stratum_proxy_upstreams',
    type: 'gauge',
    help: 'Connections to the pool by state.',
    labels: ['pool', 'algorithm', 'state'],
    collect(scrape, out) {
      for (const row of scrape.pools) {
        for (const state of UPSTREAM_STATES) {
          out.sample(row.upstreams[state], row.pool, row.algorithm, state);
        }
      }
    },
  },
  perPool('stratum_proxy_pool_sessions', 'gauge', 'Sessions that mine on the pool.', (row) => row.sessions),
  perPool('stratum_proxy_pool_jobs_total', 'counter', 'Jobs received from the pool.', (row) => row.jobs),
  perPool(
    'stratum_proxy_pool_failures_total',
    'counter',
    'Failed dials, refused logins and connections lost.',
    (row) => row.failures,
  ),
  {
    name: 'stratum_proxy_accounts_login_refused',
    type: 'gauge',
    help: 'Accounts whose last login at the pool was refused, within the last five minutes.',
    labels: ['pool'],
    collect(scrape, out) {
      const refused = new Map<string, number>();
      for (const { pool, loginsRefused } of scrape.pools)
        refused.set(pool, (refused.get(pool) ?? 0) + loginsRefused);
      for (const [pool, accounts] of refused) out.sample(accounts, pool);
    },
  },
  {
    name: 'stratum_proxy_pool_round_trip_seconds',
    type: 'histogram',
    help: 'Time from a share sent to the pool to its verdict.',
    labels: ['pool', 'algorithm'],
    collect(scrape, out) {
      for (const row of scrape.pools) out.histogram(row.roundTrip, row.pool, row.algorithm);
    },
  },
];
