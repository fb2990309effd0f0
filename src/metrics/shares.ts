import type { TotalRow } from '../domain/report.ts';
import { SHARE_RESULTS } from '../domain/result.ts';
import type { MetricFamily } from './exposition.ts';
import type { Scrape } from './scrape.ts';

const TOTAL_LABELS = ['account', 'pool', 'algorithm'] as const;

/** A family with one sample per account, pool and algorithm. */
function perTotal(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  valueOf: (row: TotalRow) => number,
): MetricFamily<Scrape> {
  return {
    name,
    type,
    help,
    labels: TOTAL_LABELS,
    *collect(scrape, out) {
      for (const row of scrape.totals) {
        out.sample(valueOf(row), row.account, row.pool, row.algorithm);
        yield;
      }
    },
  };
}

/** Totals that outlive sessions: what bills and alerts are made from. */
export const shareFamilies: readonly MetricFamily<Scrape>[] = [
  {
    name: 'stratum_proxy_shares_total',
    type: 'counter',
    help: 'Shares by their final result; the results and those in flight add up to those received.',
    labels: [...TOTAL_LABELS, 'result'],
    *collect(scrape, out) {
      for (const row of scrape.totals) {
        for (const result of SHARE_RESULTS) {
          out.sample(row.counts[result], row.account, row.pool, row.algorithm, result);
        }
        yield;
      }
    },
  },
  perTotal(
    'stratum_proxy_shares_received_total',
    'counter',
    'Shares received from miners.',
    (row) => row.received,
  ),
  perTotal(
    'stratum_proxy_shares_in_flight',
    'gauge',
    'Shares sent to the pool that have no verdict yet.',
    (row) => row.inFlight,
  ),
  perTotal(
    'stratum_proxy_work_total',
    'counter',
    'Hashes behind the credited shares; its rate is the hashrate.',
    (row) => row.work,
  ),
  perTotal(
    'stratum_proxy_work_found_total',
    'counter',
    'Hashes behind every valid share found here, each at the difficulty of its miner.',
    (row) => row.workFound,
  ),
  perTotal(
    'stratum_proxy_work_at_pool_total',
    'counter',
    "Hashes behind the shares that the pool accepted, at the pool's difficulty; over the work found it is the efficiency.",
    (row) => row.workAtPool,
  ),
  perTotal(
    'stratum_proxy_shares_at_pool_total',
    'counter',
    'Shares that the pool accepted; 1/sqrt of their increase is the relative error of the efficiency.',
    (row) => row.sharesAtPool,
  ),
];
