import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { CpuMiner, type CpuMinerOptions } from './cpu-miner.ts';
import { HashThreads } from './hash-threads.ts';
import { rejectedTotal } from './pool-books.ts';
import { PracticePool, type PracticePoolOptions } from './practice-pool.ts';

const base = { log: silentLog, clock: systemClock };
/** About 100 shares per second at 43 kH/s. */
const EASY = 1e-7;

let threads: HashThreads;
before(() => {
  threads = new HashThreads(base);
});
after(() => threads.close());

async function startPool(t: TestContext, options: PracticePoolOptions = {}): Promise<PracticePool> {
  const pool = new PracticePool(base, { difficulty: EASY, jobIntervalMs: 0, blockIntervalMs: 0, ...options });
  await pool.start();
  t.after(() => pool.stop());
  return pool;
}

function startMiner(t: TestContext, pool: PracticePool, options: Partial<CpuMinerOptions> = {}): CpuMiner {
  const miner = new CpuMiner(
    { ...base, threads },
    { ...pool.endpoint, user: 'wallet.rig', hashesPerSecondLimit: 50_000, reconnectMs: 10, ...options },
  );
  miner.start();
  t.after(() => miner.stop());
  return miner;
}

const paramsOf = (pool: PracticePool): string[][] =>
  pool.stats.submits.map(({ params }) => params as string[]);

/** Both sides tell the same story. */
function assertSameBooks(miner: CpuMiner, pool: PracticePool): void {
  assert.equal(miner.stats.accepted, pool.stats.accepted);
  assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
  assert.equal(miner.stats.rejected, 0, miner.stats.summary());
  assert.ok(Math.abs(miner.stats.work - pool.stats.work) < 1e-9 * pool.stats.work);
  assert.deepEqual(miner.stats.violations, []);
}

