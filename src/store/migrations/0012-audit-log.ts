import type { Migration } from './migration.ts';

export const auditLog: Migration = {
  version: 12,
  name: 'audit log',
  async up(db, engine) {
    await engine
      .addIdColumn(db.schema.createTable('audit_entries'))
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('who', 'text', (column) => column.notNull())
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('change', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('audit_entries_at').on('audit_entries').column('at_ms').execute();
  },
};
