import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { systemClock } from '../../kit/clock.ts';
import { type Log, silentLog } from '../../kit/log.ts';
import type { Catalogue } from '../catalogue-schema.ts';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { SqlStore } from '../sql/sql-store.ts';
import type { Store } from '../store.ts';
import { APPLICATION_ID } from './data-file.ts';
import { openDatabase, sqliteSchema, toKysely } from './database.ts';
import { openSqliteStore, sqliteEngine } from './open.ts';

const CATALOGUE: Catalogue = {
  algorithms: [{ name: 'sha256d', aliases: [], divider: 1, unit: 'H', dialects: ['bitcoin-v1'] }],
  pools: [{ host: 'pool.example.com', ports: [3333], algorithm: 'sha256d', tls: false, label: 'Pool' }],
};
const REQUEST = {
  endpoint: { host: 'pool.example.com', port: 3333 },
  user: 'alice',
  password: 'secret',
} as const;

let directory: string;

before(() => {
  // Traversable by others, so that a test can look at it without the rights of root.
  directory = mkdtempSync(join(tmpdir(), 'store-sqlite-'));
  chmodSync(directory, 0o755);
});
after(() => {
  rmSync(directory, { recursive: true });
});

let count = 0;
function newPath(): string {
  count += 1;
  return join(directory, `proxy-${count}.db`);
}

function open(path: string, options: { log?: Log; busyTimeoutMs?: number } = {}): Promise<Store> {
  const { log = silentLog, busyTimeoutMs } = options;
  return openSqliteStore({ log, clock: systemClock }, { path, catalogue: CATALOGUE, busyTimeoutMs });
}

/** Creates a database of another program. */
function makeForeign(path: string, statements: readonly string[]): void {
  const database = new Database(path);
  for (const statement of statements) database.exec(statement);
  database.close();
}

