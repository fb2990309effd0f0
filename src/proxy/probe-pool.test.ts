import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { testSettings } from '../../test/support/proxy-bed.ts';
import { notify, setDifficulty } from '../../test/support/scripted-pool.ts';
import { NO_POOL_OPTIONS } from '../domain/pool-options.ts';
import type { PoolProbe } from '../domain/pool-probe.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { TcpDialer } from '../net/tcp-dialer.ts';
import { WriteBatch } from '../net/write-batch.ts';
import { PracticePool, type PracticePoolOptions } from '../practice/practice-pool.ts';
import { PrefixPool } from '../practice/prefix/pool.ts';
import { DIALECTS } from '../wire/dialects/index.ts';
import { PoolProbing } from './probe-pool.ts';

const parts = { log: silentLog, clock: systemClock };
const quiet = { jobIntervalMs: 0, blockIntervalMs: 0 } as const;

function probing(port: number, some: Partial<PoolProbe> = {}): PoolProbing {
  const bytes = { received: 0, sent: 0 };
  const dialer = new TcpDialer({ batch: new WriteBatch(), bytes }, { sendBufferBytes: 1_048_576 });
  return new PoolProbing(
    { dialer, clock: systemClock, dialects: DIALECTS },
    {
      host: '127.0.0.1',
      port,
      tls: false,
      options: NO_POOL_OPTIONS,
      login: { user: 'account', password: 'x' },
      dialects: DIALECTS.map(({ name }) => name),
      algorithm: null,
      ...some,
    },
    testSettings(),
  );
}

async function practicePool(t: TestContext, options: PracticePoolOptions): Promise<PracticePool> {
  const pool = new PracticePool(parts, { ...quiet, ...options });
  await pool.start();
  t.after(() => pool.stop());
  return pool;
}

type Ask = { readonly id: number; readonly method: string; readonly params?: readonly unknown[] };

/** A server that says what `answer` gives for each line. */
async function scripted(t: TestContext, answer: (ask: Ask) => readonly object[]): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString('utf8').trim().split('\n'))
        for (const message of answer(JSON.parse(line) as Ask)) socket.write(`${JSON.stringify(message)}\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const subscribed = (id: number): object => ({
  id,
  result: [[['mining.notify', 'a1']], '0a0b0c0d', 4],
  error: null,
});

describe('asking a pool what it is', () => {
  test('its first answer, or its first job, decides what it is asked in next', async (t) => {
    for (const [dialect, most] of [
      ['kawpow', 3],
      ['kaspa', 3],
      ['autolykos', 2],
    ] as const) {
      const pool = new PrefixPool(parts, { ...quiet, dialect });
      const { port } = await pool.start();
      t.after(() => pool.stop());
      assert.equal((await probing(port).run()).dialect, dialect);
      assert.ok(
        pool.stats.connectionsTotal <= most,
        `${dialect}: ${pool.stats.connectionsTotal} connections`,
      );
    }
  });

  test('version rolling is asked for where it is sha256d, and a pool that closes on that is asked without', async (t) => {
    const granting = await practicePool(t, { versionMask: '1fffe000' });
    const granted = await probing(granting.endpoint.port, { algorithm: 'sha256d' }).run();
    assert.deepEqual([granted.failure, granted.versionMask], [null, '1fffe000']);
    const closing = await practicePool(t, { configure: 'close' });
    const found = await probing(closing.endpoint.port, {
      algorithm: 'sha256d',
      dialects: ['bitcoin-v1'],
    }).run();
    assert.deepEqual([found.failure, found.versionMask, found.dialect], [null, null, 'bitcoin-v1']);
    assert.equal(closing.stats.connectionsTotal, 2);
  });

  test('a pool that minds the parameters of subscribe is asked without them', async (t) => {
    const port = await scripted(t, ({ id, method, params = [] }) => {
      if (method !== 'mining.subscribe') return [{ id, result: true, error: null }];
      return params.length > 0
        ? [{ id, result: null, error: [20, 'no parameters', null] }]
        : [subscribed(id), setDifficulty(8), notify()];
    });
    const found = await probing(port, { dialects: ['bitcoin-v1'] }).run();
    assert.deepEqual([found.failure, found.difficulty, found.extranonce2Bytes], [null, 8, 4]);
  });

  test('a difficulty that comes after the first job counts for it, and where none comes 1 holds', async (t) => {
    for (const [late, difficulty] of [
      [[setDifficulty(512)], 512],
      [[], 1],
    ] as const) {
      const port = await scripted(t, ({ id, method }) =>
        method === 'mining.subscribe'
          ? [subscribed(id)]
          : [{ id, result: true, error: null }, notify(), ...late],
      );
      const found = await probing(port, { dialects: ['bitcoin-v1'] }).run();
      assert.deepEqual([found.failure, found.difficulty], [null, difficulty]);
    }
  });

  test('a pool that sends its miners elsewhere is told of with where', async (t) => {
    const port = await scripted(t, ({ id, method }) =>
      method === 'mining.subscribe'
        ? [subscribed(id)]
        : [
            { id, result: true, error: null },
            { id: null, method: 'client.reconnect', params: ['other.example', 3334, 0] },
          ],
    );
    const asking = probing(port, { dialects: ['bitcoin-v1'] });
    setTimeout(() => asking.abort(), 300);
    const { failure } = await asking.run();
    assert.equal(failure?.step, 'first-job');
    assert.match(failure?.message ?? '', /other\.example:3334/);
  });

  test('ends at once when it is told to, with what is known', async (t) => {
    const port = await scripted(t, () => []);
    const asking = probing(port);
    setTimeout(() => asking.abort(), 100);
    const from = performance.now();
    const { reachable, failure } = await asking.run();
    assert.ok(performance.now() - from < 1000);
    assert.deepEqual([reachable, failure?.step], [true, 'dialect']);
  });
});
