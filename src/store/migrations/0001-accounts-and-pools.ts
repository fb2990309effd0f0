import type { Migration } from './migration.ts';

export const accountsAndPools: Migration = {
  version: 1,
  name: 'accounts and pools',
  async up(db, engine) {
    await db.schema
      .createTable('algorithms')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('divider', 'double precision', (column) => column.notNull())
      .addColumn('unit', 'text', (column) => column.notNull())
      .addColumn('dialects', 'text', (column) => column.notNull())
      .addColumn('note', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('algorithm_aliases')
      .addColumn('alias', 'text', (column) => column.primaryKey())
      .addColumn('algorithm', 'text', (column) =>
        column.notNull().references('algorithms.name').onDelete('cascade'),
      )
      .execute();

    await engine
      .addIdColumn(db.schema.createTable('pool_entries'))
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('port', 'integer', (column) => column.notNull())
      .addColumn('algorithm', 'text', (column) => column.notNull().references('algorithms.name'))
      .addColumn('dialect', 'text')
      .addColumn('tls', 'integer', (column) => column.notNull())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('coin', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('pool_entries_address')
      .on('pool_entries')
      .columns(['host', 'port', 'source'])
      .unique()
      .execute();
    await db.schema
      .createIndex('pool_entries_algorithm')
      .on('pool_entries')
      .columns(['algorithm', 'id'])
      .execute();

    await db.schema
      .createTable('accounts')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('mode', 'text', (column) => column.notNull())
      .addColumn('credentials_key', 'text', (column) => column.notNull().unique())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('account_entries')
      .addColumn('account', 'text', (column) =>
        column.notNull().references('accounts.name').onDelete('cascade'),
      )
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('port', 'integer', (column) => column.notNull())
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('password', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('account_entries_pk', ['account', 'position'])
      .execute();
    await db.schema
      .createIndex('account_entries_address')
      .on('account_entries')
      .columns(['port', 'host'])
      .execute();

    await db.schema
      .createTable('catalogue_state')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('content_hash', 'text', (column) => column.notNull())
      .addColumn('applied_at_ms', 'bigint', (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('health_probe')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('checked_at_ms', 'bigint', (column) => column.notNull())
      .execute();
  },
};
