import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { Farm } from '../support/farm.ts';
import type { LinePeer, Message } from '../support/line-peer.ts';
import { FREE_PORTS, Launched } from '../support/program.ts';
import type { ScriptedMiner } from '../support/scripted-miner.ts';
import { notify, setDifficulty } from '../support/scripted-pool.ts';
import { until } from '../support/until.ts';

/** A farm whose pool has a share that it has not answered. */
async function withOpenShare(
  farm: Farm,
): Promise<{ miner: ScriptedMiner; peer: LinePeer; submit: Message; shareId: unknown }> {
  const pool = await farm.scriptedPool();
  const account = await farm.account(pool, 'wallet');
  const miner = await farm.scriptedMiner({ user: `${account}.rig1` });
  await miner.subscribe();
  miner.sendAuthorize();
  const peer = await pool.login();
  peer.send(setDifficulty(1), notify());
  const shareId = miner.submit(await miner.nextMethod('mining.notify'));
  const submit = await peer.nextMethod('mining.submit');
  return { miner, peer, submit, shareId };
}

describe('the end', { concurrency: 3 }, () => {
  test('within ten seconds, whatever a pool and a client of the API do', async () => {
    // As long as it may be set to.
    await using farm = await Farm.open({ flags: ['--shutdown.drainMs', '9000'] });
    await withOpenShare(farm);
    const { hostname, port } = new URL(farm.program.web);
    const client = connect({ host: hostname, port: Number(port) });
    client.on('error', () => {});
    const connected = new Promise((resolve) => {
      client.once('connect', resolve);
    });
    await connected;
    client.write(
      `POST /api/v1/users HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{`,
    );
    // The request is in the server's hands once a later one has been answered.
    await farm.program.get('/api/v1/health');
    assert.deepEqual(await farm.program.stop(10_000), { code: 0, signal: null });
    client.destroy();
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`on ${signal} a share in flight still gets its verdict, newcomers are refused, and the exit code is 0`, async () => {
      await using farm = await Farm.open();
      const { program } = farm;
      const { miner, peer, submit, shareId } = await withOpenShare(farm);
      program.signal(signal);
      await program.waitForLine(({ msg }) => msg.startsWith('shutting down'));
      await until(
        () =>
          farm.scriptedMiner().then(
            () => undefined,
            (error: unknown) => (String(error).includes('ECONNREFUSED') ? true : undefined),
          ),
        () => 'newcomers to be refused',
        2000,
      );
      assert.equal(miner.isClosed, false, 'the miner waits for its answer');

      peer.send({ id: submit['id'], result: true, error: null });
      const verdict = await miner.nextWhere(({ id }) => id === shareId);
      assert.equal(verdict['result'], true);
      await miner.closed();
      await peer.closed();
      assert.deepEqual(await program.exit(10_000), { code: 0, signal: null });
      assert.equal(program.lines().at(-1)?.msg, 'stopped');
      assert.equal(program.stderr, '');
    });
  }

  test('a SIGTERM while it starts ends it as one later does, and so does one with the first word of its start', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'stratum-proxy-end-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const dataFile = join(folder, 'proxy.db');
    await using starting = new Launched([...FREE_PORTS, '--db.path', dataFile]);
    await eventually(
      () => existsSync(dataFile),
      () => 'its data file',
      20_000,
    );
    assert.deepEqual(await starting.stop(), { code: 0, signal: null });
    await using started = new Launched([...FREE_PORTS, '--db.path', dataFile]);
    started.child.stdout?.on('data', (text: string) => {
      if (text.includes('"started"')) started.signal('SIGTERM');
    });
    assert.deepEqual(await started.exit(20_000), { code: 0, signal: null });
    assert.match(started.stdout, /"stopped"/);
  });

  test('a pool that does not answer is waited for no longer than shutdown.drainMs', async () => {
    await using farm = await Farm.open({ flags: ['--shutdown.drainMs', '300'] });
    const { miner, shareId } = await withOpenShare(farm);
    const sinceMs = performance.now();
    farm.program.signal('SIGTERM');
    const { result, error } = await miner.nextWhere(({ id }) => id === shareId);
    assert.notEqual(result, true);
    assert.match(String(error), /lost/i, 'the miner is told that nobody knows');
    assert.deepEqual(await farm.program.exit(10_000), { code: 0, signal: null });
    assert.ok(performance.now() - sinceMs >= 300);
  });

  test('SIGHUP does not end it: mining goes on, and the configuration is read again', async () => {
    await using farm = await Farm.open();
    const { miner, peer, submit, shareId } = await withOpenShare(farm);
    farm.program.signal('SIGHUP');
    await farm.program.waitForLine(({ msg }) => msg === 'configuration read again');
    peer.send({ id: submit['id'], result: true, error: null });
    assert.equal((await miner.nextWhere(({ id }) => id === shareId))['result'], true);
    assert.equal((await farm.program.get('/api/v1/health')).status, 200);
    assert.equal(miner.isClosed, false);
  });

  test('a second signal ends at once with 130', async () => {
    await using farm = await Farm.open();
    await withOpenShare(farm);
    farm.program.signal('SIGTERM');
    await farm.program.waitForLine(({ msg }) => msg.startsWith('shutting down'));
    const sinceMs = performance.now();
    farm.program.signal('SIGINT');
    assert.deepEqual(await farm.program.exit(5000), { code: 130, signal: null });
    assert.ok(performance.now() - sinceMs < 1000);
  });

  test('miners that are idle, half-open or never said a word do not hold it up', async () => {
    await using farm = await Farm.open();
    const { program } = farm;
    const silent = connect(program.stratum);
    const half = await farm.scriptedMiner();
    half.socket.write('{"id":1,"method":"mining.subsc');
    const idle = await farm.scriptedMiner();
    await idle.subscribe();
    silent.on('error', () => {});
    const sinceMs = performance.now();
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.ok(performance.now() - sinceMs < 4000, `${performance.now() - sinceMs} ms`);
    silent.destroy();
  });

  test('a busy proxy ends when what was in flight has its verdict, which is long before shutdown.drainMs', async () => {
    await using farm = await Farm.open();
    const pool = await farm.pool({ difficulty: 100 / 2 ** 32, replyDelayMs: 50, verify: false });
    const account = await farm.account(pool, 'wallet');
    const miners = ['a', 'b'].map((worker) => farm.miner(`${account}.${worker}`));
    await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 20)));
    const sinceMs = performance.now();
    assert.deepEqual(await farm.program.stop(), { code: 0, signal: null });
    assert.ok(performance.now() - sinceMs < 2000, `${performance.now() - sinceMs} ms`);
    for (const { stats } of miners) assert.equal(stats.rejected, 0, stats.summary());
  });
});