/** Every file that belongs to `path`, with its content. */
function snapshot(path: string): Map<string, string> {
  const names = readdirSync(directory).filter((name) => join(directory, name).startsWith(path));
  return new Map(names.map((name) => [name, readFileSync(join(directory, name)).toString('base64')]));
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

/** Permissions do not bind root: takes another user's rights while `work` runs. */
async function withoutRoot<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe('the data file', () => {
  test('is readable and writable for the owner only, its helpers too', async () => {
    const path = newPath();
    const store = await open(path);
    await store.registerAccount(REQUEST);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(modeOf(file), 0o600, file);
    await store.close();
    assert.equal(modeOf(path), 0o600);
  });

  test('loses the access of others when it is opened, and says so', async () => {
    const path = newPath();
    await (await open(path)).close();
    chmodSync(path, 0o644);
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (event) => warnings.push(event) };
    await (await open(path, { log })).close();
    assert.equal(modeOf(path), 0o600);
    assert.deepEqual(warnings, ['data file was readable by others, mode set to 0600']);
  });

  test('of another user is used as it is, with a warning', { skip: process.getuid?.() !== 0 }, async () => {
    const shared = mkdtempSync(join(directory, 'shared-'));
    chmodSync(shared, 0o777);
    const path = join(shared, 'proxy.db');
    await (await open(path)).close();
    chmodSync(path, 0o666);
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (event) => warnings.push(event) };
    await withoutRoot(async () => {
      const store = await open(path, { log });
      assert.equal((await store.registerAccount(REQUEST)).kind, 'created');
      await store.close();
    });
    assert.deepEqual(warnings, ['data file holds passwords and is readable by others: set its mode to 0600']);
  });

  test('carries our mark, and is opened so that a power cut loses nothing', async () => {
    const path = newPath();
    const database = openDatabase({ log: silentLog }, path);
    const pragma = (name: string): unknown => database.pragma(name, { simple: true });
    assert.equal(readFileSync(path).readUInt32BE(68), APPLICATION_ID);
    assert.equal(pragma('journal_mode'), 'wal');
    assert.equal(pragma('synchronous'), 2);
    assert.equal(pragma('foreign_keys'), 1);
    database.close();
  });

  test('keeps an algorithm and an alias that an operator changed when a new catalogue comes', async () => {
    const path = newPath();
    await (await open(path)).close();
    const other = new Database(path);
    other.exec("update algorithms set divider = 256, source = 'operator'");
    other.exec("insert into algorithm_aliases values ('mine', 'sha256d')");
    other.close();
    const [algorithm] = CATALOGUE.algorithms;
    assert.ok(algorithm !== undefined);
    const algorithms = [
      { ...algorithm, divider: 2, aliases: ['theirs'] },
      { ...algorithm, name: 'scrypt', aliases: ['mine', 'fresh'] },
    ];
    const catalogue = { ...CATALOGUE, algorithms };
    const store = await openSqliteStore({ log: silentLog, clock: systemClock }, { path, catalogue });
    const kept = await store.findAlgorithm('mine');
    assert.deepEqual(
      [kept?.name, kept?.divider, kept?.source, kept?.aliases],
      ['sha256d', 256, 'operator', ['mine']],
    );
    assert.equal((await store.findAlgorithm('fresh'))?.name, 'scrypt');
    assert.equal((await store.resolvePool({ host: 'pool.example.com', port: 3333 }))?.algorithm.divider, 256);
    await store.close();
  });

  test('leaves nothing but itself behind when the store is closed', async () => {
    const path = newPath();
    await (await open(path)).close();
    assert.deepEqual([...snapshot(path).keys()], [path.slice(directory.length + 1)]);
  });

  test('may be an empty file, or an empty database', async () => {
    const empty = newPath();
    writeFileSync(empty, '');
    await (await open(empty)).close();
    const blank = newPath();
    makeForeign(blank, ['create table t (x)', 'drop table t']);
    const store = await open(blank);
    assert.equal((await store.registerAccount(REQUEST)).kind, 'created');
    await store.close();
    assert.equal(modeOf(blank), 0o600);
  });

  test('can be opened by two stores at once, which see each other’s accounts', async () => {
    const path = newPath();
    const [one, two] = await Promise.all([open(path), open(path)]);
    const results = await Promise.all([one.registerAccount(REQUEST), two.registerAccount(REQUEST)]);
    const names = results.map((result) => ('account' in result ? result.account.name : null));
    assert.equal(names[0], names[1]);
    assert.deepEqual(results.map(({ kind }) => kind).sort(), ['created', 'existing']);
    await one.close();
    assert.equal(await two.countAccounts(), 1);
    await two.close();
  });

  test(':memory: works without a file', async () => {
    const store = await open(':memory:');
    assert.equal((await store.registerAccount(REQUEST)).kind, 'created');
    await store.check();
    await store.close();
  });

  test('options that the program never wrote are a damage, told with the pool and the remedy', async () => {
    const path = newPath();
    const store = await open(path);
    const other = new Database(path);
    const written = [
      'nonsense',
      '[]',
      '{"suggestDifficulty":0}',
      '{"suggestDifficulty":null}',
      '{"suggestDificulty":5}',
      '{"jobTimeoutSeconds":9}',
      '{"jobTimeoutSeconds":86401}',
      '{"jobTimeoutSeconds":60.5}',
      '{"passwordTemplate":"{user}"}',
      '{"passwordTemplate":"d={difficulty}"}',
    ];
    for (const options of written) {
      other.prepare('update pool_entries set options = ?').run(options);
      await assert.rejects(store.listPools({ limit: 1 }), {
        name: 'StoreError',
        kind: 'corrupt',
        message: /options of the pool pool\.example\.com:3333 are not .* set them to \{\} in the column/,
      });
      await assert.rejects(store.registerAccount(REQUEST), { kind: 'corrupt' });
    }
    other.prepare('update pool_entries set options = ?').run('{}');
    assert.equal((await store.registerAccount(REQUEST)).kind, 'created');
    other.close();
    await store.close();
  });

  test('an account whose pool has left the list is told apart from one that does not exist', async () => {
    const path = newPath();
    const store = await open(path);
    const result = await store.registerAccount(REQUEST);
    assert.ok(result.kind === 'created');
    const other = new Database(path);
    other.exec('delete from pool_entries');
    other.close();
    const { name } = result.account;
    const endpoint = { host: 'pool.example.com', port: 3333 };
    assert.deepEqual(await store.findAccount(name), { kind: 'unknown-pool', endpoint });
    assert.deepEqual(await store.registerAccount(REQUEST), { kind: 'unknown-pool', endpoint });
    const [record] = await store.listAccounts({ limit: 1 });
    assert.deepEqual(record?.entries, [{ endpoint, user: 'alice', hasPassword: true, pool: null }]);

    // It can be changed in everything else, moved to another pool, and deleted.
    assert.equal((await store.updateAccount(name, { label: 'old', password: 'new' })).kind, 'updated');
    assert.deepEqual(await store.updateAccount(name, { endpoint }), { kind: 'unknown-pool', endpoint });
    const pattern = { host: 'new.example.com', ports: [3333] };
    await store.addPool({ pattern, algorithm: 'sha256d', tls: false });
    const moved = { host: 'new.example.com', port: 3333 };
    const kept = await store.updateAccount(name, { endpoint: moved, backups: [] });
    assert.ok(kept.kind === 'updated');
    assert.equal(kept.account.entries[0].pool?.algorithm.name, 'sha256d');
    const found = await store.findAccount(name);
    assert.ok(found.kind === 'found');
    assert.deepEqual([found.account.entries[0].password, found.account.revision], ['new', 3]);
    assert.deepEqual(await store.deleteAccount(name), { kind: 'deleted' });
    await store.close();
  });

  test('can be changed by two stores at once, and every change counts', async () => {
    const path = newPath();
    const [one, two] = await Promise.all([open(path), open(path)]);
    const created = await one.registerAccount(REQUEST);
    assert.ok(created.kind === 'created');
    const { name } = created.account;
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : two).updateAccount(name, { label: `change ${index}` }),
      ),
    );
    assert.deepEqual(new Set(results.map(({ kind }) => kind)), new Set(['updated']));
    assert.equal((await one.showAccount(name))?.revision, 21);
    assert.deepEqual(await two.showAccount(name), await one.showAccount(name));
    const gone = await Promise.all([one.deleteAccount(name), two.deleteAccount(name)]);
    assert.deepEqual(gone.map(({ kind }) => kind).sort(), ['deleted', 'not-found']);
    await Promise.all([one.close(), two.close()]);
  });

  test('of a deleted account keeps nothing', async () => {
    const path = newPath();
    const store = await open(path);
    const created = await store.registerAccount({ ...REQUEST, backups: [{ ...REQUEST, user: 'bob' }] });
    assert.ok(created.kind === 'created');
    await store.deleteAccount(created.account.name);
    await store.close();
    const database = new Database(path, { readonly: true });
    for (const table of ['accounts', 'account_entries']) {
      assert.equal(database.prepare(`select count(*) from ${table}`).pluck().get(), 0, table);
    }
    database.close();
  });
});

