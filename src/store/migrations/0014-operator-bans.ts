import type { Migration } from './migration.ts';

export const operatorBans: Migration = {
  version: 14,
  name: 'operator bans',
  async up(db) {
    await db.schema
      .createTable('operator_bans')
      .addColumn('address', 'text', (column) => column.primaryKey())
      .addColumn('until_ms', 'bigint')
      .addColumn('reason', 'text', (column) => column.notNull())
      .execute();
  },
};
