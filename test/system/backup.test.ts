import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Program, ROOT, runToEnd } from '../support/program.ts';

test('the backup that the docs tell to make of a running proxy has everything in it', async () => {
  const page = await readFile(join(ROOT, 'docs/upgrade-and-backup.md'), 'utf8');
  const script = /^node -e "(.*)" proxy\.db backup\.db$/m.exec(page)?.[1];
  assert.ok(script !== undefined);
  const directory = await mkdtemp(join(tmpdir(), 'backup-'));
  const copy = join(directory, 'backup.db');
  let name = '';
  {
    await using program = await Program.start();
    await program.addPool('pool.example.com:3333', 'sha256d');
    name = await program.register('pool.example.com:3333', 'wallet');
    const run = await runToEnd(['-e', script, program.dataFile, copy], { executable: process.execPath });
    assert.equal(run.code, 0, run.stderr);
  }
  await using restored = await Program.start({ dataFile: copy });
  assert.equal((await restored.get(`/api/v1/users/${name}`)).status, 200);
  await rm(directory, { recursive: true, force: true });
});
