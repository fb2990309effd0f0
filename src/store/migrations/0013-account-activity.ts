import { sql } from 'kysely';
import type { Migration } from './migration.ts';

export const accountActivity: Migration = {
  version: 13,
  name: 'account activity',
  async up(db) {
    await db.schema.alterTable('accounts').addColumn('last_seen_at_ms', 'bigint').execute();
    await db.schema
      .alterTable('accounts')
      .addColumn('idle_since_ms', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
    // Nobody has noted so far when an account was last used, so none of them counts as idle for longer than since now.
    await sql`update accounts set idle_since_ms = ${Date.now()}`.execute(db);
    await db.schema.createIndex('accounts_idle_since').on('accounts').column('idle_since_ms').execute();
  },
};