/** As the store computes it for port 3333. */
function keyOf(host: string, user: string, password: string): string {
  return createHash('sha256')
    .update(JSON.stringify([host, 3333, user, password]))
    .digest('hex');
}

describe('a data file of version 1', () => {
  const NAMES = ['00000000000000a1', '00000000000000a2', '00000000000000a3'] as const;

  /** As that version left it: its one migration, an operator's pool, and three accounts. */
  async function makeVersion1(path: string): Promise<void> {
    const database = openDatabase({ log: silentLog }, path);
    const collaborators = { db: toKysely(database), engine: sqliteSchema, clock: systemClock };
    await migrate(collaborators, { migrations: MIGRATIONS.slice(0, 1), place: path });
    database.exec(`
      insert into algorithms values ('sha256d', 1, 'H', '["bitcoin-v1"]', '', 'catalogue');
      insert into pool_entries (host, port, algorithm, dialect, tls, label, coin, source, created_at_ms)
        values ('10.0.0.1', 3333, 'sha256d', null, 0, 'mine', '', 'operator', 5);
      insert into pool_entries (host, port, algorithm, dialect, tls, label, coin, source, created_at_ms)
        values ('pool.example.com', 3333, 'sha256d', null, 0, 'Pool', '', 'catalogue', 5);
      insert into accounts values ('${NAMES[0]}', 'hall 1', 'dedicated', '${keyOf('pool.example.com', 'alice', 'secret')}', 1000);
      insert into accounts values ('${NAMES[1]}', '', 'dedicated', '${keyOf('10.0.0.1', 'bob', '')}', 2000);
      insert into accounts values ('${NAMES[2]}', '', 'shared', '${keyOf('10.0.0.1', 'carol', 'c')}', 3000);
      insert into account_entries values ('${NAMES[0]}', 0, 'pool.example.com', 3333, 'alice', 'secret');
      insert into account_entries values ('${NAMES[0]}', 1, '10.0.0.1', 3333, 'alice.b', 'b');
      insert into account_entries values ('${NAMES[1]}', 0, '10.0.0.1', 3333, 'bob', '');
      insert into account_entries values ('${NAMES[2]}', 0, '10.0.0.1', 3333, 'carol', 'c');
    `);
    database.close();
  }

  test('is brought up to date with everything in it', async () => {
    const path = newPath();
    await makeVersion1(path);
    const told: unknown[] = [];
    const log: Log = {
      ...silentLog,
      info: (event, fields) => told.push([event, fields?.['from'], fields?.['to']]),
    };
    const store = await open(path, { log });
    assert.deepEqual(told[0], ['data file brought up to date', 1, MIGRATIONS.at(-1)?.version]);

    const found = await Promise.all(NAMES.map((name) => store.findAccount(name)));
    const accounts = found.map((result) => (result.kind === 'found' ? result.account : null));
    assert.deepEqual(
      accounts.map((account) =>
        account?.entries.map(({ pool, user, password }) => [pool.name, user, password]),
      ),
      [
        [
          ['pool.example.com:3333', 'alice', 'secret'],
          ['10.0.0.1:3333', 'alice.b', 'b'],
        ],
        [['10.0.0.1:3333', 'bob', '']],
        [['10.0.0.1:3333', 'carol', 'c']],
      ],
    );
    assert.deepEqual(
      accounts.map((account) => [account?.label, account?.mode]),
      [
        ['hall 1', 'auto'],
        ['', 'auto'],
        ['', 'shared'],
      ],
    );
    for (const account of accounts) {
      assert.deepEqual(account?.difficulty, { min: null, max: null, sharesPerMinute: null });
      assert.equal(account.workerTemplate, '{user}');
      assert.equal(account.revision, 1);
    }
    assert.deepEqual(
      (await store.listAccounts({ limit: 10 })).map(({ createdAtMs, changedAtMs }) => [
        createdAtMs,
        changedAtMs,
      ]),
      [
        [1000, 1000],
        [2000, 2000],
        [3000, 3000],
      ],
    );
    await store.close();
  });

  test('keeps its names: the same registration finds them, a change starts at revision 2', async () => {
    const path = newPath();
    await makeVersion1(path);
    const store = await open(path);
    const again = await store.registerAccount(REQUEST);
    assert.ok(again.kind === 'existing');
    assert.equal(again.account.name, NAMES[0]);
    const updated = await store.updateAccount(NAMES[0], { mode: 'dedicated', backups: [] });
    assert.ok(updated.kind === 'updated');
    assert.equal(updated.account.revision, 2);
    assert.equal(updated.account.createdAtMs, 1000);
    assert.deepEqual(await store.deleteAccount(NAMES[1]), { kind: 'deleted' });
    await store.close();
    const reopened = await open(path);
    assert.equal((await reopened.showAccount(NAMES[0]))?.mode, 'dedicated');
    assert.equal(await reopened.countAccounts(), 2);
    await reopened.close();
  });

  test('is still one of version 1 when the step fails, and can be brought up to date later', async () => {
    const path = newPath();
    await makeVersion1(path);
    const other = new Database(path);
    other.exec("create trigger stop before update on accounts begin select raise(abort, 'power cut'); end");
    await assert.rejects(open(path), { name: 'StoreError', kind: 'failed', message: /power cut/ });
    assert.deepEqual(other.prepare('select max(version) from schema_versions').pluck().get(), 1);
    assert.deepEqual(other.prepare('select distinct mode from accounts order by mode').pluck().all(), [
      'dedicated',
      'shared',
    ]);
    other.exec('drop trigger stop');
    other.close();
    const store = await open(path);
    assert.equal((await store.showAccount(NAMES[0]))?.mode, 'auto');
    await store.close();
  });
});

