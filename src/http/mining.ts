import { shareCounts } from '../domain/counts.ts';
import type { LoginRow, ShareCounts, TotalRow, WorkerReport } from '../domain/report.ts';
import { SHARE_RESULTS } from '../domain/result.ts';
import { type AccountPools, type AtPool, placesOf } from './account-pools.ts';

/** What has been mined, earlier runs of the proxy included. Work is in hashes. */
export interface MiningFigures {
  /** Connected now. */
  readonly miners: number;
  readonly shares: ShareCounts;
  /** Behind every valid share found here, each at the difficulty of its miner. */
  readonly workFound: number;
  /** Behind the shares that the pool accepted, at the pool's difficulty, and how many they were. */
  readonly workAtPool: number;
  readonly sharesAtPool: number;
  /** `workAtPool / workFound`; null while nothing was found. */
  readonly efficiency: number | null;
  /** Its relative standard error, 1/√`sharesAtPool`; null while the pool accepted nothing. */
  readonly efficiencyError: number | null;
}

/** The part of one pool, and how the account is there now. */
export interface PoolMining extends MiningFigures, AtPool {
  readonly pool: string;
  readonly algorithm: string;
}

/** What the miners of one account do and have done. */
export interface AccountMining extends MiningFigures {
  /** Where they mine now, most of them while some are on their way; null without miners. */
  readonly pool: string | null;
  /** Those that are connected and have no job, whatever they wait for. */
  readonly waiting: number;
  /** In the order in which they were first mined on; then those of the account that never were. */
  readonly pools: readonly PoolMining[];
}

interface Sum {
  miners: number;
  readonly shares: Record<keyof ShareCounts, number>;
  workFound: number;
  workAtPool: number;
  sharesAtPool: number;
}

interface AccountSum {
  readonly account: AccountPools | null;
  readonly all: Sum;
  readonly logins: LoginRow[];
  readonly pools: Map<string, { readonly pool: string; readonly algorithm: string; readonly sum: Sum }>;
}

/** Picks these accounts out of the reports of all workers, in one pass: what is found of each. */
export function miningOf(
  reports: readonly WorkerReport[],
  accounts: Iterable<AccountPools>,
): (name: string) => AccountMining {
  const sums = new Map<string, AccountSum>();
  for (const account of accounts) sums.set(account.name, emptyAccount(account));
  for (const { sessions, totals, logins } of reports) {
    for (const row of totals) {
      const sum = sums.get(row.account);
      if (sum === undefined) continue;
      add(sum.all, row);
      add(poolSum(sum, row), row);
    }
    for (const row of sessions) {
      const sum = row.up ? sums.get(row.account) : undefined;
      if (sum === undefined) continue;
      sum.all.miners += 1;
      poolSum(sum, row).miners += 1;
    }
    for (const row of logins) sums.get(row.account)?.logins.push(row);
  }
  return (name) => toMining(sums.get(name) ?? emptyAccount(null));
}

function poolSum(
  { pools }: AccountSum,
  { pool, algorithm }: { readonly pool: string; readonly algorithm: string },
): Sum {
  const key = `${pool} ${algorithm}`;
  const known = pools.get(key) ?? { pool, algorithm, sum: emptySum() };
  pools.set(key, known);
  return known.sum;
}

function emptyAccount(account: AccountPools | null): AccountSum {
  return { account, all: emptySum(), pools: new Map(), logins: [] };
}

function emptySum(): Sum {
  return { miners: 0, shares: shareCounts(), workFound: 0, workAtPool: 0, sharesAtPool: 0 };
}

function add(sum: Sum, row: TotalRow): void {
  for (const result of SHARE_RESULTS) sum.shares[result] += row.counts[result];
  sum.workFound += row.workFound;
  sum.workAtPool += row.workAtPool;
  sum.sharesAtPool += row.sharesAtPool;
}

function toMining({ account, all, pools, logins }: AccountSum): AccountMining {
  let pool: string | null = null;
  let most = 0;
  for (const one of pools.values()) {
    if (one.sum.miners <= most) continue;
    most = one.sum.miners;
    pool = one.pool;
  }
  const places = placesOf(account, [...pools.values()], logins);
  const ofPools = places.map(({ sum, at, ...place }) => ({
    ...place,
    ...toFigures(sum ?? emptySum()),
    ...at,
  }));
  const waiting = places.reduce((sum, { at }) => sum + at.waiting, 0);
  return { pool, waiting, ...toFigures(all), pools: ofPools };
}

function toFigures(sum: Sum): MiningFigures {
  const { workFound, workAtPool, sharesAtPool } = sum;
  return {
    ...sum,
    efficiency: workFound > 0 ? workAtPool / workFound : null,
    efficiencyError: sharesAtPool > 0 ? 1 / Math.sqrt(sharesAtPool) : null,
  };
}
