import type { Kysely } from 'kysely';
import { shareCounts } from '../../domain/counts.ts';
import type { LastingTotal } from '../../domain/history.ts';
import { SHARE_RESULTS, type ShareResult } from '../../domain/result.ts';
import { Pacer } from '../../kit/pacer.ts';
import type { ShareTotalsTable, Tables } from '../schema.ts';
import { slices } from './slices.ts';

const ROWS_AT_ONCE = 50;
/** How long totals of accounts that were deleted are kept after their last change: what is billed by them is billed by then. */
const DELETED_KEPT_MS = 90 * 86_400_000;

/** Writes totals in the place of what there was for the same labels. To be run in a transaction. Pauses on the way. */
export async function saveTotals(
  db: Kysely<Tables>,
  totals: readonly LastingTotal[],
  nowMs: number,
): Promise<void> {
  const pacer = new Pacer();
  for (const some of slices(totals, ROWS_AT_ONCE)) {
    await db
      .insertInto('share_totals')
      .values(some.map((total) => toRow(total, nowMs)))
      .onConflict((conflict) =>
        conflict.columns(['account', 'pool', 'algorithm']).doUpdateSet((update) => ({
          received: update.ref('excluded.received'),
          counts: update.ref('excluded.counts'),
          work: update.ref('excluded.work'),
          work_found: update.ref('excluded.work_found'),
          work_at_pool: update.ref('excluded.work_at_pool'),
          shares_at_pool: update.ref('excluded.shares_at_pool'),
          changed_at_ms: update.ref('excluded.changed_at_ms'),
        })),
      )
      .execute();
    if (pacer.isDue()) await pacer.rest();
  }
}

/** All of them but those that are removed now, since their account was deleted long ago. To be run in a transaction. */
export async function loadTotals(db: Kysely<Tables>, nowMs: number): Promise<readonly LastingTotal[]> {
  await db
    .deleteFrom('share_totals')
    .where('account', '<>', '')
    .where('changed_at_ms', '<', nowMs - DELETED_KEPT_MS)
    .where('account', 'not in', (select) => select.selectFrom('accounts').select('name'))
    .execute();
  const rows = await db.selectFrom('share_totals').selectAll().orderBy('account').orderBy('pool').execute();
  return rows.map(fromRow);
}

function toRow(total: LastingTotal, nowMs: number): ShareTotalsTable {
  const { account, pool, algorithm, received, counts, work, workFound, workAtPool, sharesAtPool } = total;
  const occurred = SHARE_RESULTS.filter((result) => counts[result] > 0);
  return {
    account,
    pool,
    algorithm,
    received,
    counts: JSON.stringify(Object.fromEntries(occurred.map((result) => [result, counts[result]]))),
    work,
    work_found: workFound,
    work_at_pool: workAtPool,
    shares_at_pool: sharesAtPool,
    changed_at_ms: nowMs,
  };
}

function fromRow(row: ShareTotalsTable): LastingTotal {
  const stored = JSON.parse(row.counts) as Partial<Record<ShareResult, number>>;
  return {
    account: row.account,
    pool: row.pool,
    algorithm: row.algorithm,
    received: row.received,
    counts: shareCounts(stored),
    work: row.work,
    workFound: row.work_found,
    workAtPool: row.work_at_pool,
    sharesAtPool: row.shares_at_pool,
  };
}
