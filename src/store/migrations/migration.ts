import type { CreateTableBuilder, Kysely } from 'kysely';

/** What differs between engines in a schema. */
export interface SchemaEngine {
  /** What a column of bytes is called. */
  readonly bytesType: 'blob' | 'bytea';
  /** Adds an integer primary key `id` that the engine counts up itself and never reuses. */
  addIdColumn<Table extends string>(table: CreateTableBuilder<Table>): CreateTableBuilder<Table>;
}

/** One step of the schema. Steps are never edited once released; a change is a new step. */
export interface Migration {
  /** Higher than that of the step before. */
  readonly version: number;
  readonly name: string;
  /** Runs inside a transaction together with the record that it ran. */
  up(db: Kysely<unknown>, engine: SchemaEngine): Promise<void>;
}
