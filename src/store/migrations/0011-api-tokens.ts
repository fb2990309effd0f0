import type { Migration } from './migration.ts';

export const apiTokens: Migration = {
  version: 11,
  name: 'api tokens',
  async up(db, engine) {
    await engine
      .addIdColumn(db.schema.createTable('api_tokens'))
      .addColumn('sha256', 'text', (column) => column.notNull().unique())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint')
      .execute();
  },
};
