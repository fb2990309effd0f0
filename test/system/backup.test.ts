import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Program, runToEnd } from '../support/program.ts';
import { makeSeedFile } from '../support/seed-file.ts';

/** SQLite's own files beside one that was only read: they stay, and hold nothing. */
const SIDE_FILE = /-(?:wal|shm)$/;
const POOL = 'pool.example.com:3333';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'backup-'));
});
after(() => rm(directory, { recursive: true, force: true }));

describe('backup', { concurrency: 2 }, () => {
  test('of a running proxy has everything up to now, for its owner only, and is restored as the docs say', async () => {
    const [copy, data] = [join(directory, 'copy.db'), join(directory, 'restored.db')];
    const names: string[] = [];
    {
      await using program = await Program.start();
      await program.addPool(POOL, 'sha256d');
      // In the -wal file, and nowhere else.
      for (const user of ['alice', 'bob']) names.push(await program.register(POOL, user));
      const run = await runToEnd(['backup', copy, '--db.path', program.dataFile]);
      assert.equal(run.code, 0, run.stderr);
      assert.match(run.stdout, /copy\.db: 2 users, \d+ bytes, checked\n$/);
      assert.equal((await program.get('/api/v1/ready')).status, 200);
    }
    assert.equal((await stat(copy)).mode & 0o777, 0o600);
    // Another state, which the restored one takes the place of.
    {
      await using other = await Program.start({ dataFile: data });
      await other.addPool(POOL, 'sha256d');
      await other.register(POOL, 'carol');
      await other.kill();
    }
    await copyFile(copy, data);
    for (const end of ['-wal', '-shm']) await rm(`${data}${end}`, { force: true });
    await using restored = await Program.start({ dataFile: data });
    const { users } = (await restored.get('/api/v1/users')).json as {
      readonly users: readonly { readonly name: string }[];
    };
    assert.deepEqual(
      users.map(({ name }) => name),
      names.toSorted(),
    );
  });

  test('of a proxy that was killed has what was in its -wal file', async () => {
    const [copy, data] = [join(directory, 'killed.db'), join(directory, 'data.db')];
    const program = await Program.start({ dataFile: data });
    await program.addPool(POOL, 'sha256d');
    const name = await program.register(POOL, 'alice');
    await program.kill();
    assert.ok(existsSync(`${data}-wal`));
    const run = await runToEnd(['backup', copy, '--db.path', data]);
    assert.equal(run.code, 0, run.stderr);
    const exported = await runToEnd(['export', '--db.path', copy]);
    assert.ok(exported.stdout.includes(name));
  });

  test('replaces nothing unless it is told to, and never the data file', async () => {
    const [copy, data] = [join(directory, 'taken.db'), join(directory, 'own.db')];
    await writeFile(copy, 'precious');
    assert.equal((await runToEnd(['export', '--db.path', data])).code, 0);
    const backup = (...words: readonly string[]) => runToEnd(['backup', ...words, '--db.path', data]);
    const refused = await backup(copy);
    assert.deepEqual([refused.code, refused.stdout], [3, '']);
    assert.match(refused.stderr, /taken\.db is there already: .*--force\n$/);
    assert.equal(readFileSync(copy, 'utf8'), 'precious');
    const before = readFileSync(data);
    for (const own of [data, `${data}-wal`]) {
      const run = await backup(own, '--force');
      assert.equal(run.code, 3, run.stdout);
      assert.match(run.stderr, /belongs to the data file itself/);
    }
    assert.deepEqual(readFileSync(data), before);
    const forced = await backup(copy, '--force');
    assert.equal(forced.code, 0, forced.stderr);
    assert.equal((await stat(copy)).mode & 0o777, 0o600);
  });

  test('says in one line what is wrong, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(directory, 'faults-'));
    const original = join(folder, 'original.db');
    makeSeedFile(original, []);
    await writeFile(join(folder, 'rubbish.db'), 'x'.repeat(5000));
    const damaged = join(folder, 'damaged.db');
    assert.equal((await runToEnd(['export', '--db.path', damaged])).code, 0);
    const bytes = readFileSync(damaged);
    bytes.fill(0x5a, 8192, 8192 + 16_384);
    await writeFile(damaged, bytes);
    const before = readdirSync(folder);
    for (const [data, file, code, text] of [
      ['nosuch.db', join(folder, 'copy.db'), 3, /nosuch\.db: there is no such file/],
      ['original.db', join(folder, 'copy.db'), 3, /is not a data file of this program/],
      ['rubbish.db', join(folder, 'copy.db'), 3, /not an SQLite database/],
      ['damaged.db', join(folder, 'copy.db'), 3, /damaged/],
      ['damaged.db', join(folder, 'nowhere', 'copy.db'), 3, /there is no such folder/],
      ['damaged.db', '', 2, /name the file to write/],
    ] as const) {
      const words = file === '' ? [] : [file];
      const run = await runToEnd(['backup', ...words, '--db.path', join(folder, data)]);
      assert.deepEqual([run.code, run.stdout], [code, ''], run.stderr);
      assert.match(run.stderr, text);
      assert.equal(run.stderr.trimEnd().split('\n').length, 1, run.stderr);
    }
    assert.deepEqual(
      readdirSync(folder).filter((name) => !SIDE_FILE.test(name)),
      before,
    );
  });
});
