import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { CryptonoteMiner } from '../../src/practice/cryptonote/miner.ts';
import { CryptonotePool } from '../../src/practice/cryptonote/pool.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { eventually } from '../support/eventually.ts';
import { startedPool } from '../support/practice.ts';
import { startProxyBed, testSettings } from '../support/proxy-bed.ts';

const NAME = '00112233445566aa';
/** Two more than one connection has bytes for. */
const MINERS = 258;
const POOL_DIFFICULTY = 200;

const parts = { log: silentLog, clock: systemClock };

test(`${MINERS} miners of one account: more than a connection has bytes for, so a second one is opened, and none has the nonces of another`, async (t) => {
  const pool = new CryptonotePool(parts, {
    difficulty: POOL_DIFFICULTY,
    jobIntervalMs: 0,
    blockIntervalMs: 0,
    submitsKept: 100_000,
  });
  await startedPool(t, pool);
  const account = dialectAccount(NAME, [pool], {
    dialect: 'cryptonote',
    algorithm: 'randomx',
    divider: 2 ** 32,
  });
  await using bed = await startProxyBed([account], testSettings(), { dialects: DIALECTS });
  const miners = Array.from(
    { length: MINERS },
    (_, i) =>
      new CryptonoteMiner(parts, {
        host: '127.0.0.1',
        port: bed.port,
        user: `${NAME}.rig${i}`,
        hashesPerSecond: 200,
        reconnectMs: 50,
      }),
  );
  t.after(() => Promise.all(miners.map((miner) => miner.stop())));
  for (const miner of miners) miner.start();
  await Promise.all(miners.map((miner) => miner.waitFor(({ jobs }) => jobs > 0, 30_000)));

  /** Where each of them looks: the connection, which its blob tells, and the byte. */
  const places = (): readonly string[] =>
    miners.map(({ blobWithoutNonce, fixedByte }) => `${blobWithoutNonce} ${fixedByte}`);
  const blobs = (): ReadonlySet<string> =>
    new Set(miners.map(({ blobWithoutNonce }) => String(blobWithoutNonce)));
  const check = (): void => {
    assert.equal(new Set(places()).size, MINERS, 'no two look in the same place');
    assert.equal(blobs().size, 2, 'two connections, each with its own job');
    for (const blob of blobs()) {
      const own = miners.filter(({ blobWithoutNonce }) => blobWithoutNonce === blob);
      assert.ok(own.length <= 256, `${own.length} behind one connection`);
      assert.ok(own.every(({ fixedByte }) => fixedByte !== null));
    }
  };
  check();
  // One that was opened to spare, and that nobody came to in time, has gone again.
  assert.equal(pool.stats.connectionsNow, 2);

  await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 2, 60_000)));
  pool.newBlock();
  await Promise.all(miners.map((miner) => miner.waitFor(({ jobs }) => jobs >= 2, 30_000)));
  await eventually(
    () => blobs().size === 2,
    () => `${blobs().size} blobs`,
  );
  check();
  const afterBlock = miners.map(({ stats }) => stats.accepted);
  await Promise.all(
    miners.map((miner, i) => miner.waitFor(({ accepted }) => accepted > (afterBlock[i] ?? 0), 60_000)),
  );
  await Promise.all(miners.map((miner) => miner.stop()));
  await eventually(
    () => bed.proxy.report().totals.every(({ inFlight }) => inFlight === 0),
    () => 'every share has its verdict',
  );

  for (const { stats } of miners) {
    assert.deepEqual(stats.violations, []);
    assert.equal(stats.connections, 1, stats.summary());
    // What was found before the new block was heard of.
    for (const reason of stats.reasons.keys()) assert.match(reason, /stale|expired/i);
  }
  assert.equal(rejectedTotal(pool.stats), pool.stats.rejected.stale, pool.stats.summary());
  // Both connections carried shares, and a nonce came once at most for a job.
  const seen = new Set<string>();
  const busy = new Set<number>();
  for (const { connection, params } of pool.stats.submits) {
    const { job_id: job, nonce } = params as { readonly job_id: string; readonly nonce: string };
    busy.add(connection);
    seen.add(`${connection} ${job} ${nonce}`);
  }
  assert.equal(seen.size, pool.stats.submits.length);
  assert.equal(busy.size, 2);
  const total = bed.proxy.report().totals.find(({ account: name }) => name === NAME);
  assert.equal(total?.counts.accepted, pool.stats.accepted);
  // What a miner sent in the moment of its end may have been cut off with its connection.
  const submitted = miners.reduce((sum, { stats }) => sum + stats.submitted, 0);
  const answered = miners.reduce((sum, { stats }) => sum + stats.accepted + stats.rejected, 0);
  const received = total?.received ?? 0;
  assert.ok(received <= submitted && received >= answered, `${answered} <= ${received} <= ${submitted}`);
});
