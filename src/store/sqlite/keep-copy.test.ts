import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { makeSeedFile } from '../../../test/support/seed-file.ts';
import { keepCopy } from './keep-copy.ts';

const MODULE = join(import.meta.dirname, 'keep-copy.ts');
/** Copies in a process of its own; its arguments are the module and the data file. */
const COPYING = 'const { keepCopy } = await import(process.argv[1]); keepCopy(process.argv[2]);';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'copy-'));
  path = join(directory, 'proxy.db');
  makeSeedFile(path, ['insert into hashes (hash, divider) values (hex(zeroblob(100000)), 1.0)']);
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the copy of the original program’s file', () => {
  test('is the whole file, for the owner only, with nothing left beside it', () => {
    chmodSync(path, 0o666);
    keepCopy(path);
    assert.deepEqual(readFileSync(`${path}.original`), readFileSync(path));
    assert.equal(statSync(`${path}.original`).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(directory).sort(), ['proxy.db', 'proxy.db.original']);
  });

  test('that is there already stays, and is made private', () => {
    writeFileSync(`${path}.original`, 'the first', { mode: 0o644 });
    keepCopy(path);
    assert.equal(readFileSync(`${path}.original`, 'utf8'), 'the first');
    assert.equal(statSync(`${path}.original`).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(directory).sort(), ['proxy.db', 'proxy.db.original']);
  });

  test('is whole and private whenever it is to be seen', async () => {
    const database = new Database(path);
    database.exec('insert into hashes (hash, divider) values (zeroblob(32000000), 2.0)');
    database.close();
    chmodSync(path, 0o666);
    const child = spawn(process.execPath, ['--input-type=module', '-e', COPYING, MODULE, path]);
    const ended = once(child, 'exit');
    let seen = statSync(`${path}.original`, { throwIfNoEntry: false });
    while (seen === undefined && child.exitCode === null) {
      await setImmediate();
      seen = statSync(`${path}.original`, { throwIfNoEntry: false });
    }
    assert.deepEqual(await ended, [0, null]);
    assert.equal(seen?.size, statSync(path).size);
    assert.equal(seen.mode & 0o777, 0o600);
  });

  test('that cannot be written to its end is not left behind', () => {
    // Files of that process end at 32 KiB.
    const { status, stderr } = spawnSync('bash', [
      '-c',
      'ulimit -f 32; exec "$0" --input-type=module -e "$1" "$2" "$3"',
      process.execPath,
      COPYING,
      MODULE,
      path,
    ]);
    assert.equal(status, 1);
    assert.match(String(stderr), /the copy of the original program's data failed: EFBIG/);
    assert.deepEqual(readdirSync(directory), ['proxy.db']);
  });
});
