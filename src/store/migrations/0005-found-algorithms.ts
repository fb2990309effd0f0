import type { Migration } from './migration.ts';

export const foundAlgorithms: Migration = {
  version: 5,
  name: 'found algorithms',
  async up(db) {
    await db.schema
      .alterTable('pool_entries')
      .addColumn('algorithm_from', 'text', (column) => column.notNull().defaultTo('given'))
      .execute();
  },
};
