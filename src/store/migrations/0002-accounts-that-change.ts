import { sql } from 'kysely';
import type { Migration } from './migration.ts';

export const accountsThatChange: Migration = {
  version: 2,
  name: 'accounts that change',
  async up(db) {
    // One column per statement: SQLite takes no more.
    const accounts = () => db.schema.alterTable('accounts');
    await accounts().addColumn('difficulty_min', 'double precision').execute();
    await accounts().addColumn('difficulty_max', 'double precision').execute();
    await accounts()
      .addColumn('worker_template', 'text', (column) => column.notNull().defaultTo('{user}'))
      .execute();
    await accounts()
      .addColumn('revision', 'integer', (column) => column.notNull().defaultTo(1))
      .execute();
    await accounts()
      .addColumn('changed_at_ms', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
    await sql`update accounts set changed_at_ms = created_at_ms`.execute(db);
    // Until now every account was `dedicated`, whether it was asked for or not: the word says nothing of what its owner wants.
    await sql`update accounts set mode = 'auto' where mode = 'dedicated'`.execute(db);
  },
};
