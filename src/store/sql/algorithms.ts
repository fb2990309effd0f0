import type { Kysely } from 'kysely';
import type { AlgorithmFacts } from '../../domain/account.ts';
import type { PoolSource } from '../../domain/pool-pattern.ts';
import type { AlgorithmsTable, Tables } from '../schema.ts';
import type { AlgorithmRecord } from '../store.ts';

export async function listAlgorithms(db: Kysely<Tables>): Promise<readonly AlgorithmRecord[]> {
  const rows = await db.selectFrom('algorithms').selectAll().orderBy('name').execute();
  const aliases = await db.selectFrom('algorithm_aliases').selectAll().orderBy('alias').execute();
  const byAlgorithm = Map.groupBy(aliases, (row) => row.algorithm);
  return rows.map((row) => toRecord(row, byAlgorithm.get(row.name) ?? []));
}

export async function findAlgorithm(
  db: Kysely<Tables>,
  nameOrAlias: string,
): Promise<AlgorithmRecord | null> {
  const wanted = nameOrAlias.trim().toLowerCase();
  const rows = await db
    .selectFrom('algorithms')
    .selectAll()
    .where((where) =>
      where.or([
        where('name', '=', wanted),
        where(
          'name',
          'in',
          where.selectFrom('algorithm_aliases').select('algorithm').where('alias', '=', wanted),
        ),
      ]),
    )
    .execute();
  // A name wins over an alias of the same spelling.
  const row = rows.find(({ name }) => name === wanted) ?? rows[0];
  if (row === undefined) return null;
  const aliases = await db
    .selectFrom('algorithm_aliases')
    .select('alias')
    .where('algorithm', '=', row.name)
    .orderBy('alias')
    .execute();
  return toRecord(row, aliases);
}

/** The dialects column of an algorithm. */
export function parseDialects(json: string): readonly string[] {
  return JSON.parse(json) as readonly string[];
}

/** What can be said of an algorithm beside its name. */
export interface AlgorithmContent {
  readonly divider: number;
  readonly unit: AlgorithmFacts['unit'];
  readonly aliases: readonly string[];
  readonly dialects: readonly string[];
  readonly note: string;
}

export function contentOf({ divider, unit, aliases, dialects, note }: AlgorithmRecord): AlgorithmContent {
  return { divider, unit, aliases, dialects, note };
}

/** The column `overrides`. */
export function parseOverrides(json: string | null): Partial<AlgorithmContent> {
  return json === null ? {} : (JSON.parse(json) as Partial<AlgorithmContent>);
}

function toRecord(row: AlgorithmsTable, aliases: readonly { readonly alias: string }[]): AlgorithmRecord {
  return {
    name: row.name,
    divider: row.divider,
    unit: row.unit as AlgorithmFacts['unit'],
    aliases: aliases.map(({ alias }) => alias),
    dialects: parseDialects(row.dialects),
    note: row.note,
    source: row.source as PoolSource,
    overridden: Object.keys(parseOverrides(row.overrides)),
  };
}
