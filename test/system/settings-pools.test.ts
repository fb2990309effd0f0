import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { Farm, OUT_OF_REACH } from '../support/farm.ts';
import { holdPort } from '../support/free-port.ts';
import type { Program } from '../support/program.ts';
import type { ScriptedMiner } from '../support/scripted-miner.ts';
import { effect, loggedIn, mining, refused } from '../support/settings-bed.ts';
import { until } from '../support/until.ts';

describe('pools', { concurrency: 2 }, () => {
  effect(
    'what pools are told and asked for',
    {
      'upstream.agent': 'my-proxy/9',
      'upstream.versionMask': '00c00000',
      'upstream.suggestDifficulty': 'never',
    },
    async (farm) => {
      const pool = await farm.pool({ difficulty: OUT_OF_REACH });
      const miner = farm.miner(await farm.account(pool, 'wallet'), { sendSuggestDifficulty: 77 });
      await mining(miner);
      assert.equal(pool.stats.lastAgent, 'my-proxy/9');
      assert.deepEqual(pool.stats.lastConfigure, [
        ['version-rolling'],
        { 'version-rolling.mask': '00c00000', 'version-rolling.min-bit-count': 2 },
      ]);
      assert.equal(miner.stats.versionMask, 0x00c00000);
      pool.newJob();
      await miner.waitFor(({ jobs }) => jobs === 2);
      assert.equal(pool.connections[0]?.methods.includes('mining.suggest_difficulty'), false);
    },
  );

  test('by default pools are told the version, and what a miner wishes', async () => {
    await using farm = await Farm.open();
    const pool = await farm.pool({ difficulty: OUT_OF_REACH });
    const miner = farm.miner(await farm.account(pool, 'wallet'), { sendSuggestDifficulty: 77 });
    await mining(miner);
    assert.match(pool.stats.lastAgent, /^stratum-proxy\/\d+\.\d+\.\d+$/);
    await until(
      () => pool.connections[0]?.methods.includes('mining.suggest_difficulty') === true,
      'the wish at the pool',
    );
  });

  effect(
    'a pool that does not take the connection, or does not answer, counts as down after that time',
    { 'upstream.dialTimeoutMs': 200, 'upstream.callTimeoutMs': 300, 'upstream.configureTimeoutMs': 200 },
    async (farm) => {
      const failureOf = async (pool: string): Promise<unknown> => {
        const isMeant = (line: Readonly<Record<string, unknown>>): boolean =>
          line['msg'] === 'pool connection failed' && line['pool'] === pool;
        return (await farm.program.waitForLine(isMeant))['reason'];
      };
      // Takes the connection and leaves the TLS handshake to itself: as good as one that does not take it.
      const { server, port } = await holdPort();
      const sockets = new Set<{ destroy(): unknown }>();
      server.on('connection', (socket) => sockets.add(socket));
      try {
        const pool = `127.0.0.1:${port}`;
        await farm.program.post('/api/v1/pools', { pool, algorithm: 'sha256d', tls: true });
        farm.miner(await farm.program.register(pool, 'wallet'));
        assert.match(String(await failureOf(pool)), /dial-timeout: no connection within 200 ms/);
      } finally {
        for (const socket of sockets) socket.destroy();
        server.close();
      }

      const mute = await farm.pool();
      mute.hang();
      farm.miner(await farm.account(mute, 'wallet'));
      assert.match(
        String(await failureOf(formatEndpoint(mute.endpoint))),
        /call-timeout: no answer to subscribe/,
      );

      const old = await farm.pool({ configure: 'ignore', difficulty: OUT_OF_REACH });
      await mining(farm.miner(await farm.account(old, 'wallet')));
      assert.ok(
        farm.program
          .lines()
          .some(
            ({ msg, pool, call }) =>
              /does not answer an optional call/.test(msg) &&
              call === 'configure' &&
              pool === formatEndpoint(old.endpoint),
          ),
      );
    },
  );

  effect(
    'a pool that is down is tried again after that pause, not before',
    { 'upstream.retryMinMs': 600_000, 'upstream.retryMaxMs': 900_000, 'upstream.holdSeconds': 0 },
    async (farm) => {
      const pool = await farm.pool();
      const name = formatEndpoint(pool.endpoint);
      await pool.stop();
      const miner = farm.miner(await farm.account(pool, 'wallet'));
      const failures = async (count: number): Promise<void> => {
        await farm.program.metricsWhere(
          (figures) => figures.sum('stratum_proxy_pool_failures_total', { pool: name }) === count,
          `${count} failed attempts`,
        );
      };
      await failures(1);
      // Between half of the pause and all of it; the second is cut to the longest.
      await farm.program.turnClock(299_000);
      await miner.waitFor(({ authorized }) => authorized);
      await failures(1);
      await farm.program.turnClock(302_000);
      await failures(2);
      await pool.start();
      await farm.program.turnClock(449_000);
      assert.equal(miner.stats.jobs, 0);
      await farm.program.turnClock(452_000);
      await miner.waitFor(({ jobs }) => jobs === 1);
      assert.equal(miner.stats.connections, 1, 'for ever is how long it holds its miners');
    },
  );

  effect(
    'a login waits that long for its pool; a miner without any pool is kept that long',
    { 'upstream.authorizeWaitMs': 600, 'upstream.holdSeconds': 100 },
    async (farm) => {
      const pool = await farm.scriptedPool();
      const account = await farm.account(pool, 'wallet');
      const miner = await farm.scriptedMiner({ user: account });
      await miner.subscribe();
      const sinceMs = performance.now();
      assert.equal((await miner.authorize())['result'], true);
      const tookMs = performance.now() - sinceMs;
      assert.ok(tookMs >= 590 && tookMs < 3000, `${tookMs} ms`);
      await farm.program.turnClock(95_000);
      await miner.settled();
      await farm.program.turnClock(6000);
      await miner.closed();
      await refused(farm.program, { 'no-pool': 1 });
    },
  );

  effect(
    'the connection of a miner that has left is kept that long; a pool that is silent has its job repeated',
    { 'upstream.lingerMs': 600_000, 'upstream.refreshMs': 40_000 },
    async (farm) => {
      const pool = await farm.pool({ difficulty: OUT_OF_REACH });
      const account = await farm.account(pool, 'wallet');
      const miner = farm.miner(account);
      await mining(miner);
      await farm.program.turnClock(39_000);
      assert.equal(miner.stats.jobs, 1);
      await farm.program.turnClock(1500);
      await miner.waitFor(({ jobs }) => jobs === 2);
      assert.equal(pool.stats.jobs, 1, 'of its own accord');
      assert.equal(miner.stats.cleanJobs, 1);
      await miner.stop();
      await farm.program.waitForLine(({ msg }) => msg === 'miner disconnected');

      // Twice within the silence that a pool is allowed.
      for (let turn = 0; turn < 2; turn += 1) {
        await farm.program.turnClock(250_000);
        const seenBefore = farm.program.lines().length;
        pool.newJob();
        await until(async () => (await jobsFrom(farm.program)) === pool.stats.jobs, 'the job at the proxy');
        assert.equal(farm.program.lines().length, seenBefore);
      }
      assert.equal(pool.stats.connectionsNow, 1);
      await farm.program.turnClock(101_000);
      await pool.waitFor(({ connectionsNow }) => connectionsNow === 0);
    },
  );
});

