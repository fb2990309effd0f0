import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sharesOf } from '../support/farm.ts';
import { Program } from '../support/program.ts';

test('demo: shares of three algorithms are counted within half a minute, and nothing is left on the disk', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
  t.after(() => rm(cwd, { recursive: true, force: true }));
  const startedMs = performance.now();
  await using program = await Program.start({ command: 'demo', cwd });
  const figures = await program.metricsWhere(
    (seen) =>
      ['sha256d', 'scrypt', 'randomx'].every(
        (hash) =>
          seen.series('proxy_worker_accepted', { hash }).filter(({ value }) => value > 0).length === 2,
      ),
    'a share of each of two miners of each of three algorithms',
    30_000,
  );
  assert.ok(performance.now() - startedMs < 30_000);
  assert.equal(figures.sum('proxy_worker_up'), 6);
  const { received, byResult, inFlight } = sharesOf(figures);
  assert.equal(received, figures.sum('proxy_worker_sended'));
  const { accepted = 0, 'accepted-local': local = 0, ...others } = byResult as Record<string, number>;
  assert.equal(accepted + local, received - inFlight);
  assert.deepEqual(others, {});
  // A newcomer sees it without asking.
  await program.waitForOutput('accepted');
  assert.match(program.stdout, /^[0-9a-f]{16}\.rig1 +scrypt +127\.0\.0\.1:\d+ /m);
  assert.deepEqual(await program.stop(), { code: 0, signal: null });
  assert.equal(program.stderr, '');
  assert.deepEqual(await readdir(cwd), [], 'accounts of the demo are kept in memory');
});
