import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { makeSeedFile } from '../../../test/support/seed-file.ts';
import { systemClock } from '../../kit/clock.ts';
import { type Log, silentLog } from '../../kit/log.ts';
import type { Catalogue } from '../catalogue-schema.ts';
import { renderSeedReport } from '../seed/report.ts';
import type { Store } from '../store.ts';
import { importSeedFile } from './import-seed-file.ts';
import { copyOf } from './keep-copy.ts';
import { openSqliteStore } from './open.ts';

const CATALOGUE: Catalogue = {
  algorithms: [
    { name: 'sha256d', aliases: ['sha256'], divider: 1, unit: 'H', dialects: ['bitcoin-v1'] },
    { name: 'scrypt', aliases: [], divider: 65536, unit: 'H', dialects: ['bitcoin-v1'] },
  ],
  pools: [
    { host: 'btc.example.com', ports: [3333], algorithm: 'sha256d', tls: false, label: 'Pool' },
    { host: 'ltc.example.com', ports: [3333], algorithm: 'scrypt', tls: false, label: 'Pool' },
  ],
};
const NAMES = ['00000000000000a1', '00000000000000b2', '00000000000000c3'] as const;

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'seed-'));
});
after(() => rmSync(directory, { recursive: true }));

let count = 0;
function newPath(): string {
  count += 1;
  return join(directory, `proxy-${count}.db`);
}

/** Two pools that are listed, one that is not, and three accounts. */
function makeSeed(path: string, more: readonly string[] = []): void {
  makeSeedFile(path, [
    "insert into hashes (hash, divider) values ('sha256', 1.0), ('scrypt', 1.0), ('qhash', 7.0)",
    "insert into pools (host, port, hash_id) values ('BTC.example.com', 3333, 1), ('ltc.example.com', 3333, 2), ('own.example.com', 4444, 1)",
    `insert into users values ('${NAMES[0]}', 1, 'alice', 'secret')`,
    `insert into users values ('${NAMES[1].toUpperCase()}', 2, 'bob', '')`,
    `insert into users values ('${NAMES[2]}', 3, 'carol.rig', 'x,d=1')`,
    ...more,
  ]);
}

function open(path: string, log: Log = silentLog): Promise<Store> {
  return openSqliteStore({ log, clock: systemClock }, { path, catalogue: CATALOGUE, busyTimeoutMs: 300 });
}

function importInto(to: string, from: string) {
  return importSeedFile(
    { log: silentLog, clock: systemClock },
    { from, to, catalogue: CATALOGUE, leastGapMs: 3_600_000 },
  );
}

/** [pool, user, password] of an account as it is mined with. */
async function credentialsOf(store: Store, name: string): Promise<unknown> {
  const found = await store.findAccount(name);
  if (found.kind !== 'found') return found.kind;
  const [{ pool, user, password }] = found.account.entries;
  return [pool.name, pool.algorithm.name, user, password];
}

const CREDENTIALS = [
  ['btc.example.com:3333', 'sha256d', 'alice', 'secret'],
  ['ltc.example.com:3333', 'scrypt', 'bob', ''],
  ['own.example.com:4444', 'sha256d', 'carol.rig', 'x,d=1'],
];