describe('what cannot be opened', () => {
  test('a directory that does not exist', async () => {
    const path = join(directory, 'nowhere', 'proxy.db');
    await assert.rejects(open(path), {
      name: 'StoreError',
      kind: 'no-directory',
      message: /nowhere does not exist: create it/,
    });
    const file = newPath();
    writeFileSync(file, '');
    await assert.rejects(open(join(file, 'proxy.db')), { kind: 'no-directory' });
  });

  test('a directory without permission to write', async () => {
    const locked = mkdtempSync(join(directory, 'locked-'));
    chmodSync(locked, 0o555);
    await withoutRoot(() =>
      assert.rejects(open(join(locked, 'proxy.db')), {
        kind: 'not-writable',
        message: /no permission to write/,
      }),
    );
    assert.deepEqual(readdirSync(locked), []);
    chmodSync(locked, 0o755);
  });

  test('a file without permission to write', async () => {
    const path = newPath();
    await (await open(path)).close();
    chmodSync(path, 0o444);
    await withoutRoot(() => assert.rejects(open(path), { kind: 'not-writable' }));
    chmodSync(path, 0o600);
  });

  test('a writable file in a directory that is not', async () => {
    const locked = mkdtempSync(join(directory, 'locked-'));
    const path = join(locked, 'proxy.db');
    await (await open(path)).close();
    chmodSync(path, 0o666);
    chmodSync(locked, 0o555);
    await withoutRoot(() => assert.rejects(open(path), { kind: 'not-writable', message: /proxy\.db/ }));
    chmodSync(locked, 0o755);
  });

  test('a directory in the place of the file', async () => {
    await assert.rejects(open(directory), { kind: 'not-a-database', message: /is not a file/ });
  });

  for (const [name, content] of [
    ['text', 'pool = btc.example.com\n'.repeat(20)],
    ['a short file', 'x'],
    ['the first bytes of a database only', 'SQLite format 3\0'],
  ] as const) {
    test(`${name}, left untouched`, async () => {
      const path = newPath();
      writeFileSync(path, content, { mode: 0o644 });
      const before = snapshot(path);
      await assert.rejects(open(path), {
        kind: 'not-a-database',
        message: /is not an SQLite database: start with another --db\.path/,
      });
      assert.deepEqual(snapshot(path), before);
      assert.equal(modeOf(path), 0o644);
    });
  }

  test("another program's data file, left untouched, in either journal mode", async () => {
    for (const journal of ['delete', 'wal']) {
      const path = newPath();
      makeForeign(path, [`pragma journal_mode = ${journal}`, 'create table notes (id integer, users text)']);
      const before = snapshot(path);
      await assert.rejects(open(path), {
        kind: 'foreign-database',
        message: /is the database of another program and was left untouched: start with another --db\.path/,
      });
      assert.deepEqual(snapshot(path), before, journal);
    }
  });

  test('a file of a newer version, left untouched', async () => {
    const path = newPath();
    const store = await open(path);
    await store.registerAccount(REQUEST);
    await store.close();
    const database = new Database(path);
    database.exec("insert into schema_versions values (99, 'from the future', 0)");
    database.close();
    const before = snapshot(path);
    await assert.rejects(open(path), {
      kind: 'newer-version',
      message:
        /was written by a newer stratum-proxy \(schema version 99.*start that version, or another --db\.path/,
    });
    assert.deepEqual(snapshot(path), before);
  });

  test('a damaged file', async () => {
    const path = newPath();
    const store = await open(path);
    await store.registerAccount(REQUEST);
    await store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 100, bytes.length);
    writeFileSync(path, bytes);
    await assert.rejects(open(path), { kind: 'corrupt', message: /damaged: restore a backup/ });
  });
});

