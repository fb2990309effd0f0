import type { Kysely } from 'kysely';
import type { Clock } from '../kit/clock.ts';
import type { Migration, SchemaEngine } from './migrations/migration.ts';
import type { Tables } from './schema.ts';
import { StoreError } from './store-error.ts';

export interface MigrationOutcome {
  /** Version found; 0 for new data. */
  readonly from: number;
  readonly to: number;
}

/**
 * Brings the schema to the newest version. Every step and the record of it are one transaction, so a process killed at any moment
 * leaves a whole version behind; two processes that start at once do each step once.
 * Fails with `newer-version` before it touches anything when the data was written by a later version of the program.
 */
export async function migrate(
  { db, engine, clock }: { db: Kysely<Tables>; engine: SchemaEngine; clock: Clock },
  { migrations, place }: { migrations: readonly Migration[]; place: string },
): Promise<MigrationOutcome> {
  const from = await versionOf(db);
  const to = migrations.at(-1)?.version ?? 0;
  if (from > to) {
    throw new StoreError(
      'newer-version',
      `${place} was written by a newer stratum-proxy (schema version ${from}, this program knows up to ${to}): start that version, or another --db.path`,
    );
  }
  // Not by the newest: where numbers were left out, a step of one of them may come later than one of a higher number.
  const done = from === 0 ? new Set<number>() : await versionsIn(db);
  for (const migration of migrations) {
    if (done.has(migration.version)) continue;
    await db.transaction().execute(async (transaction) => {
      await createVersionTable(transaction);
      if ((await versionsIn(transaction)).has(migration.version)) return;
      await migration.up(transaction as unknown as Kysely<unknown>, engine);
      await transaction
        .insertInto('schema_versions')
        .values({ version: migration.version, name: migration.name, applied_at_ms: clock.wallMs() })
        .execute();
    });
  }
  return { from, to };
}

async function versionOf(db: Kysely<Tables>): Promise<number> {
  const tables = await db.introspection.getTables();
  return tables.some((table) => table.name === 'schema_versions') ? newestRecord(db) : 0;
}

async function newestRecord(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom('schema_versions')
    .select((select) => select.fn.max('version').as('version'))
    .executeTakeFirst();
  return row?.version ?? 0;
}

async function versionsIn(db: Kysely<Tables>): Promise<ReadonlySet<number>> {
  const rows = await db.selectFrom('schema_versions').select('version').execute();
  return new Set(rows.map(({ version }) => version));
}

async function createVersionTable(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('schema_versions')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('applied_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}