describe('extranonce and sessions', { concurrency: 2 }, () => {
  effect(
    'the sizes that a miner is given; its session is resumed for that long',
    { 'extranonce.prefixBytes': 2, 'extranonce.sizeBytes': 5, 'session.resumeSeconds': 100 },
    async (farm) => {
      const pool = await farm.pool({ difficulty: OUT_OF_REACH, extranonce2Bytes: 7 });
      const account = await farm.account(pool, 'wallet');
      const miner = await loggedIn(farm, account);
      const { sessionId, extranonce1, size } = miner.geometry;
      assert.deepEqual([extranonce1.length / 2, size], [2, 5]);
      await miner.nextMethod('mining.notify');
      const comeBack = async (from: ScriptedMiner): Promise<ScriptedMiner> => {
        const left = farm.program.lines().length;
        from.end();
        await until(
          () =>
            farm.program
              .lines()
              .slice(left)
              .some(({ msg }) => msg === 'miner disconnected'),
          'its end',
        );
        return from;
      };
      await comeBack(miner);
      await farm.program.turnClock(90_000);
      const again = await loggedIn(farm, account, sessionId);
      assert.deepEqual(again.geometry, { sessionId, extranonce1, size });
      await again.nextMethod('mining.notify');
      await comeBack(again);
      await farm.program.turnClock(101_000);
      const late = await loggedIn(farm, account, sessionId);
      assert.notEqual(late.geometry.sessionId, sessionId);
    },
  );

  effect(
    'a miner that had to reconnect for a narrow pool has its size remembered for that long',
    { 'session.hintSeconds': 1000 },
    async (farm) => {
      const pool = await farm.pool({ difficulty: OUT_OF_REACH, extranonce2Bytes: 3 });
      const account = await farm.account(pool, 'wallet');
      const sizeOf = async (): Promise<number> => {
        const miner = await farm.scriptedMiner({ user: account });
        await miner.subscribe();
        miner.sendAuthorize();
        if (miner.geometry.size > 2) await miner.closed();
        else await miner.nextMethod('mining.notify');
        miner.end();
        return miner.geometry.size;
      };
      assert.deepEqual([await sizeOf(), await sizeOf()], [3, 2]);
      await farm.program.turnClock(900_000);
      assert.equal(await sizeOf(), 2);
      await farm.program.turnClock(101_000);
      assert.deepEqual([await sizeOf(), await sizeOf()], [3, 2]);
    },
  );
});

async function jobsFrom(program: Program): Promise<number> {
  return (await program.metrics()).sum('stratum_proxy_pool_jobs_total');
}
