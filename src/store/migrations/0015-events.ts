import type { Migration } from './migration.ts';

export const events: Migration = {
  version: 15,
  name: 'events',
  async up(db) {
    await db.schema
      .createTable('events')
      .addColumn('id', 'bigint', (column) => column.primaryKey())
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('count', 'bigint', (column) => column.notNull())
      .addColumn('is_folded', 'integer', (column) => column.notNull())
      .addColumn('event', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('events_kind').on('events').columns(['kind', 'id']).execute();
    await db.schema.createIndex('events_at').on('events').column('at_ms').execute();
  },
};
