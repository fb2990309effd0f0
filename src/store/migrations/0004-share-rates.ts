import type { Migration } from './migration.ts';

export const shareRates: Migration = {
  version: 4,
  name: 'share rates',
  async up(db) {
    await db.schema.alterTable('accounts').addColumn('shares_per_minute', 'double precision').execute();
  },
};
