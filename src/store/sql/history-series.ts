import type { Kysely } from 'kysely';
import type { Pacer } from '../../kit/pacer.ts';
import type { HistorySeriesTable, Tables } from '../schema.ts';
import { hashOf, LEVELS, type Level, type LevelRow, textOf } from './history-levels.ts';

/** Bound parameters of one statement stay below what every engine takes. */
const HASHES_AT_ONCE = 400;
const ROWS_AT_ONCE = 100;
/** A hundred bytes each. Beyond it all are forgotten and read again as they come up. */
const SERIES_KEPT = 300_000;

interface Known {
  readonly number: number;
  day: number;
}

/**
 * Which number each series has. Numbers that were handed out within a transaction count for nothing until it is known to be on disk:
 * the caller says so by {@link SeriesNumbers.keep}.
 */
export class SeriesNumbers {
  readonly #known = new Map<string, Known>();

  /** Finds or makes the series of these rows, and notes that they were written to on `day`. Numbers in the order of the rows. */
  async resolve(
    db: Kysely<Tables>,
    rows: readonly LevelRow[],
    { day, pacer }: { readonly day: number; readonly pacer: Pacer },
  ): Promise<{ readonly numbers: readonly number[]; readonly found: ReadonlyMap<string, Known> }> {
    const found = new Map<string, Known>();
    const unknown = new Map<string, LevelRow>();
    const texts: string[] = [];
    const stale = new Map<Level, number[]>();
    for (const row of rows) {
      const text = textOf(row);
      texts.push(text);
      const known = this.#known.get(text);
      if (known === undefined) unknown.set(hashOf(text), row);
      else if (known.day < day) {
        found.set(text, { number: known.number, day });
        noteStale(stale, row.level, known.number);
      }
      if (pacer.isDue()) await pacer.rest();
    }
    for (const hashes of slices([...unknown.keys()], HASHES_AT_ONCE)) {
      const stored = await db
        .selectFrom('history_series')
        .select(['label_hash', 'number', 'last_day'])
        .where('label_hash', 'in', hashes)
        .execute();
      for (const { label_hash, number, last_day } of stored) {
        const row = unknown.get(label_hash);
        if (row === undefined) continue;
        unknown.delete(label_hash);
        found.set(textOf(row), { number, day });
        if (last_day < day) noteStale(stale, row.level, number);
      }
      if (pacer.isDue()) await pacer.rest();
    }
    await insertNew(db, unknown, found, { day, pacer });
    for (const [level, numbers] of stale) {
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
    const numbers = texts.map((text) => (found.get(text) ?? this.#known.get(text))?.number ?? -1);
    return { numbers, found };
  }

  /** What `resolve` found is on disk. */
  keep(found: ReadonlyMap<string, Known>): void {
    if (this.#known.size + found.size > SERIES_KEPT) this.#known.clear();
    for (const [text, known] of found) this.#known.set(text, known);
  }

  /** Series were removed. */
  forget(): void {
    this.#known.clear();
  }
}

async function insertNew(
  db: Kysely<Tables>,
  unknown: ReadonlyMap<string, LevelRow>,
  found: Map<string, Known>,
  { day, pacer }: { readonly day: number; readonly pacer: Pacer },
): Promise<void> {
  if (unknown.size === 0) return;
  const next = new Map<Level, number>();
  for (const level of Object.values(LEVELS)) {
    const row = await db
      .selectFrom('history_series')
      .select((select) => select.fn.max('number').as('number'))
      .where('level', '=', level)
      .executeTakeFirst();
    next.set(level, (row?.number ?? -1) + 1);
  }
  for (const some of slices([...unknown], ROWS_AT_ONCE)) {
    const values = some.map(([label_hash, row]): HistorySeriesTable => {
      const { level, account, worker, pool, algorithm } = row;
      const number = next.get(level) ?? 0;
      next.set(level, number + 1);
      found.set(textOf(row), { number, day });
      return { level, number, label_hash, account, worker, pool, algorithm, last_day: day };
    });
    await db.insertInto('history_series').values(values).execute();
    if (pacer.isDue()) await pacer.rest();
  }
}

function noteStale(stale: Map<Level, number[]>, level: Level, number: number): void {
  const known = stale.get(level);
  if (known === undefined) stale.set(level, [number]);
  else known.push(number);
}

export function* slices<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