describe('mining on the practice pool', () => {
  test('at rest it finds nothing, and listens; awake it goes on with the newest job', async (t) => {
    const pool = await startPool(t);
    const miner = startMiner(t, pool);
    await miner.waitFor(({ accepted }) => accepted >= 5);
    miner.rest();
    const { submitted } = miner.stats;
    await miner.waitFor((books) => books.accepted === books.submitted);
    const { id } = pool.newJob({ clean: true });
    await miner.waitFor(({ jobId }) => jobId === id);
    // Its thread is silent: what another miner's finds in this time is the clock.
    const other = startMiner(t, pool, { user: 'wallet.other' });
    await other.waitFor(({ accepted }) => accepted >= 20);
    assert.equal(miner.stats.submitted, submitted);
    miner.wake();
    await miner.waitFor(({ accepted }) => accepted >= submitted + 5);
    assert.equal(miner.stats.rejected, 0, miner.stats.summary());
  });

  test('keeps count of what chance may do to its work', async (t) => {
    const pool = await startPool(t);
    const miner = startMiner(t, pool);
    await miner.waitFor((books) => books.hashes > 0);
    const { hashes, hashesByDifficulty } = miner.stats;
    assert.ok(Math.abs(hashesByDifficulty / (hashes * EASY) - 1) < 1e-9);
    pool.setDifficulty(EASY * 4);
    const { id } = pool.newJob({ clean: true });
    await miner.waitFor(({ jobId }) => jobId === id);
    const before = { hashes: miner.stats.hashes, byDifficulty: miner.stats.hashesByDifficulty };
    await miner.waitFor((books) => books.hashes > before.hashes + 5000);
    const more =
      (miner.stats.hashesByDifficulty - before.byDifficulty) / (miner.stats.hashes - before.hashes);
    assert.ok(Math.abs(more / (EASY * 4) - 1) < 1e-9, String(more / EASY));
  });

  for (const versionRolling of [true, false]) {
    test(`sha256d, ${versionRolling ? 'with' : 'without'} version rolling`, async (t) => {
      const pool = await startPool(t);
      const miner = startMiner(t, pool, { versionRolling, hashesPerSecondLimit: 400_000 });
      await miner.waitFor(({ accepted, hashes }) => accepted >= 30 && hashes > 150_000);
      await miner.stop();
      await pool.waitFor(({ connectionsNow }) => connectionsNow === 0);
      assert.equal(miner.stats.found, miner.stats.submitted + miner.stats.dropped);
      // What was on its way at the end may or may not have arrived.
      const answered = miner.stats.submitted - miner.stats.unanswered;
      assert.ok(pool.stats.submitted >= answered && pool.stats.submitted <= miner.stats.submitted);
      assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
      assert.deepEqual(miner.stats.violations, []);
      const submits = paramsOf(pool);
      assert.equal(new Set(submits.map(String)).size, submits.length);
      assert.ok(new Set(submits.map((params) => params[2])).size > 1, 'extranonce2 is rolled');
      const bits = new Set(submits.map((params) => params[5]));
      if (versionRolling) assert.ok(bits.size > 1 && bits.has('00002000'), 'version bits are rolled');
      else assert.deepEqual([...bits], [undefined]);
      assert.deepEqual(pool.stats.lastAgent, 'practice-miner/1.0');
    });
  }

  test('scrypt', async (t) => {
    const pool = await startPool(t, { algorithm: 'scrypt', difficulty: 0.0005 });
    const miner = startMiner(t, pool, { algorithm: 'scrypt', hashesPerSecondLimit: 1000 });
    await miner.waitFor(({ accepted }) => accepted >= 10);
    assertSameBooks(miner, pool);
    assert.ok(pool.stats.submits.every(({ hashDifficulty }) => (hashDifficulty ?? 0) >= 0.0005));
  });

  test('in every geometry of the extranonces, over job changes', async (t) => {
    for (const [extranonce1Bytes, extranonce2Bytes] of [
      [1, 2],
      [4, 8],
      [8, 3],
    ] as const) {
      const pool = await startPool(t, {
        extranonce1Bytes,
        extranonce2Bytes,
        jobIntervalMs: 40,
        branchDepth: 0,
      });
      const miner = startMiner(t, pool);
      await miner.waitFor(({ accepted, jobs }) => accepted >= 5 && jobs >= 3);
      assertSameBooks(miner, pool);
      await miner.stop();
    }
  });

  test('pipelined like a Bitaxe, everything under id 4 like cpuminer', async (t) => {
    const pool = await startPool(t, { replyDelayMs: 30 });
    const miner = startMiner(t, pool, { handshake: 'pipelined', fixedSubmitId: true });
    await miner.waitFor(({ accepted }) => accepted >= 20);
    assert.equal(miner.stats.rejected, 0);
    assert.deepEqual(miner.stats.violations, []);
    assert.deepEqual(pool.connections[0]?.methods.slice(0, 3), [
      'mining.configure',
      'mining.subscribe',
      'mining.authorize',
    ]);
  });

  test('several miners share a thread, each at its own rate', async (t) => {
    const pool = await startPool(t);
    const slow = startMiner(t, pool, { user: 'wallet.slow', hashesPerSecondLimit: 20_000 });
    const fast = startMiner(t, pool, { user: 'wallet.fast', hashesPerSecondLimit: 80_000 });
    await slow.waitFor(({ hashes }) => hashes >= 20_000);
    const [slowHs, fastHs] = [slow.hashrateHs(), fast.hashrateHs()];
    assert.ok(slowHs > 8000 && slowHs < 25_000, `${slowHs} H/s`);
    assert.ok(fastHs > 2 * slowHs && fastHs < 100_000, `${fastHs} H/s`);
    assert.ok(pool.stats.user('wallet.fast').accepted > pool.stats.user('wallet.slow').accepted);
    assert.equal(rejectedTotal(pool.stats), 0);
  });
});

