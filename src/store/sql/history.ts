import type { Kysely } from 'kysely';
import {
  bucketOf,
  HISTORY_STEPS,
  type HistoryPoint,
  type HistoryRetention,
  type HistoryScope,
  type HistoryStep,
} from '../../domain/history.ts';
import type { WorkRow } from '../../domain/report.ts';
import { Pacer } from '../../kit/pacer.ts';
import type { HistoryBlocksTable, Tables } from '../schema.ts';
import type { HistoryMinute, HistoryRange } from '../store.ts';
import { BLOCK_SERIES, BlockSum, decodeBlock, SeriesSum } from './history-block.ts';
import { ALL_LEVELS, type Level, levelOf } from './history-levels.ts';
import type { Resolution, SeriesNumbers, SeriesOfRow } from './history-series.ts';
import { slices } from './slices.ts';

/** Blocks that are read or written by one statement; 16 KB to 64 KB. */
const BLOCKS_AT_ONCE = 32;
/** Buckets that a reader asks for at once. */
const BUCKETS_AT_ONCE = 100;
const CHUNKS_AT_ONCE = 20;
/** Buckets of one level that one call of `pruneHistory` removes at the most: some hundred blocks of a fleet of ten thousand. */
const BUCKETS_PRUNED = 4;
const SERIES_PRUNED = 500;
const DAY_MS = 86_400_000;

/** What the rows of one minute add to one block. */
interface ChunkSum {
  readonly level: Level;
  readonly chunk: number;
  readonly sum: BlockSum;
}

/**
 * Adds what was done in one minute to the buckets of every length that is kept. To be run in a transaction: the buckets of a minute, of its ten minutes
 * and of its hour are then as one, so none of them has to be made up from the others later. Pauses on the way.
 */
export async function addHistory(
  { db, series }: { readonly db: Kysely<Tables>; readonly series: SeriesNumbers },
  { atMs, rows, keepDays }: HistoryMinute,
): Promise<Resolution> {
  const pacer = new Pacer();
  const resolution = await series.resolve(db, rows, { day: Math.floor(atMs / DAY_MS), pacer });
  const sums = await pacer.drive(sumByChunk(rows, resolution.series));
  for (const step of HISTORY_STEPS) {
    if (keepDays[step] === 0) continue;
    const bucket = bucketOf(atMs, step) / 1000;
    for (const level of ALL_LEVELS) {
      const ofLevel = sums.filter((sum) => sum.level === level);
      for (const some of slices(ofLevel, BLOCKS_AT_ONCE))
        await addToBlocks(db, { step, level, bucket, sums: some, pacer });
    }
  }
  return resolution;
}

function* sumByChunk(
  rows: readonly WorkRow[],
  series: readonly SeriesOfRow[],
): Generator<undefined, ChunkSum[], undefined> {
  const chunks = ALL_LEVELS.map(() => new Map<number, ChunkSum>());
  for (const [at, row] of rows.entries()) {
    for (const level of ALL_LEVELS) {
      const number = series[at]?.[level].number ?? -1;
      const chunk = Math.floor(number / BLOCK_SERIES);
      const ofLevel = chunks[level];
      let sum = ofLevel?.get(chunk);
      if (sum === undefined) {
        sum = { level, chunk, sum: new BlockSum() };
        ofLevel?.set(chunk, sum);
      }
      sum.sum.add(number % BLOCK_SERIES, row.work, row.counts);
    }
    yield;
  }
  return chunks.flatMap((ofLevel) => Array.from(ofLevel.values()));
}

async function addToBlocks(
  db: Kysely<Tables>,
  {
    step,
    level,
    bucket,
    sums,
    pacer,
  }: {
    readonly step: HistoryStep;
    readonly level: Level;
    readonly bucket: number;
    readonly sums: readonly ChunkSum[];
    readonly pacer: Pacer;
  },
): Promise<void> {
  const stored = await db
    .selectFrom('history_blocks')
    .select(['chunk', 'data'])
    .where('step_seconds', '=', step)
    .where('level', '=', level)
    .where('bucket', '=', bucket)
    .where(
      'chunk',
      'in',
      sums.map(({ chunk }) => chunk),
    )
    .execute();
  const known = new Map(stored.map(({ chunk, data }) => [chunk, data]));
  const values: HistoryBlocksTable[] = [];
  const whole = new BlockSum();
  for (const { chunk, sum } of sums) {
    const before = known.get(chunk);
    whole.clear();
    whole.addSum(sum);
    if (before !== undefined) whole.addBlock(before);
    values.push({ step_seconds: step, level, bucket, chunk, data: whole.encode() });
    if (pacer.isDue()) await pacer.rest();
  }
  await db
    .insertInto('history_blocks')
    .values(values)
    .onConflict((conflict) =>
      conflict
        .columns(['step_seconds', 'level', 'bucket', 'chunk'])
        .doUpdateSet((update) => ({ data: update.ref('excluded.data') })),
    )
    .execute();
  if (pacer.isDue()) await pacer.rest();
}

