import type { Kysely } from 'kysely';
import { addPartialCounts } from '../../domain/counts.ts';
import {
  bucketOf,
  HISTORY_STEPS,
  type HistoryPoint,
  type HistoryRetention,
  type HistoryScope,
  type HistoryStep,
} from '../../domain/history.ts';
import type { ShareResult } from '../../domain/result.ts';
import { Pacer } from '../../kit/pacer.ts';
import type { HistoryBlocksTable, Tables } from '../schema.ts';
import type { HistoryMinute, HistoryRange } from '../store.ts';
import { BLOCK_SERIES, type BlockEntry, decodeBlock, encodeBlock } from './history-block.ts';
import { LEVELS, type Level, type LevelRow, levelOf, sumByLevel } from './history-levels.ts';
import { type SeriesNumbers, slices } from './history-series.ts';

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
interface BlockSum {
  readonly level: Level;
  readonly chunk: number;
  readonly places: { readonly place: number; readonly row: LevelRow }[];
}

/**
 * Adds what was done in one minute to the buckets of every length that is kept. To be run in a transaction: the buckets of a minute, of its ten minutes
 * and of its hour are then as one, so none of them has to be made up from the others later. Pauses on the way.
 */
export async function addHistory(
  { db, series }: { readonly db: Kysely<Tables>; readonly series: SeriesNumbers },
  { atMs, rows, keepDays }: HistoryMinute,
): Promise<{ readonly commit: () => void }> {
  const pacer = new Pacer();
  const sums = await pacer.drive(sumByLevel(rows));
  const day = Math.floor(atMs / DAY_MS);
  const { numbers, found } = await series.resolve(db, sums, { day, pacer });
  const blocks = await pacer.drive(toBlocks(sums, numbers));
  for (const step of HISTORY_STEPS) {
    if (keepDays[step] === 0) continue;
    const bucket = bucketOf(atMs, step) / 1000;
    for (const level of Object.values(LEVELS)) {
      const ofLevel = blocks.filter((block) => block.level === level);
      for (const some of slices(ofLevel, BLOCKS_AT_ONCE))
        await addToBlocks(db, { step, level, bucket, blocks: some, pacer });
    }
  }
  return { commit: () => series.keep(found) };
}

function* toBlocks(
  rows: readonly LevelRow[],
  numbers: readonly number[],
): Generator<undefined, BlockSum[], undefined> {
  const blocks = new Map<string, BlockSum>();
  for (const [at, row] of rows.entries()) {
    const number = numbers[at] ?? -1;
    const chunk = Math.floor(number / BLOCK_SERIES);
    const key = `${row.level} ${chunk}`;
    const block = blocks.get(key) ?? { level: row.level, chunk, places: [] };
    blocks.set(key, block);
    block.places.push({ place: number % BLOCK_SERIES, row });
    yield;
  }
  return [...blocks.values()];
}

async function addToBlocks(
  db: Kysely<Tables>,
  {
    step,
    level,
    bucket,
    blocks,
    pacer,
  }: {
    readonly step: HistoryStep;
    readonly level: Level;
    readonly bucket: number;
    readonly blocks: readonly BlockSum[];
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
      blocks.map(({ chunk }) => chunk),
    )
    .execute();
  const known = new Map(stored.map(({ chunk, data }) => [chunk, data]));
  const values: HistoryBlocksTable[] = [];
  for (const { chunk, places } of blocks) {
    const data = encodeBlock(merged(known.get(chunk), places));
    values.push({ step_seconds: step, level, bucket, chunk, data });
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

function merged(data: Uint8Array | undefined, places: BlockSum['places']): BlockEntry[] {
  const entries = new Map<
    number,
    { place: number; work: number; counts: Partial<Record<ShareResult, number>> }
  >();
  if (data !== undefined)
    decodeBlock(data, (place, work, counts) => entries.set(place, { place, work, counts }));
  for (const { place, row } of places) {
    const known = entries.get(place) ?? { place, work: 0, counts: {} };
    entries.set(place, known);
    known.work += row.work;
    addPartialCounts(known.counts, row.counts);
  }
  return [...entries.values()].sort((a, b) => a.place - b.place);
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
  const points = new Map<string, { -readonly [Key in keyof HistoryPoint]: HistoryPoint[Key] }>();
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
        decodeBlock(data, (place, work, counts) => {
          const algorithm = algorithms?.get(place);
          if (algorithm === undefined) return;
          const key = `${bucket} ${algorithm}`;
          const point = points.get(key) ?? { atMs: bucket * 1000, algorithm, work: 0, counts: {} };
          points.set(key, point);
          point.work += work;
          addPartialCounts(point.counts, counts);
        });
        if (pacer.isDue()) await pacer.rest();
      }
      await pacer.rest();
    }
  }
  return [...points.values()].sort((a, b) => a.atMs - b.atMs);
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
    for (const level of Object.values(LEVELS)) {
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
