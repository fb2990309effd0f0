import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { connectLines, type LinePeer, type Message } from '../../../test/support/line-peer.ts';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { CryptonoteMiner, type CryptonoteMinerOptions } from './miner.ts';
import { CryptonotePool, type CryptonotePoolOptions } from './pool.ts';
import { difficultyOf, limitOf, NONCE_AT, practiceHash, tailOf, targetText } from './work.ts';

const parts = { log: silentLog, clock: systemClock };

async function startPool(t: TestContext, options: CryptonotePoolOptions = {}): Promise<CryptonotePool> {
  const pool = new CryptonotePool(parts, {
    difficulty: 20,
    jobIntervalMs: 0,
    blockIntervalMs: 0,
    ...options,
  });
  await pool.start();
  t.after(() => pool.stop());
  return pool;
}

function startMiner(
  t: TestContext,
  pool: CryptonotePool,
  options: Partial<CryptonoteMinerOptions> = {},
): CryptonoteMiner {
  const miner = new CryptonoteMiner(parts, {
    ...pool.endpoint,
    user: 'wallet.rig',
    hashesPerSecond: 1000,
    reconnectMs: 20,
    ...options,
  });
  miner.start();
  t.after(() => miner.stop());
  return miner;
}

interface Job {
  readonly blob: string;
  readonly job_id: string;
  readonly target: string;
  readonly seed_hash: string;
}

/** A client that is logged in, and its first job. */
async function login(
  t: TestContext,
  pool: CryptonotePool,
): Promise<{ peer: LinePeer; session: string; job: Job }> {
  const peer = await connectLines(pool.endpoint.port);
  t.after(() => peer.socket.destroy());
  const { result } = await peer.call({
    id: 1,
    method: 'login',
    params: { login: 'w', pass: 'x', agent: 'raw' },
  });
  const { id, job } = result as { id: string; job: Job };
  return { peer, session: id, job };
}

/** A nonce whose hash is below the target, or above it, the last byte as in the blob. */
function search(job: Job, isGood: boolean): { readonly nonce: string; readonly result: string } {
  const blob = Buffer.from(job.blob, 'hex');
  const limit = limitOf(job.target);
  assert.ok(limit !== null);
  for (let tried = 0; ; tried += 1) {
    blob.writeUIntLE(tried, NONCE_AT, 3);
    const result = practiceHash(Buffer.from(job.seed_hash, 'hex'), blob);
    if (tailOf(result) < limit === isGood) {
      return { nonce: blob.toString('hex', NONCE_AT, NONCE_AT + 4), result: result.toString('hex') };
    }
  }
}

const wordsOf = (message: Message): unknown =>
  (message['error'] as { message?: unknown } | null)?.message ?? null;

