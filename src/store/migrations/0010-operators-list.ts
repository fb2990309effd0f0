import type { Migration } from './migration.ts';

export const operatorsList: Migration = {
  version: 10,
  name: "an operator's word on what ships",
  async up(db) {
    await db.schema
      .alterTable('pool_entries')
      .addColumn('hidden', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable('algorithms').addColumn('overrides', 'text').execute();
    await db.schema.alterTable('algorithms').addColumn('shipped', 'text').execute();
  },
};
