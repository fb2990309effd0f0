import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FREE_PORTS, Program, runToEnd } from '../support/program.ts';

test('two proxies do not run on one data file, and one that was killed leaves nothing in the way', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-owner-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const dataFile = join(directory, 'proxy.db');
  await using first = await Program.start({ dataFile });
  const second = await runToEnd([...FREE_PORTS, '--db.path', dataFile]);
  assert.equal(second.code, 3);
  assert.match(second.stderr, /another stratum-proxy runs on .*proxy\.db: end that one first/);
  assert.equal((await first.get('/api/v1/ready')).status, 200);
  // Commands are for running proxies too.
  const added = await runToEnd(['token', 'add', 'read', '--db.path', dataFile]);
  assert.equal(added.code, 0, added.stderr);
  assert.equal((await stat(`${dataFile}.lock`)).mode & 0o077, 0);
  await first.kill();
  await using third = await Program.start({ dataFile });
  assert.equal((await third.stop()).code, 0);
});