describe('the practice pool', () => {
  test('takes a share once, and refuses what is wrong with others in the words of real pools', async (t) => {
    const pool = await startPool(t);
    const { peer, session, job } = await login(t, pool);
    const good = search(job, true);
    const share = { id: session, job_id: job.job_id, ...good };
    let id = 1;
    const submit = async (params: Message): Promise<unknown> => {
      id += 1;
      return wordsOf(await peer.call({ id, jsonrpc: '2.0', method: 'submit', params }));
    };
    assert.equal(
      await submit({ ...share, nonce: good.nonce.toUpperCase().replace(/^\d/, 'A') }),
      'Malformed nonce',
    );
    assert.equal(await submit({ ...share, nonce: good.nonce.slice(2) }), 'Malformed nonce');
    assert.equal(await submit({ ...share, result: good.result.slice(2) }), 'Malformed result');
    assert.equal(await submit({ ...share, algo: 'cn/r' }), 'Incorrect algorithm');
    assert.equal(await submit({ ...share, job_id: 'x' }), 'Invalid job id');
    assert.equal(await submit({ ...share, ...search(job, false) }), 'Low difficulty share');
    assert.equal(await submit({ ...share, algo: 'rx/0' }), null);
    assert.equal(await submit(share), 'Duplicate share');
    assert.equal(
      await submit({ ...share, nonce: 'ffffff00' }),
      'Low difficulty share (wrong hash)',
      'a hash that is not that of the nonce',
    );
    pool.newJob();
    const next = (await peer.nextMethod('job'))['params'] as Job;
    assert.equal(await submit(share), 'Duplicate share', 'the block is the same');
    pool.newBlock();
    await peer.nextMethod('job');
    assert.equal(await submit(share), 'Block expired');
    assert.equal(await submit({ ...share, job_id: next.job_id, ...search(next, true) }), 'Block expired');
    assert.equal(await submit({ ...share, id: 'other' }), 'Unauthenticated');
    await peer.until(() => peer.isClosed, 3000, 'the end');

    const { accepted, rejected, work } = pool.stats;
    assert.equal(accepted, 1);
    assert.equal(work, difficultyOf(limitOf(job.target) ?? 1n));
    const counts = Object.entries(rejected).filter(([, count]) => count > 0);
    assert.deepEqual(Object.fromEntries(counts), {
      malformed: 4,
      'unknown-job': 1,
      stale: 2,
      duplicate: 2,
      'low-difficulty': 1,
      'wrong-hash': 1,
      unauthorized: 1,
    });
  });

  test('of the NiceHash kind keeps a byte of the nonce', async (t) => {
    const pool = await startPool(t, { fixedByte: 0xe5 });
    const { peer, session, job } = await login(t, pool);
    assert.equal(Buffer.from(job.blob, 'hex')[42], 0xe5);
    const { nonce, result } = search(job, true);
    const share = { id: session, job_id: job.job_id, nonce: `${nonce.slice(0, 6)}e6`, result };
    assert.match(
      String(wordsOf(await peer.call({ id: 2, method: 'submit', params: share }))),
      /^Invalid nonce; is miner/,
    );
    const own = { ...share, nonce };
    assert.equal(wordsOf(await peer.call({ id: 3, method: 'submit', params: own })), null);
  });

  test('answers getjob and both keepalives, and knows no other method', async (t) => {
    const pool = await startPool(t);
    const { peer, session, job } = await login(t, pool);
    const ask = (id: number, method: string): Promise<Message> =>
      peer.call({ id, method, params: { id: session } });
    assert.equal(((await ask(2, 'getjob'))['result'] as Job).job_id, job.job_id);
    for (const [i, method] of ['keepalived', 'keepalive'].entries())
      assert.deepEqual((await ask(3 + i, method))['result'], { status: 'KEEPALIVED' });
    assert.equal(wordsOf(await ask(5, 'mining.subscribe')), 'Invalid method');
    assert.equal(pool.stats.keepalives, 2);
  });

  test('lets nobody in who is not known, or while it refuses, or twice', async (t) => {
    const pool = await startPool(t, { credentials: new Map([['wallet', 'pw']]) });
    const tryLogin = async (loginName: string, pass: string): Promise<unknown> => {
      const peer = await connectLines(pool.endpoint.port);
      t.after(() => peer.socket.destroy());
      const params = { login: loginName, pass };
      const first = wordsOf(await peer.call({ id: 1, method: 'login', params }));
      if (first !== null) await peer.until(() => peer.isClosed, 3000, 'the end');
      return first ?? wordsOf(await peer.call({ id: 2, method: 'login', params }));
    };
    assert.equal(await tryLogin('wallet.a', 'no'), 'Invalid payment address provided');
    assert.equal(await tryLogin('wallet.a', 'pw'), 'No double login is allowed');
    pool.manners.loginRefusal = 'No block template yet. Please wait.';
    assert.equal(await tryLogin('wallet.a', 'pw'), 'No block template yet. Please wait.');
    pool.manners.isBanning = true;
    assert.equal(await tryLogin('wallet.a', 'pw'), 'IP Address currently banned');
  });

  test('closes on what xmrig-proxy closes on', async (t) => {
    const pool = await startPool(t);
    for (const line of [
      '{"id":1,"method":"login"}',
      '['.repeat(40),
      `{"id":"1","method":"login","params":{"login":"w"}}`,
    ]) {
      const peer = await connectLines(pool.endpoint.port);
      peer.send(line);
      await peer.until(() => peer.isClosed, 3000, `the end after ${line}`);
    }
    assert.equal(pool.stats.faults, 3);
  });
});

