import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { connectLines } from '../../test/support/line-peer.ts';
import { startLocalWorker } from '../../test/support/local-worker.ts';
import { testAccount } from '../../test/support/proxy-bed.ts';
import { connectMiner } from '../../test/support/scripted-miner.ts';
import { notify, ScriptedPool, setDifficulty } from '../../test/support/scripted-pool.ts';
import type { AccountAnswer } from './messages.ts';
import { WorkerListenError } from './worker-handle.ts';

const NAME = '00112233445566aa';

describe('a worker at its link', () => {
  test('listens, looks accounts up, reports, and drains', async () => {
    await using pool = await new ScriptedPool().start();
    pool.serve({}, [setDifficulty(8), notify()]);
    let asked = 0;
    const worker = startLocalWorker((name) => {
      asked += 1;
      const answer: AccountAnswer =
        name === NAME
          ? { kind: 'found', account: testAccount(name, { host: '127.0.0.1', port: pool.port }) }
          : { kind: 'unknown' };
      return Promise.resolve(answer);
    });
    const { host, port } = await worker.listen('127.0.0.1', 0);
    assert.equal(host, '127.0.0.1');

    const miners = await Promise.all(
      Array.from({ length: 3 }, () => connectMiner(port, { user: `${NAME}.rig`, agent: 'cgminer/4.12.1' })),
    );
    await Promise.all(
      miners.map(async (miner) => {
        await miner.subscribe();
        assert.equal((await miner.authorize())['result'], true);
        await miner.nextMethod('mining.notify');
      }),
    );
    assert.equal(asked, 1, 'one question for all who ask at once');
    const stranger = await connectMiner(port, { user: 'ffeeddccbbaa9988' });
    await stranger.subscribe();
    assert.equal((await stranger.authorize())['result'], null);

    const { facts, sessions } = await worker.report();
    assert.deepEqual([facts.sessions, facts.authorizedSessions, facts.authorizeFailures], [4, 3, 1]);
    assert.deepEqual(new Set(sessions.map(({ account }) => account)), new Set([NAME]));
    assert.deepEqual(
      structuredClone(sessions),
      sessions,
      'plain data, since it may cross a process boundary',
    );

    worker.forgetAccounts();
    const again = await connectMiner(port, { user: NAME });
    await again.subscribe();
    await again.authorize();
    assert.equal(asked, 3);

    await worker.drain(1000);
    await Promise.all([...miners, stranger, again].map((miner) => miner.closed()));
    await assert.rejects(connectLines(port), { code: 'ECONNREFUSED' });
  });

  test('says why it cannot listen', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    assert.ok(address !== null && typeof address === 'object');
    const worker = startLocalWorker();
    try {
      await assert.rejects(worker.listen('127.0.0.1', address.port), (error) => {
        assert.ok(error instanceof WorkerListenError);
        assert.equal(error.code, 'EADDRINUSE');
        assert.match(error.message, /taken by another program/);
        return true;
      });
      await assert.rejects(worker.listen('192.0.2.1', 0), { code: 'EADDRNOTAVAIL' });
    } finally {
      taken.close();
      await worker.drain(0);
    }
  });

  test('tells the miner to try again when the store cannot be asked', async () => {
    const worker = startLocalWorker(() => Promise.reject(new Error('disk full')));
    const { port } = await worker.listen('127.0.0.1', 0);
    const miner = await connectMiner(port, { user: NAME });
    await miner.subscribe();
    const refusal = await miner.authorize();
    assert.match(JSON.stringify(refusal['error']), /try again/);
    assert.ok(!JSON.stringify(refusal).includes('disk full'));
    assert.equal((await worker.report()).facts.authorizeFailures, 0);
    miner.end();
    await worker.drain(0);
  });

  test('follows a pool to a host of the pool list it was given, wildcards too', async () => {
    await using pool = await new ScriptedPool().start();
    await using other = await new ScriptedPool().start();
    const worker = startLocalWorker((name) =>
      Promise.resolve({ kind: 'found', account: testAccount(name, { host: '127.0.0.1', port: pool.port }) }),
    );
    worker.setPoolList([`localhost:${other.port}`, `*.pool.example:${other.port}`]);
    const { port } = await worker.listen('127.0.0.1', 0);
    const miner = await connectMiner(port, { user: NAME });
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await pool.login();
    peer.send(setDifficulty(8), notify());
    await miner.nextMethod('mining.notify');
    peer.send({ id: null, method: 'client.reconnect', params: ['elsewhere.example', other.port] });
    assert.deepEqual(await peer.settled(), []);
    peer.send({ id: null, method: 'client.reconnect', params: ['localhost', other.port] });
    (await other.login({ extranonce1: '0b0b0b0b' })).send(setDifficulty(8), notify());
    await miner.nextMethod('mining.notify');
    miner.end();
    await worker.drain(0);
  });
});