describe('what the pool changes', () => {
  test('a difficulty counts from the next job', async (t) => {
    const pool = await startPool(t);
    const miner = startMiner(t, pool);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    pool.sendDifficulty(EASY * 4);
    await miner.waitFor(({ difficulties }) => difficulties.length === 2);
    assert.equal(miner.stats.difficulty, EASY);
    pool.newJob();
    await miner.waitFor(({ difficulty }) => difficulty === EASY * 4);
    const { accepted } = miner.stats;
    await miner.waitFor((stats) => stats.accepted >= accepted + 5);
    assertSameBooks(miner, pool);
    assert.ok((pool.stats.submits.at(-1)?.hashDifficulty ?? 0) >= EASY * 4);
  });

  test('a clean job ends the search of the one before', async (t) => {
    const pool = await startPool(t);
    const miner = startMiner(t, pool);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    for (let block = 0; block < 5; block++) {
      const { id } = pool.newJob({ clean: true });
      await miner.waitFor(({ jobId }) => jobId === id);
      const from = miner.stats.submitted;
      await miner.waitFor(({ submitted }) => submitted >= from + 3);
    }
    await miner.waitFor(({ submitted, accepted, rejected }) => submitted === accepted + rejected);
    // What was on its way when the block changed is stale and nothing else is refused.
    assert.equal(rejectedTotal(pool.stats), pool.stats.rejected.stale);
    assert.equal(miner.stats.cleanJobs, 6);
  });

  test('an extranonce, for a miner that asked', async (t) => {
    const pool = await startPool(t);
    const asked = startMiner(t, pool, { user: 'asked', extranonceSubscribe: true });
    const not = startMiner(t, pool, { user: 'not' });
    await pool.waitFor(() => pool.connections.some(({ takesExtranonce }) => takesExtranonce));
    await asked.waitFor(({ accepted }) => accepted >= 1);
    await not.waitFor(({ accepted }) => accepted >= 1);
    const before = asked.stats.extranonce1;
    assert.equal(pool.setExtranonce({ extranonce2Bytes: 6 }), 1);
    await asked.waitFor(({ extranonce1 }) => extranonce1 !== before);
    assert.equal(asked.stats.extranonce2Bytes, 6);
    const { accepted } = asked.stats;
    await asked.waitFor((stats) => stats.accepted >= accepted + 3);
    assert.ok([...asked.stats.reasons.keys()].every((reason) => reason === 'Stale share'));
    // A rude pool is ignored, as cgminer does, and its shares are refused from then on.
    assert.equal(pool.setExtranonce({ force: true, to: ({ users }) => users.has('not') }), 1);
    await not.waitFor(({ violations }) => violations.length > 0);
    assert.match(not.stats.violations[0] ?? '', /set_extranonce/);
    await not.waitFor(({ rejected }) => rejected > 0);
  });

  test('a version mask', async (t) => {
    const pool = await startPool(t, { versionMask: '1fffe000' });
    const miner = startMiner(t, pool, { hashesPerSecondLimit: 300_000 });
    await miner.waitFor(({ accepted }) => accepted >= 3);
    pool.setVersionMask('00c00000');
    await miner.waitFor(({ versionMask }) => versionMask === 0x00c00000);
    const from = miner.stats.submitted;
    await miner.waitFor(({ submitted, hashes }) => submitted >= from + 20 && hashes > 200_000);
    const late = paramsOf(pool).slice(-15);
    assert.ok(late.some((params) => params[5] !== '00000000'));
    for (const params of late) assert.equal(Number.parseInt(params[5] ?? '', 16) & ~0x00c00000, 0);
  });

  test('its port, by client.reconnect', async (t) => {
    const pool = await startPool(t);
    const other = await startPool(t);
    const miner = startMiner(t, pool);
    await miner.waitFor(({ accepted }) => accepted >= 1);
    pool.reconnect('127.0.0.1', other.endpoint.port, 0);
    await other.waitFor(({ accepted }) => accepted >= 1);
    assert.equal(miner.stats.reconnectRequests, 1);
  });
});

