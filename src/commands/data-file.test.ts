import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { makeSeedFile } from '../../test/support/seed-file.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { loadCatalogue } from '../store/catalogue.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import {
  type CommandOutput,
  exportCommand,
  importCommand,
  noteSeedImport,
  tokenCommand,
} from './data-file.ts';
import { importSeedData } from './import-seed.ts';

const ROWS = [
  "insert into hashes (hash, divider) values ('sha256', 1.0)",
  "insert into pools (host, port, hash_id) values ('own.example.com', 4444, 1)",
  "insert into users values ('00000000000000a1', 1, 'alice', 'secret')",
];
const LATER = "insert into users values ('00000000000000b2', 1, 'bob', '')";
const SILENT: CommandOutput = { out: async () => {}, err: () => {} };
const REFUSED = {
  name: 'StoreError',
  kind: 'foreign-database',
  message: /start the proxy once on it, or use import-seed$/,
};

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'commands-'));
});
after(() => rmSync(directory, { recursive: true }));

/** A data file of the original program, with one account. */
function original(name: string): string {
  const path = join(directory, name);
  makeSeedFile(path, ROWS);
  return path;
}

/** What the original program does as long as it is the one that runs. */
function registerInOriginal(path: string): void {
  const database = new Database(path);
  database.exec(LATER);
  database.close();
}

/** Accounts that there are after a start of the proxy. */
async function accountsAfterStart(path: string): Promise<number> {
  const store = await openSqliteStore(
    { log: silentLog, clock: systemClock },
    { path, catalogue: loadCatalogue() },
  );
  try {
    return await store.countAccounts();
  } finally {
    await store.close();
  }
}

function lines(): string {
  return join(directory, 'accounts.jsonl');
}

describe('commands on the data file of the original program', () => {
  const commands: readonly [string, (path: string) => Promise<unknown>][] = [
    ['token list', (path) => tokenCommand(path, ['list'], SILENT)],
    ['token add', (path) => tokenCommand(path, ['add', 'read'], SILENT)],
    ['token remove', (path) => tokenCommand(path, ['remove', '1'], SILENT)],
    ['export', (path) => exportCommand(path, { withPasswords: false }, SILENT)],
    ['import', (path) => importCommand(path, lines(), SILENT)],
  ];
  for (const [name, command] of commands)
    test(`${name} is refused and leaves it untouched; who registers there later comes along at the first start`, async () => {
      writeFileSync(lines(), '');
      const path = original(`${name.replace(' ', '-')}.db`);
      const untouched = readFileSync(path);
      await assert.rejects(command(path), REFUSED);
      assert.deepEqual(readFileSync(path), untouched);
      assert.equal(existsSync(`${path}.original`), false);
      registerInOriginal(path);
      assert.equal(await accountsAfterStart(path), 2);
      await command(path).catch((error: Error) => assert.equal(error.name, 'CommandError'));
    });

  test('import-seed of another file into it does not mark it, and says in the audit log what was done', async () => {
    const [path, other] = [original('target.db'), original('source.db')];
    await importSeedData(other, path);
    await assert.rejects(tokenCommand(path, ['list'], SILENT), REFUSED);
    await noteSeedImport(path, {});
    registerInOriginal(path);
    assert.equal(await accountsAfterStart(path), 2);
  });

  test('import-seed of the very file marks it, so that commands work', async () => {
    const path = original('same.db');
    await importSeedData(path, path);
    await tokenCommand(path, ['list'], SILENT);
  });
});

describe('import', () => {
  for (const [what, name, fault] of [
    ['a file that is not there', 'nosuch', 'there is no such file'],
    ['a folder', '.', 'it is a folder'],
  ] as const)
    test(`of ${what} says which it looked for and what to give, and makes no data file`, async () => {
      const [path, file] = [join(directory, `import-${fault.length}.db`), join(directory, name)];
      const told: string[] = [];
      const output: CommandOutput = { out: async () => {}, err: (text) => told.push(text) };
      await assert.rejects(importCommand(path, file, output), {
        name: 'CommandError',
        message: `import: ${file}: ${fault}; give a file that "stratum-proxy export" wrote, or - to read the standard input`,
      });
      assert.equal(existsSync(path), false);
      assert.deepEqual(told, []);
    });
});

describe('commands after a long time in which no proxy ran', () => {
  const ways: readonly [string, (path: string) => Promise<unknown>][] = [
    ['import-seed', (path) => importSeedData(original('of-a-pause.db'), path)],
    [
      'import',
      (path) => {
        writeFileSync(lines(), '');
        return importCommand(path, lines(), SILENT);
      },
    ],
  ];
  for (const [name, command] of ways)
    test(`${name} does not let accounts that are there expire for it`, async () => {
      const path = join(directory, `pause-${name}.db`);
      const open = (agoMs: number): ReturnType<typeof openSqliteStore> =>
        openSqliteStore(
          { log: silentLog, clock: { ...systemClock, wallMs: () => Date.now() - agoMs } },
          { path, catalogue: loadCatalogue() },
        );
      const before = await open(100 * 86_400_000);
      const added = await before.addPool({
        pattern: { host: 'here.example.com', ports: [1] },
        algorithm: 'sha256d',
        tls: false,
      });
      assert.equal(added.kind, 'created');
      const endpoint = { host: 'here.example.com', port: 1 };
      assert.equal((await before.registerAccount({ endpoint, user: 'old', password: '' })).kind, 'created');
      await before.close();
      await command(path);
      const since = await open(0);
      assert.deepEqual(await since.listIdleAccounts(Date.now() - 86_400_000, 10), []);
      await since.close();
    });
});