describe('import-seed', () => {
  test('brings accounts under their names and pools that are not listed; the source stays as it is to the byte', async () => {
    const [from, to] = [newPath(), newPath()];
    makeSeed(from);
    chmodSync(from, 0o444);
    const before = readFileSync(from);
    const { mtimeMs } = statSync(from);
    const report = await importInto(to, from);
    assert.deepEqual(report.pools, {
      added: [{ pool: 'own.example.com:4444', algorithm: 'sha256d' }],
      listed: 2,
      skipped: [],
    });
    assert.deepEqual(report.accounts, { imported: NAMES, existing: 0, skipped: [] });
    assert.deepEqual(readFileSync(from), before);
    assert.equal(statSync(from).mtimeMs, mtimeMs);
    assert.deepEqual(
      readdirSync(directory).filter((name) => join(directory, name).startsWith(from)),
      [from.slice(directory.length + 1)],
    );
    const store = await open(to);
    assert.deepEqual(await Promise.all(NAMES.map((name) => credentialsOf(store, name))), CREDENTIALS);
    const operators = await store.listPools({ limit: 10, source: 'operator' });
    assert.deepEqual(
      operators.map(({ host, port, tls, dialect }) => [host, port, tls, dialect]),
      [['own.example.com', 4444, false, 'bitcoin-v1']],
    );
    await store.close();
  });

  test('says where a divider differs, and what is listed here with another algorithm', async () => {
    const [from, to] = [newPath(), newPath()];
    makeSeed(from, ['update pools set hash_id = 1 where id = 2']);
    const store = await open(to);
    await store.addPool({
      pattern: { host: 'own.example.com', ports: [4444] },
      algorithm: 'scrypt',
      tls: true,
    });
    await store.close();
    const { notes } = await importInto(to, from);
    assert.deepEqual(notes, [
      'ltc.example.com:3333 is listed here with scrypt, the original says sha256; what is listed here counts',
      'own.example.com:4444 is listed here with scrypt, the original says sha256; what is listed here counts',
    ]);
    const other = newPath();
    makeSeed(other);
    assert.deepEqual((await importInto(newPath(), other)).notes, [
      'scrypt: a share of difficulty 1 stands for 2^32 / 65536 hashes here, for 2^32 / 1 there; hashrates are told by ours',
    ]);
  });

  test('again adds what is new and nothing else, and overwrites nothing', async () => {
    const [from, to] = [newPath(), newPath()];
    makeSeed(from);
    await importInto(to, from);
    const store = await open(to);
    assert.equal((await store.updateAccount(NAMES[0], { user: 'alice.new', label: 'hall' })).kind, 'updated');
    const source = new Database(from);
    source.exec("insert into users values ('00000000000000d4', 1, 'dora', 'd')");
    source.close();
    const report = await importInto(to, from);
    assert.deepEqual(report.accounts, { imported: ['00000000000000d4'], existing: 3, skipped: [] });
    assert.deepEqual([report.pools.added, report.pools.listed], [[], 3]);
    assert.ok(report.notes.some((note) => note.startsWith(`${NAMES[0]} is here with another pool, user`)));
    const shown = await store.showAccount(NAMES[0]);
    assert.deepEqual([shown?.label, shown?.entries[0].user, shown?.revision], ['hall', 'alice.new', 2]);
    assert.equal(await store.countAccounts(), 4);
    await store.close();
  });

  test('leaves out what cannot be here, says why for each, and imports the rest', async () => {
    const [from, to] = [newPath(), newPath()];
    makeSeed(from, [
      "insert into pools (host, port, hash_id) values ('q.example.com', 1, 3), ('no host', 5, 1), ('orphan.example.com', 6, 99)",
      "insert into users values ('rig-7', 1, 'erin', 'e')",
      "insert into users values ('00000000000000e5', 4, 'fred', 'f')",
      "insert into users values ('00000000000000e6', 77, 'gina', 'g')",
      "insert into users values ('00000000000000e7', 1, 'hank', 'h')",
      "insert into users values ('00000000000000e8', 1, '', 'i')",
    ]);
    const store = await open(to);
    const endpoint = { host: 'btc.example.com', port: 3333 };
    const twin = await store.registerAccount({ endpoint, user: 'hank', password: 'h' });
    assert.ok(twin.kind === 'created');
    const report = await importInto(to, from);
    assert.deepEqual(report.accounts.imported, NAMES);
    assert.deepEqual(Object.fromEntries(report.accounts.skipped.map(({ what, why }) => [what, why])), {
      'rig-7':
        'names here are 16 hex digits; register it with POST /api/v1/users and give its miners the new name',
      '00000000000000e5':
        'its pool q.example.com:1 is not in the list; add it with POST /api/v1/pools and import again',
      '00000000000000e6': 'the row of its pool is missing',
      '00000000000000e7': `the same pool, user and password are registered here as ${twin.account.name}; its miners have to log in with that name`,
      '00000000000000e8': 'it has no user',
    });
    assert.deepEqual(
      report.pools.skipped.map(({ what }) => what),
      ['q.example.com:1', 'no host:5', 'orphan.example.com:6'],
    );
    const text = renderSeedReport(report, { from, to });
    for (const secret of ['secret', 'alice', 'carol']) assert.equal(text.includes(secret), false);
    assert.match(text, /^accounts: 3 imported, 0 here already, 5 skipped$/m);
    assert.match(text, /^ {2}skipped {2}rig-7: names here are/m);

    // What was missing can be mended, and the next import brings it.
    const pattern = { host: 'q.example.com', ports: [1] };
    await store.addPool({ pattern, algorithm: 'scrypt', tls: false });
    assert.deepEqual((await importInto(to, from)).accounts.imported, ['00000000000000e5']);
    await store.close();
  });

  test('of many accounts takes turns with a store that is at work on the same data', async () => {
    const [from, to] = [newPath(), newPath()];
    const rows = Array.from(
      { length: 2000 },
      (_, index) => `('${(index + 0x1000).toString(16).padStart(16, '0')}', 1, 'user${index}', 'p')`,
    );
    makeSeed(from, [`insert into users values ${rows.join()}`]);
    const store = await open(to);
    const progress = { isDone: false };
    const importing = importInto(to, from).finally(() => {
      progress.isDone = true;
    });
    let registered = 0;
    while (!progress.isDone) {
      const endpoint = { host: 'btc.example.com', port: 3333 };
      const result = await store.registerAccount({ endpoint, user: `own${registered}`, password: '' });
      assert.equal(result.kind, 'created');
      registered += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal((await importing).accounts.imported.length, 2003);
    assert.equal(await store.countAccounts(), 2003 + registered);
    await store.close();
  });

  test('of a file that is not the original program’s says so', async () => {
    const missing = newPath();
    await assert.rejects(importInto(newPath(), missing), { name: 'StoreError', message: /no such file/ });
    const text = newPath();
    writeFileSync(text, 'pool = btc.example.com\n'.repeat(20));
    await assert.rejects(importInto(newPath(), text), { kind: 'not-a-database' });
    const other = newPath();
    const database = new Database(other);
    database.exec('create table hashes (x); create table pools (x); create table users (x)');
    database.close();
    const before = readFileSync(other);
    await assert.rejects(importInto(newPath(), other), {
      kind: 'foreign-database',
      message: /not a data file of the original/,
    });
    await assert.rejects(open(other), { kind: 'foreign-database', message: /another program/ });
    assert.deepEqual(readFileSync(other), before);
  });
});

describe('a store that is opened on the data file of the original program', () => {
  test('takes it over: accounts and pools are there, its tables and a copy of the file stay', async () => {
    const path = newPath();
    makeSeed(path, ["insert into users values ('rig-7', 1, 'erin', 'e')"]);
    chmodSync(path, 0o644);
    const before = readFileSync(path);
    const told: [string, unknown][] = [];
    const tell = (event: string, fields?: object): number => told.push([event, fields]);
    const log: Log = { ...silentLog, info: tell, warn: tell };
    const store = await open(path, log);
    assert.deepEqual(await Promise.all(NAMES.map((name) => credentialsOf(store, name))), CREDENTIALS);
    await store.close();
    assert.deepEqual(readFileSync(copyOf(path)), before);
    assert.deepEqual([statSync(copyOf(path)).mode & 0o777, statSync(path).mode & 0o777], [0o600, 0o600]);
    const fields = told.find(([event]) => event === "the original program's data was taken over")?.[1];
    assert.deepEqual(fields, { path, accounts: 3, poolsAdded: 1, skipped: 1, copy: copyOf(path) });
    assert.ok(told.some(([event]) => event === 'not taken over from the original program'));
    assert.equal(JSON.stringify(told).includes('secret'), false);

    // That program still finds what it knows, and could go on with it.
    const original = new Database(path);
    assert.equal(original.prepare('select count(*) from users').pluck().get(), 4);
    original.prepare("insert into users values ('00000000000000f6', 1, 'zoe', 'z')").run();
    original.close();
  });

  test('does it once: what was deleted since does not come back, unless it is asked for', async () => {
    const path = newPath();
    makeSeed(path);
    const store = await open(path);
    assert.deepEqual(await store.deleteAccount(NAMES[1]), { kind: 'deleted' });
    await store.close();
    const again = await open(path);
    assert.equal(await credentialsOf(again, NAMES[1]), 'not-found');
    // The very file that is in use.
    const report = await importInto(path, path);
    assert.deepEqual([report.accounts.imported, report.accounts.existing], [[NAMES[1]], 2]);
    assert.deepEqual(await credentialsOf(again, NAMES[1]), CREDENTIALS[1]);
    await again.close();
  });

  test('after an import of the very file does not do it again', async () => {
    const path = newPath();
    makeSeed(path);
    assert.deepEqual((await importInto(path, path)).accounts.imported, NAMES);
    assert.equal(readFileSync(copyOf(path)).length > 0, true);
    const told: string[] = [];
    const store = await open(path, { ...silentLog, info: (event) => told.push(event) });
    assert.deepEqual(told, []);
    assert.deepEqual(await credentialsOf(store, NAMES[2]), CREDENTIALS[2]);
    await store.close();
  });

  test('cut off in the middle, goes on at the next start', async () => {
    const path = newPath();
    makeSeed(path);
    await (await open(path)).close();
    const database = new Database(path);
    database.pragma('user_version = 0');
    database.exec(`delete from accounts where name >= '${NAMES[1]}'`);
    database.exec(
      `create trigger cut before insert on accounts when new.name = '${NAMES[2]}' begin select raise(abort, 'power cut'); end`,
    );
    await assert.rejects(open(path), { kind: 'failed', message: /power cut/ });
    database.exec('drop trigger cut');
    database.close();
    const store = await open(path);
    assert.deepEqual(await Promise.all(NAMES.map((name) => credentialsOf(store, name))), CREDENTIALS);
    await store.close();
  });

  test('while that program is at work on it: waits for its change, and is refused where it takes too long', async () => {
    const path = newPath();
    makeSeed(path);
    const original = new Database(path);
    original.exec("begin exclusive; insert into users values ('00000000000000f7', 1, 'yan', 'y')");
    await assert.rejects(open(path), { kind: 'busy', message: /-journal is there/ });
    setTimeout(() => {
      original.exec('commit');
      original.close();
    }, 300);
    const [report, store] = await Promise.all([
      importInto(newPath(), path),
      openSqliteStore(
        { log: silentLog, clock: systemClock },
        { path, catalogue: CATALOGUE, busyTimeoutMs: 5000 },
      ),
    ]);
    assert.equal(report.accounts.imported.length, 4);
    assert.equal(await store.countAccounts(), 4);
    await store.close();
  });
});
