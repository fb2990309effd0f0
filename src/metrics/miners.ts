import type { SessionRow } from '../domain/report.ts';
import type { MetricFamily, SampleWriter } from './exposition.ts';
import type { Scrape } from './scrape.ts';

const MINER_LABELS = ['proxy', 'worker', 'user'] as const;
const MINER_POOL_LABELS = ['proxy', 'worker', 'user', 'hash', 'pool'] as const;

/** A family with one sample per miner and pool. */
function perMinerPool(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  valueOf: (row: SessionRow) => number,
): MetricFamily<Scrape> {
  return {
    name,
    type,
    help,
    labels: MINER_POOL_LABELS,
    *collect(scrape: Scrape, out: SampleWriter) {
      for (const row of scrape.miners.perPool()) {
        out.sample(valueOf(row), scrape.tag, row.address, row.account, row.algorithm, row.pool);
        yield;
      }
    },
  };
}

/**
 * The per-miner series of the original program: its names, labels and meaning (its README, "List of custom metrics").
 * `worker` is the miner's `ip:port`, `user` the account's name, `hash` the algorithm, `proxy` the tag.
 */
export const minerFamilies: readonly MetricFamily<Scrape>[] = [
  {
    name: 'proxy_worker_up',
    type: 'gauge',
    help: 'Status of worker: 1 while it is connected, 0 for a minute after it has gone.',
    labels: MINER_LABELS,
    *collect(scrape, out) {
      for (const row of scrape.miners.perMiner()) {
        out.sample(row.up ? 1 : 0, scrape.tag, row.address, row.account);
        yield;
      }
    },
  },
  perMinerPool(
    'proxy_worker_sended',
    'counter',
    'Number of shares sent by the worker.',
    (row) => row.received,
  ),
  perMinerPool(
    'proxy_worker_one_sended',
    'counter',
    'Shares sent by the worker, counted in shares of difficulty 1.',
    (row) => row.difficultyReceived,
  ),
  perMinerPool(
    'proxy_worker_accepted',
    'counter',
    'Number of shares of the worker that were credited: by the pool, or by our own verification below its difficulty.',
    (row) => row.counts.accepted + row.counts['accepted-local'],
  ),
  perMinerPool(
    'proxy_worker_one_accepted',
    'counter',
    'Credited shares of the worker, counted in shares of difficulty 1.',
    (row) => row.difficultyAccepted,
  ),
  perMinerPool(
    'proxy_worker_speed',
    'gauge',
    'Speed of worker in hashes/s over 5 minutes; a younger session divides by its age. 0 where the worker has gone.',
    // Under another label the same device may be back: the sum is of what is hashed now.
    (row) => (row.up ? row.rate5mHs : 0),
  ),
  perMinerPool(
    'proxy_worker_difficulty',
    'gauge',
    'Difficulty in force for the newest job of the worker.',
    (row) => row.difficulty,
  ),
  {
    name: 'stratum_proxy_miner_series_suppressed',
    type: 'gauge',
    help: '1 while the proxy_worker_* series are left out because there are more sessions than metrics.maxWorkers.',
    labels: [],
    collect(scrape, out) {
      out.sample(scrape.suppressed ? 1 : 0);
    },
  },
  {
    name: 'stratum_proxy_miner_series_limit',
    type: 'gauge',
    help: 'Sessions above which the proxy_worker_* series are left out (metrics.maxWorkers).',
    labels: [],
    collect(scrape, out) {
      out.sample(scrape.maxWorkers);
    },
  },
];