describe('faults of a running store', () => {
  let path: string;
  let store: Store;
  let other: Database.Database;

  beforeEach(async () => {
    path = newPath();
    store = await open(path, { busyTimeoutMs: 300 });
    other = new Database(path);
  });
  afterEach(async () => {
    other.close();
    await store.close();
  });

  test('a lock of another process is waited for without stopping the event loop', async () => {
    other.exec('begin immediate');
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
      if (ticks === 5) other.exec('commit');
    }, 20);
    assert.equal((await store.registerAccount(REQUEST)).kind, 'created');
    clearInterval(ticking);
    assert.ok(ticks >= 5);
  });

  test('a lock that stays is reported as busy, and the store works again after it', async () => {
    other.exec('begin immediate');
    await assert.rejects(store.registerAccount(REQUEST), { name: 'StoreError', kind: 'busy' });
    await assert.rejects(store.check(), { kind: 'busy', message: /locked/ });
    assert.equal((await store.findAccount('0'.repeat(16))).kind, 'not-found');
    other.exec('rollback');
    await store.check();
    assert.equal((await store.registerAccount(REQUEST)).kind, 'created');
  });

  test('a table that is gone fails the check with a typed fault that holds no secret', async () => {
    other.exec('drop table health_probe; drop table account_entries');
    await assert.rejects(store.check(), { name: 'StoreError', kind: 'failed' });
    await assert.rejects(store.registerAccount(REQUEST), (error: Error) => {
      assert.equal(error.name, 'StoreError');
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.equal(await store.countAccounts(), 0);
  });
});

describe('a full disk', () => {
  test('is reported as such, keeps what was acknowledged, and the store works again when there is room', async () => {
    const path = newPath();
    await (await open(path)).close();
    const database = openDatabase({ log: silentLog }, path);
    const engine = sqliteEngine(database, path);
    const store = new SqlStore({ db: toKysely(database), engine, clock: systemClock }, { busyTimeoutMs: 0 });
    // SQLite reports the file's own size limit in the way it reports a full disk.
    database.pragma(`max_page_count = ${String(database.pragma('page_count', { simple: true }))}`);
    const password = 'p'.repeat(3000);
    let acknowledged = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        await store.registerAccount({ ...REQUEST, user: `u${acknowledged}`, password });
        acknowledged += 1;
      }
    };
    await assert.rejects(fill(), {
      name: 'StoreError',
      kind: 'disk-full',
      message: /disk is full: free some/,
    });
    assert.equal(await store.countAccounts(), acknowledged);
    database.pragma('max_page_count = 10000');
    assert.equal((await store.registerAccount(REQUEST)).kind, 'created');
    assert.equal(await store.countAccounts(), acknowledged + 1);
    await store.close();
  });
});
