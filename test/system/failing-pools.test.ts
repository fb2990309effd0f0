import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import type { CpuMiner } from '../../src/practice/cpu-miner.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import type { PracticePool, PracticePoolOptions } from '../../src/practice/practice-pool.ts';
import { Farm, OUT_OF_REACH, quiesce, sharesOf } from '../support/farm.ts';

/** About fifty shares a second of a miner at 20 kH/s. */
const DIFFICULTY = 400 / 2 ** 32;
/** Times of minutes in the field, short enough for a test. */
const FLAGS = Object.entries({
  'upstream.retryMinMs': 20,
  'upstream.retryMaxMs': 100,
  'upstream.submitTimeoutMs': 300,
  'upstream.callTimeoutMs': 1000,
  'upstream.configureTimeoutMs': 300,
  'upstream.silenceMs': 1000,
  'upstream.authorizeWaitMs': 200,
  'limits.refusalDelayMs': 0,
}).map(([key, value]) => `--${key}=${value}`);

// A few at a time: each has its own pool, account and miner, all on the one program.
describe('whatever a pool does, its miners keep their sockets and every share is accounted for', {
  concurrency: 4,
}, () => {
  let farm: Farm;
  before(async () => {
    farm = await Farm.open({ flags: FLAGS });
  });
  after(() => farm[Symbol.asyncDispose]());
  afterEach(() => {
    assert.ok(!farm.program.hasEnded, farm.program.tail());
  });

  async function mining(
    options: PracticePoolOptions = {},
  ): Promise<{ pool: PracticePool; miner: CpuMiner; account: string }> {
    const pool = await farm.pool({ difficulty: DIFFICULTY, ...options });
    const account = await farm.account(pool, 'wallet');
    const miner = farm.miner(`${account}.rig1`);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    return { pool, miner, account };
  }

  /** Shares that came through after `trouble`, over the miner's one and only connection. */
  async function recovers(pool: PracticePool, miner: CpuMiner, account: string): Promise<void> {
    const { accepted, connections } = miner.stats;
    await miner.waitFor((books) => books.accepted >= accepted + 10);
    await quiesce(pool, miner);
    assert.equal(miner.stats.connections, connections, 'the miner was never cut off');
    assert.deepEqual(miner.stats.violations, []);
    const { received, byResult, inFlight } = sharesOf(await farm.program.metrics(), account);
    assert.equal(inFlight, 0);
    assert.equal(received, miner.stats.submitted);
    assert.equal(
      received,
      Object.values(byResult).reduce((sum, count) => sum + count, 0),
      JSON.stringify(byResult),
    );
    assert.equal(byResult['accepted'], miner.stats.accepted);
    await miner.stop();
    await pool.stop();
  }

  test('down at the start: the miner is let in, and gets its job when the pool comes up', async () => {
    const pool = await farm.pool({ difficulty: DIFFICULTY });
    await pool.stop();
    const account = await farm.account(pool, 'wallet');
    const miner = farm.miner(`${account}.rig1`);
    await miner.waitFor(({ authorized }) => authorized);
    const name = formatEndpoint(pool.endpoint);
    const down = await farm.program.metricsWhere(
      (figures) => figures.sum('stratum_proxy_pool_failures_total', { pool: name }) > 0,
      'failed dials are counted',
    );
    assert.equal(down.sum('proxy_pool_up', { pool: name }), 0);
    assert.ok(down.sum('stratum_proxy_accounts_in_use') > down.sum('stratum_proxy_accounts_with_job'));
    assert.equal(miner.stats.jobs, 0);

    await pool.start();
    await miner.waitFor(({ jobs }) => jobs === 1);
    assert.equal((await farm.program.metrics()).sum('proxy_pool_up', { pool: name }), 1);
    await recovers(pool, miner, account);
    assert.equal(rejectedTotal(pool.stats), 0);
  });

  for (const reset of [false, true]) {
    test(`drops its connections by ${reset ? 'RST' : 'FIN'}: the next job comes over the same miner socket`, async () => {
      const { pool, miner, account } = await mining();
      pool.dropConnections({ reset });
      await pool.waitFor(({ resumes }) => resumes === 1);
      assert.equal(pool.stats.connectionsTotal, 2);
      await recovers(pool, miner, account);
      // The pool has its extranonce1 back and knows its jobs still, so nothing that was in flight is lost; what it had
      // credited before its answer was lost is a duplicate there.
      assert.equal(
        pool.stats.rejected['low-difficulty'] + pool.stats.rejected.stale,
        0,
        pool.stats.summary(),
      );
    });
  }

  test('restarts and has forgotten everything: new extranonce, new job, no bad share', async () => {
    const { pool, miner, account } = await mining({ resume: false });
    const { extranonce1 } = miner.stats;
    await pool.restart();
    await pool.waitFor(({ connectionsTotal }) => connectionsTotal >= 2);
    await recovers(pool, miner, account);
    assert.equal(miner.stats.extranonce1, extranonce1, 'the miner keeps the extranonce it was given');
    assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
  });

  test('stays silent: open shares are answered "Pool timeout" and counted as unanswered, then it is dialled anew', async () => {
    const { pool, miner, account } = await mining();
    pool.hang();
    await miner.waitFor(({ rejected }) => rejected > 0);
    assert.equal([...miner.stats.reasons.keys()][0], 'Pool timeout');
    await pool.waitFor(({ connectionsTotal }) => connectionsTotal >= 2);
    pool.unhang();
    await recovers(pool, miner, account);
    const { byResult } = sharesOf(await farm.program.metrics(), account);
    assert.ok((byResult['unanswered'] ?? 0) >= 3, JSON.stringify(byResult));
    assert.equal(byResult['unanswered'], miner.stats.reasons.get('Pool timeout'));
  });

  test('answers configure late: it counts as negotiated from then on, as the pool takes it', async () => {
    // Later than the limit for configure is looked at (300 ms, every 250 ms), sooner than that of the call behind it.
    const pool = await farm.pool({ difficulty: DIFFICULTY, replyDelayMs: 700 });
    const account = await farm.account(pool, 'wallet');
    const miner = farm.miner(`${account}.rig1`);
    await pool.waitFor(({ subscribes }) => subscribes === 1);
    pool.manners.replyDelayMs = 0;
    await miner.waitFor(({ accepted }) => accepted >= 3);
    assert.equal(pool.stats.connectionsTotal, 1);
    assert.equal(pool.stats.configures, 1);
    await recovers(pool, miner, account);
    assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
  });

  test('stays silent with no share open: it is noticed all the same', async () => {
    const { pool, miner, account } = await mining();
    await quiesce(pool, miner);
    pool.hang();
    await pool.waitFor(({ connectionsTotal }) => connectionsTotal >= 2);
    await farm.program.waitForLine(
      ({ msg, pool: name, reason }) =>
        msg === 'pool connection failed' &&
        name === formatEndpoint(pool.endpoint) &&
        /silence/.test(String(reason)),
    );
    pool.setDifficulty(DIFFICULTY);
    pool.unhang();
    await recovers(pool, miner, account);
  });

  test('accepts connections and never answers: it counts as down until it does', async () => {
    const pool = await farm.pool({ difficulty: DIFFICULTY });
    pool.hang();
    const account = await farm.account(pool, 'wallet');
    const miner = farm.miner(`${account}.rig1`);
    await miner.waitFor(({ authorized }) => authorized);
    await pool.waitFor(({ connectionsTotal }) => connectionsTotal >= 2);
    pool.unhang();
    await recovers(pool, miner, account);
  });

  const RUBBISH: readonly (readonly [string, string])[] = [
    ['text', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html></html>\n'],
    ['JSON that is no message', '[1,2,3]\n"hello"\n42\nnull\n'],
    ['a line without an end', 'x'.repeat(200_000)],
    ['bytes that are no text', '\u0000\u0001\u0002\ufffd\n'],
    ['a job of garbage', '{"id":null,"method":"mining.notify","params":["1","zz","","",[],"","","",true]}\n'],
    ['a job without parameters', '{"id":null,"method":"mining.notify","params":[]}\n'],
    ['a difficulty of zero', '{"id":null,"method":"mining.set_difficulty","params":[0]}\n'],
    ['a difficulty that is no number', '{"id":null,"method":"mining.set_difficulty","params":["easy"]}\n'],
    ['a deep nest', `${'['.repeat(20_000)}\n`],
    [
      'replies to nothing',
      '{"id":999999,"result":true,"error":null}\n{"id":null,"result":null,"error":null}\n',
    ],
    ['methods nobody knows', '{"id":7,"method":"mining.dance","params":{}}\n'],
  ];
  for (const [name, text] of RUBBISH) {
    test(`sends rubbish, ${name}: mining goes on`, async () => {
      const { pool, miner, account } = await mining();
      pool.sendRaw(text);
      await recovers(pool, miner, account);
      // A connection that was given up took shares with it; none of them was a bad one.
      assert.equal(rejectedTotal(pool.stats) - pool.stats.rejected.duplicate, 0, pool.stats.summary());
    });
  }

  test('refuses the login: the miner hears why, the pool is not hammered, and a good password is enough', async () => {
    const pool = await farm.pool({ difficulty: OUT_OF_REACH, credentials: new Map([['wallet', 'right']]) });
    const wrong = await farm.account(pool, 'wallet', 'wrong');
    const right = await farm.account(pool, 'wallet', 'right');
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const miner = await farm.scriptedMiner({ user: wrong });
      await miner.subscribe();
      const { result, error } = await miner.authorize();
      assert.notEqual(result, true);
      assert.match(String(error), /pool refused the account's login/i);
      miner.end();
    }
    assert.equal(pool.stats.authorizeFailures, 1);
    const miner = farm.miner(right);
    await miner.waitFor(({ jobs }) => jobs === 1);
  });
});

test('without any pool the program says that it is not ready, and what is missing', async () => {
  await using farm = await Farm.open({ flags: FLAGS, hasTurnableClock: true });
  const readiness = async (): Promise<readonly [number, readonly string[]]> => {
    // What the last probe found is good for two seconds.
    await farm.program.turnClock(2000);
    const { status, json } = await farm.program.get('/api/v1/ready');
    const { checks } = json as { checks: { name: string; ready: boolean }[] };
    return [status, checks.filter(({ ready }) => !ready).map(({ name }) => name)];
  };
  const pool = await farm.pool({ difficulty: OUT_OF_REACH });
  assert.deepEqual(await readiness(), [200, []], 'nobody waits for work yet');
  await pool.stop();
  const miner = farm.miner(await farm.account(pool, 'wallet'));
  await miner.waitFor(({ authorized }) => authorized);
  assert.deepEqual(await readiness(), [503, ['work']]);
  await pool.start();
  await miner.waitFor(({ jobs }) => jobs === 1);
  assert.deepEqual(await readiness(), [200, []]);
});
