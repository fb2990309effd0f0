import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT, runToEnd } from '../support/program.ts';

describe('the example configurations', () => {
  const folder = join(ROOT, 'deploy/examples');
  const names = readdirSync(folder);
  test('are those of a home, a farm and a service', () => {
    assert.deepEqual(names.toSorted(), ['farm.yaml', 'home-miner.yaml', 'hosting-service.yaml']);
  });
  for (const name of names) {
    test(`${name} is valid`, async () => {
      const run = await runToEnd(['check', join(folder, name)]);
      assert.deepEqual([run.code, run.stderr], [0, '']);
    });
  }
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('the systemd unit', { skip: hasSystemd ? false : 'needs systemd-analyze' }, () => {
  test('is valid, and leaves the service little that it could do to the machine', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'unit-'));
    const unit = join(directory, 'stratum-proxy.service');
    const text = await readFile(join(ROOT, 'deploy/systemd/stratum-proxy.service'), 'utf8');
    // The Node.js of this machine may be elsewhere.
    await writeFile(unit, text.replace('ExecStart=/usr/local/bin/node', `ExecStart=${process.execPath}`));
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    assert.deepEqual([verified.status, verified.stdout + verified.stderr], [0, '']);
    const judged = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit], {
      encoding: 'utf8',
    });
    assert.equal(judged.status, 0, judged.stdout + judged.stderr);
    await rm(directory, { recursive: true });
  });
});