test('targets of the practice coin are what the vectors say', () => {
  assert.equal(targetText(10_000, 4), 'b88d0600');
  assert.equal(targetText(10_000, 8), 'cb10c7bab88d0600');
  assert.equal(limitOf('b88d0600'), 0x68db8bac710cbn);
  assert.equal(difficultyOf(limitOf('f3220000') ?? 0n), 480_045);
});

describe('the practice miner', () => {
  for (const targetBytes of [4, 8] as const) {
    test(`mines what the pool takes, at targets of ${targetBytes} bytes, from job to job`, async (t) => {
      const pool = await startPool(t, { targetBytes });
      const miner = startMiner(t, pool);
      await miner.waitFor((stats) => stats.accepted >= 5);
      pool.newBlock();
      pool.setDifficulty(40);
      await miner.waitFor((stats) => stats.jobs === 3 && stats.difficulty === 40);
      const { accepted } = miner.stats;
      await miner.waitFor((stats) => stats.accepted >= accepted + 5);
      assert.deepEqual(miner.stats.violations, []);
      assert.equal(miner.fixedByte, null);
      const { rejected } = pool.stats;
      // A share that was on its way when the block came.
      const others = Object.entries(rejected).filter(([reason, count]) => count > 0 && reason !== 'stale');
      assert.deepEqual(others, []);
      assert.ok(rejected.stale <= 2);
    });
  }

  test('keeps the byte that is fixed', async (t) => {
    const pool = await startPool(t, { fixedByte: 0xe5 });
    const miner = startMiner(t, pool);
    await miner.waitFor((stats) => stats.accepted >= 5);
    assert.equal(miner.fixedByte, 0xe5);
    assert.equal(miner.stats.rejected, 0);
    const rude = startMiner(t, pool, { isNicehash: false });
    await rude.waitFor((stats) => stats.rejected >= 2);
    assert.deepEqual(
      [...rude.stats.reasons.keys()],
      ['Invalid nonce; is miner not compatible with NiceHash?'],
    );
  });

  test('leaves where xmrig leaves, and comes back', async (t) => {
    const pool = await startPool(t);
    const miner = startMiner(t, pool);
    await miner.waitFor((stats) => stats.accepted >= 1);
    pool.forgetSessions();
    await miner.waitFor((stats) => stats.reasons.has('Unauthenticated'));
    await miner.waitFor((stats) => stats.connections === 2 && stats.authorized);
    assert.deepEqual(miner.stats.violations, []);
    pool.repeatJob();
    await miner.waitFor((stats) => stats.connections === 3 && stats.authorized);
    assert.deepEqual(miner.stats.violations, ['duplicate job received, reconnect']);
  });

  test('leaves for an algorithm that it cannot run, or that is not said', async (t) => {
    for (const algo of ['cn/r', null]) {
      const pool = await startPool(t, { algo });
      const miner = startMiner(t, pool, { reconnect: false });
      await miner.waitFor((stats) => stats.lastError.startsWith('login error code: 6'));
    }
  });

  test('keeps the connection alive where the server lists it', async (t) => {
    const pool = await startPool(t);
    const miner = startMiner(t, pool, { keepaliveMs: 20 });
    await pool.waitFor((stats) => stats.keepalives >= 2);
    const silent = await startPool(t, { extensions: [] });
    const other = startMiner(t, silent, { keepaliveMs: 20 });
    await other.waitFor((stats) => stats.accepted >= 5);
    assert.equal(silent.stats.keepalives, 0);
    assert.deepEqual([miner.stats.violations, other.stats.violations], [[], []]);
  });
});