describe('when things go wrong', () => {
  test('it comes back after a lost connection, with its session and no duplicate', async (t) => {
    const pool = await startPool(t);
    const miner = startMiner(t, pool);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    const { extranonce1, sessionId, accepted: before } = miner.stats;
    pool.dropConnections({ reset: true });
    await pool.waitFor(({ resumes }) => resumes === 1);
    await miner.waitFor(({ connections, accepted }) => connections === 2 && accepted >= before + 3);
    assert.equal(miner.stats.extranonce1, extranonce1);
    assert.equal(pool.stats.lastSessionId, sessionId);
    assert.equal(pool.stats.resumes, 1);
    assert.equal(rejectedTotal(pool.stats), 0);
  });

  test('it waits for a pool that is down, and for one that does not take its shares', async (t) => {
    const pool = await startPool(t);
    await pool.stop();
    const miner = startMiner(t, pool);
    await miner.waitFor(({ lastError }) => lastError.includes('ECONNREFUSED'));
    pool.refuseLogins(true);
    await pool.start();
    await miner.waitFor(({ authorizeFailures }) => authorizeFailures >= 2);
    pool.refuseLogins(false);
    await miner.waitFor(({ accepted }) => accepted >= 1);
  });

  test('without reconnect it stays away', async (t) => {
    const pool = await startPool(t);
    const miner = startMiner(t, pool, { reconnect: false });
    await miner.waitFor(({ accepted }) => accepted >= 1);
    miner.disconnect();
    await pool.waitFor(({ connectionsNow }) => connectionsNow === 0);
    await miner.stop();
    assert.equal(miner.stats.connections, 1);
    assert.equal(miner.stats.lastError, 'disconnected by hand');
  });

  test('a pool that never answers is given up after the time limit', async (t) => {
    const pool = await startPool(t, { configure: 'ignore' });
    const miner = startMiner(t, pool, { replyTimeoutMs: 40 });
    await miner.waitFor(({ lastError }) => lastError.includes('no answer to mining.configure'));
    pool.manners.configure = 'error';
    await miner.waitFor(({ accepted }) => accepted >= 1);
    assert.equal(miner.stats.versionMask, null);
  });

  test('unanswered shares are counted', async (t) => {
    const pool = await startPool(t);
    const miner = startMiner(t, pool, { replyTimeoutMs: 60 });
    await miner.waitFor(({ accepted }) => accepted >= 1);
    pool.hang();
    await miner.waitFor(({ unanswered }) => unanswered > 0);
    pool.unhang();
    const { accepted } = miner.stats;
    await miner.waitFor((stats) => stats.accepted > accepted);
    const { submitted, rejected, unanswered } = miner.stats;
    assert.ok(submitted >= miner.stats.accepted + rejected + unanswered);
  });

  test('refusals are counted in the words of the pool, whatever their shape', async (t) => {
    for (const errorShape of ['array', 'reject-reason', 'string', 'object', 'no-error-member'] as const) {
      const pool = await startPool(t, { errorShape });
      const miner = startMiner(t, pool);
      await miner.waitFor(({ accepted }) => accepted >= 1);
      // Without a word to the miner, its jobs are over.
      pool.silence();
      pool.newJob({ clean: true });
      await miner.waitFor(({ rejected }) => rejected >= 1);
      const [reason] = [...miner.stats.reasons.keys()];
      assert.equal(reason, errorShape === 'no-error-member' ? 'refused' : 'Stale share');
      await miner.stop();
    }
  });

  test('what no miner could bear is written down', async (t) => {
    const lines = [
      '{"id":null,"method":"mining.set_difficulty","params":[1]}',
      '{"id":1,"result":[[["mining.notify","ab"]],"08000002",9],"error":null}',
      '{"id":7,"method":"mining.notify","params":["a"]}',
      '{"id":99,"result":true,"error":null}',
      'rubbish',
      '{"id":null,"method":"mining.set_version_mask","params":["1fffe000"]}',
      '{"id":null,"method":"mining.set_goal","params":[]}',
      '{"id":3,"method":"client.get_version","params":[]}',
      '{"id":2,"result":true,"error":null}',
    ];
    let heard = '';
    const answered = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
        if (/"id":3,"result":"practice-miner\/1\.0"/.test(heard)) answered.resolve();
      });
      socket.write(`${lines.join('\n')}\n`);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => server.close());
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const miner = new CpuMiner(
      { ...base, threads },
      {
        host: '127.0.0.1',
        port: address.port,
        user: 'u',
        versionRolling: false,
        handshake: 'pipelined',
        reconnect: false,
      },
    );
    t.after(() => miner.stop());
    miner.start();
    await miner.waitFor(({ authorized }) => authorized);
    assert.equal(miner.stats.violations.length, 8, miner.stats.violations.join('\n'));
    assert.match(miner.stats.violations.join('\n'), /before the reply to mining\.subscribe/);
    await answered.promise;
  });
});
