import type { Kysely } from 'kysely';
import { LabelMap, type WorkLabels } from '../../domain/label-map.ts';
import type { Pacer } from '../../kit/pacer.ts';
import type { Tables } from '../schema.ts';
import { ALL_LEVELS, hashOf, LEVELS, type Level, labelsAt } from './history-levels.ts';
import { slices } from './slices.ts';

const HASHES_AT_ONCE = 400;
const ROWS_AT_ONCE = 100;
/** Some hundred bytes each. Beyond it all are forgotten and read again as they come up. */
const ROWS_KEPT = 200_000;

/** A place in the history. */
export interface Series {
  readonly level: Level;
  number: number;
  /** When it was last written to, in days since 1970-01-01 UTC, as it is on disk. */
  day: number;
}

/** Where the work of one set of labels goes: one series of each level. */
export type SeriesOfRow = Readonly<Record<Level, Series>>;

/** What a transaction found and made, which counts for nothing until it is on disk. */
export interface Resolution {
  /** In the order of the rows. */
  readonly series: readonly SeriesOfRow[];
  readonly newRows: readonly (readonly [WorkLabels, SeriesOfRow])[];
  /** By their hashes. */
  readonly newSeries: ReadonlyMap<string, Series>;
  /** Written to on `day` for the first time. */
  readonly renewed: readonly Series[];
  readonly day: number;
}

/** Which series there are. Those of the rows that come again and again are found without making a text or asking the database. */
export class SeriesNumbers {
  readonly #rows = new LabelMap<SeriesOfRow>();
  /** Of the levels that rows share. */
  readonly #byHash = new Map<string, Series>();

  /** Finds or makes the series of these rows, and notes that they were written to on `day`. */
  async resolve(
    db: Kysely<Tables>,
    rows: readonly WorkLabels[],
    { day, pacer }: { readonly day: number; readonly pacer: Pacer },
  ): Promise<Resolution> {
    const series: SeriesOfRow[] = [];
    const newRows = new LabelMap<SeriesOfRow>();
    const newRowList: (readonly [WorkLabels, SeriesOfRow])[] = [];
    const newSeries = new Map<string, Series>();
    const wanted = new Map<string, { readonly labels: WorkLabels; readonly series: Series }>();
    const renewed = new Set<Series>();
    for (const row of rows) {
      let found = this.#rows.get(row) ?? newRows.get(row);
      if (found === undefined) {
        const at = (level: Level): Series => {
          const labels = labelsAt(level, row);
          const hash = hashOf(level, labels);
          const known = this.#byHash.get(hash) ?? newSeries.get(hash);
          if (known !== undefined) return known;
          const made = { level, number: -1, day };
          newSeries.set(hash, made);
          wanted.set(hash, { labels, series: made });
          return made;
        };
        found = { 0: at(LEVELS.pool), 1: at(LEVELS.account), 2: at(LEVELS.worker) };
        newRows.set(row, found);
        newRowList.push([row, found]);
      }
      series.push(found);
      for (const level of ALL_LEVELS) if (found[level].day < day) renewed.add(found[level]);
      if (pacer.isDue()) await pacer.rest();
    }
    for (const hashes of slices([...wanted.keys()], HASHES_AT_ONCE)) {
      const stored = await db
        .selectFrom('history_series')
        .select(['label_hash', 'number', 'last_day'])
        .where('label_hash', 'in', hashes)
        .execute();
      for (const { label_hash, number, last_day } of stored) {
        const found = wanted.get(label_hash)?.series;
        if (found === undefined) continue;
        wanted.delete(label_hash);
        found.number = number;
        if (last_day < day) renewed.add(found);
      }
      if (pacer.isDue()) await pacer.rest();
    }
    await insert(db, wanted, { day, pacer });
    await renew(db, renewed, { day, pacer });
    return { series, newRows: newRowList, newSeries, renewed: [...renewed], day };
  }

  /** It is on disk. */
  keep({ newRows, newSeries, renewed, day }: Resolution): void {
    if (this.#rows.size + newRows.length > ROWS_KEPT) this.forget();
    for (const [labels, series] of newRows) this.#rows.set(labels, series);
    // Those of workers belong to one set of labels, by which they are found.
    for (const [hash, series] of newSeries) if (series.level < LEVELS.worker) this.#byHash.set(hash, series);
    for (const series of renewed) series.day = day;
  }

  /** Series were removed. */
  forget(): void {
    this.#rows.clear();
    this.#byHash.clear();
  }
}

async function insert(
  db: Kysely<Tables>,
  wanted: ReadonlyMap<string, { readonly labels: WorkLabels; readonly series: Series }>,
  { day, pacer }: { readonly day: number; readonly pacer: Pacer },
): Promise<void> {
  if (wanted.size === 0) return;
  const next: Record<Level, number> = { 0: 0, 1: 0, 2: 0 };
  for (const level of ALL_LEVELS) {
    const row = await db
      .selectFrom('history_series')
      .select((select) => select.fn.max('number').as('number'))
      .where('level', '=', level)
      .executeTakeFirst();
    next[level] = (row?.number ?? -1) + 1;
  }
  for (const some of slices([...wanted], ROWS_AT_ONCE)) {
    const values = some.map(([label_hash, { labels, series }]) => {
      const { account, worker, pool, algorithm } = labels;
      const { level } = series;
      series.number = next[level];
      next[level] += 1;
      return { level, number: series.number, label_hash, account, worker, pool, algorithm, last_day: day };
    });
    await db.insertInto('history_series').values(values).execute();
    if (pacer.isDue()) await pacer.rest();
  }
}

async function renew(
  db: Kysely<Tables>,
  renewed: ReadonlySet<Series>,
  { day, pacer }: { readonly day: number; readonly pacer: Pacer },
): Promise<void> {
  for (const level of ALL_LEVELS) {
    const numbers = [...renewed].filter((series) => series.level === level).map(({ number }) => number);
    for (const some of slices(numbers, HASHES_AT_ONCE)) {
      await db
        .updateTable('history_series')
        .set({ last_day: day })
        .where('level', '=', level)
        .where('number', 'in', some)
        .execute();
      if (pacer.isDue()) await pacer.rest();
    }
  }
}
