import type { Migration } from './migration.ts';

export const history: Migration = {
  version: 6,
  name: 'history',
  async up(db, engine) {
    await db.schema
      .createTable('share_totals')
      .addColumn('account', 'text', (column) => column.notNull())
      .addColumn('pool', 'text', (column) => column.notNull())
      .addColumn('algorithm', 'text', (column) => column.notNull())
      .addColumn('received', 'bigint', (column) => column.notNull())
      .addColumn('counts', 'text', (column) => column.notNull())
      .addColumn('work', 'double precision', (column) => column.notNull())
      .addColumn('work_found', 'double precision', (column) => column.notNull())
      .addColumn('work_at_pool', 'double precision', (column) => column.notNull())
      .addColumn('shares_at_pool', 'bigint', (column) => column.notNull())
      .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('share_totals_pk', ['account', 'pool', 'algorithm'])
      .execute();

    await db.schema
      .createTable('history_series')
      .addColumn('level', 'integer', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('label_hash', 'text', (column) => column.notNull().unique())
      .addColumn('account', 'text', (column) => column.notNull())
      .addColumn('worker', 'text', (column) => column.notNull())
      .addColumn('pool', 'text', (column) => column.notNull())
      .addColumn('algorithm', 'text', (column) => column.notNull())
      .addColumn('last_day', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('history_series_pk', ['level', 'number'])
      .execute();
    await db.schema
      .createIndex('history_series_account')
      .on('history_series')
      .columns(['account', 'level', 'worker'])
      .execute();

    await db.schema
      .createIndex('history_series_last_day')
      .on('history_series')
      .columns(['last_day'])
      .execute();

    await db.schema
      .createTable('history_blocks')
      .addColumn('step_seconds', 'integer', (column) => column.notNull())
      .addColumn('level', 'integer', (column) => column.notNull())
      .addColumn('bucket', 'bigint', (column) => column.notNull())
      .addColumn('chunk', 'integer', (column) => column.notNull())
      .addColumn('data', engine.bytesType, (column) => column.notNull())
      .addPrimaryKeyConstraint('history_blocks_pk', ['step_seconds', 'level', 'bucket', 'chunk'])
      .execute();
  },
};