/** Asks the database piece by piece: `run` is called for each, so that others have their turn between them. */
export async function readHistory(
  run: <Result>(work: (db: Kysely<Tables>) => Promise<Result>) => Promise<Result>,
  { scope, step, fromMs, toMs }: HistoryRange,
): Promise<readonly HistoryPoint[]> {
  const pacer = new Pacer();
  const level = levelOf(scope);
  const chunks = algorithmsByPlace(await run((db) => findSeries(db, level, scope)));
  const buckets = bucketsWithin(await run((db) => boundsOf(db, step, level)), { step, fromMs, toMs });
  const sums = new Map<
    string,
    { readonly atMs: number; readonly algorithm: string; readonly sum: SeriesSum }
  >();
  for (const someChunks of slices([...chunks.keys()], CHUNKS_AT_ONCE)) {
    for (const someBuckets of slices(buckets, BUCKETS_AT_ONCE)) {
      const blocks = await run((db) =>
        db
          .selectFrom('history_blocks')
          .select(['bucket', 'chunk', 'data'])
          .where('step_seconds', '=', step)
          .where('level', '=', level)
          .where('bucket', 'in', someBuckets)
          .where('chunk', 'in', someChunks)
          .execute(),
      );
      for (const { bucket, chunk, data } of blocks) {
        const algorithms = chunks.get(chunk);
        decodeBlock(data, (place, entry) => {
          const algorithm = algorithms?.get(place);
          if (algorithm === undefined) return;
          const key = `${bucket} ${algorithm}`;
          const known = sums.get(key) ?? { atMs: bucket * 1000, algorithm, sum: new SeriesSum() };
          sums.set(key, known);
          known.sum.add(entry);
        });
        if (pacer.isDue()) await pacer.rest();
      }
      await pacer.rest();
    }
  }
  return Array.from(sums.values(), ({ atMs, algorithm, sum }) => ({
    atMs,
    algorithm,
    work: sum.work,
    counts: sum.counts(),
  })).sort((a, b) => a.atMs - b.atMs);
}

/** Begins of the first and the last bucket there is; null where there is none. */
async function boundsOf(
  db: Kysely<Tables>,
  step: HistoryStep,
  level: Level,
): Promise<{ readonly first: number; readonly last: number } | null> {
  const ofLevel = db.selectFrom('history_blocks').where('step_seconds', '=', step).where('level', '=', level);
  const first = await ofLevel.select(({ fn }) => fn.min('bucket').as('bucket')).executeTakeFirst();
  const last = await ofLevel.select(({ fn }) => fn.max('bucket').as('bucket')).executeTakeFirst();
  if (first?.bucket == null || last?.bucket == null) return null;
  return { first: first.bucket, last: last.bucket };
}

/** Begins of the buckets of a range, in seconds since 1970-01-01 UTC, without those before and after all there are. */
function bucketsWithin(
  bounds: { readonly first: number; readonly last: number } | null,
  { step, fromMs, toMs }: Pick<HistoryRange, 'step' | 'fromMs' | 'toMs'>,
): number[] {
  const buckets: number[] = [];
  if (bounds === null) return buckets;
  const end = Math.min(toMs / 1000, bounds.last + step);
  for (let bucket = Math.max(bucketOf(fromMs, step) / 1000, bounds.first); bucket < end; bucket += step)
    buckets.push(bucket);
  return buckets;
}

type Place = Pick<HistorySeriesOfScope, 'number' | 'algorithm'>;
interface HistorySeriesOfScope {
  readonly number: number;
  readonly algorithm: string;
}

async function findSeries(db: Kysely<Tables>, level: Level, scope: HistoryScope): Promise<readonly Place[]> {
  const { account, worker, pool, algorithm } = scope;
  let query = db.selectFrom('history_series').select(['number', 'algorithm']).where('level', '=', level);
  if (account !== null) query = query.where('account', '=', account);
  if (worker !== null) query = query.where('worker', '=', worker);
  if (pool !== null) query = query.where('pool', '=', pool);
  if (algorithm !== null) query = query.where('algorithm', '=', algorithm);
  return await query.execute();
}

function algorithmsByPlace(series: readonly Place[]): ReadonlyMap<number, ReadonlyMap<number, string>> {
  const chunks = new Map<number, Map<number, string>>();
  for (const { number, algorithm } of series) {
    const chunk = Math.floor(number / BLOCK_SERIES);
    const places = chunks.get(chunk) ?? new Map<number, string>();
    chunks.set(chunk, places);
    places.set(number % BLOCK_SERIES, algorithm);
  }
  return chunks;
}

/** Removes some of what is older than it is to be kept. True where there may be more of it. */
export async function pruneHistory(
  { db, series }: { readonly db: Kysely<Tables>; readonly series: SeriesNumbers },
  { nowMs, keepDays }: { nowMs: number; keepDays: HistoryRetention },
): Promise<boolean> {
  for (const step of HISTORY_STEPS) {
    const oldest = bucketOf(nowMs - keepDays[step] * DAY_MS, step) / 1000;
    for (const level of ALL_LEVELS) {
      if (await pruneBlocks(db, { step, level, oldest: keepDays[step] === 0 ? oldest + step : oldest }))
        return true;
    }
  }
  // A day more than any bucket that could name them.
  const longest = Math.max(...HISTORY_STEPS.map((step) => keepDays[step]));
  const removed = await db
    .deleteFrom('history_series')
    .where('label_hash', 'in', (select) =>
      select
        .selectFrom('history_series')
        .select('label_hash')
        .where('last_day', '<', Math.floor(nowMs / DAY_MS) - longest - 1)
        .limit(SERIES_PRUNED),
    )
    .executeTakeFirst();
  if (removed.numDeletedRows === 0n) return false;
  series.forget();
  return true;
}

async function pruneBlocks(
  db: Kysely<Tables>,
  { step, level, oldest }: { readonly step: HistoryStep; readonly level: Level; readonly oldest: number },
): Promise<boolean> {
  const first = await db
    .selectFrom('history_blocks')
    .select((select) => select.fn.min('bucket').as('bucket'))
    .where('step_seconds', '=', step)
    .where('level', '=', level)
    .executeTakeFirst();
  if (first?.bucket == null || first.bucket >= oldest) return false;
  await db
    .deleteFrom('history_blocks')
    .where('step_seconds', '=', step)
    .where('level', '=', level)
    .where('bucket', '<', Math.min(oldest, first.bucket + BUCKETS_PRUNED * step))
    .execute();
  return true;
}
