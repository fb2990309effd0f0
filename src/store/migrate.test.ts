import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { systemClock } from '../kit/clock.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import { sqliteSchema, toKysely } from './sqlite/database.ts';

const first: Migration = {
  version: 1,
  name: 'first',
  async up(db) {
    await db.schema
      .createTable('things')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .execute();
    await sql`insert into things (id) values (7)`.execute(db);
  },
};
const second: Migration = {
  version: 2,
  name: 'second',
  async up(db) {
    await db.schema
      .alterTable('things')
      .addColumn('label', 'text', (column) => column.notNull().defaultTo('none'))
      .execute();
  },
};

function open(): {
  database: Database.Database;
  run: (migrations: readonly Migration[]) => Promise<unknown>;
} {
  const database = new Database(':memory:');
  const collaborators = { db: toKysely(database), engine: sqliteSchema, clock: systemClock };
  return { database, run: (migrations) => migrate(collaborators, { migrations, place: 'test.db' }) };
}

function schemaOf(database: Database.Database): unknown {
  return database.prepare('select type, name, sql from sqlite_master order by type, name').all();
}

describe('migrate', () => {
  test('goes from nothing to the newest version and does nothing the second time', async () => {
    const { database, run } = open();
    assert.deepEqual(await run([first, second]), { from: 0, to: 2 });
    const schema = schemaOf(database);
    assert.deepEqual(await run([first, second]), { from: 2, to: 2 });
    assert.deepEqual(schemaOf(database), schema);
    assert.deepEqual(database.prepare('select * from things').all(), [{ id: 7, label: 'none' }]);
  });

  test('takes a step that has come between two others since', async () => {
    const { database, run } = open();
    const third: Migration = { ...second, version: 3 };
    const between: Migration = {
      version: 2,
      name: 'between',
      async up(db) {
        await db.schema.createTable('others').addColumn('id', 'integer').execute();
      },
    };
    await run([first, third]);
    await run([first, between, third]);
    assert.deepEqual(database.prepare('select * from others').all(), []);
    assert.deepEqual(await run([first, between, third]), { from: 3, to: 3 });
  });

  test('takes the data of an older version along', async () => {
    const { database, run } = open();
    await run([first]);
    database.exec('insert into things (id) values (8)');
    assert.deepEqual(await run([first, second]), { from: 1, to: 2 });
    assert.deepEqual(database.prepare('select id, label from things order by id').all(), [
      { id: 7, label: 'none' },
      { id: 8, label: 'none' },
    ]);
  });

  test('a step that fails leaves nothing behind, and can be done later', async () => {
    const { database, run } = open();
    const broken: Migration = {
      ...second,
      async up(db, engine) {
        await second.up(db, engine);
        throw new Error('power cut');
      },
    };
    await assert.rejects(run([first, broken]), /power cut/);
    assert.deepEqual(database.prepare('select version from schema_versions').pluck().all(), [1]);
    assert.deepEqual(database.prepare('select * from things').all(), [{ id: 7 }]);
    assert.deepEqual(await run([first, second]), { from: 1, to: 2 });
  });

  test('refuses data of a newer version without changing it', async () => {
    const { database, run } = open();
    await run([first, second]);
    const schema = schemaOf(database);
    await assert.rejects(run([first]), {
      name: 'StoreError',
      kind: 'newer-version',
      message:
        /test\.db was written by a newer stratum-proxy \(schema version 2, this program knows up to 1\)/,
    });
    assert.deepEqual(schemaOf(database), schema);
  });

  test('the shipped steps count up, and every one of them can be the last that ran', async () => {
    const versions = MIGRATIONS.map(({ version }) => version);
    assert.equal(versions[0], 1);
    assert.ok(versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? 0)));
    const { database: reference, run } = open();
    await run(MIGRATIONS);
    for (let count = 0; count < MIGRATIONS.length; count += 1) {
      const older = open();
      await older.run(MIGRATIONS.slice(0, count));
      const from = versions[count - 1] ?? 0;
      assert.deepEqual(await older.run(MIGRATIONS), { from, to: versions.at(-1) });
      assert.deepEqual(schemaOf(older.database), schemaOf(reference));
    }
  });

  test('no table has a name that the original program uses', async () => {
    const { database, run } = open();
    await run(MIGRATIONS);
    const tables = database.prepare("select name from sqlite_master where type = 'table'").pluck().all();
    for (const name of ['hashes', 'pools', 'users']) assert.ok(!tables.includes(name), name);
  });
});
