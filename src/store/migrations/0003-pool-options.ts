import type { Migration } from './migration.ts';

export const poolOptions: Migration = {
  version: 3,
  name: 'pool options',
  async up(db) {
    await db.schema
      .alterTable('pool_entries')
      .addColumn('options', 'text', (column) => column.notNull().defaultTo('{}'))
      .execute();
  },
};
