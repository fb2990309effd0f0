import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import { Farm, OUT_OF_REACH, quiesce, sharesOf } from '../support/farm.ts';

const SHA256D = 1000 / 2 ** 32;
const SCRYPT = (10 * 65_536) / 2 ** 32;

describe('shares verified here (verify: always)', () => {
  test('one below its target is refused with 23 by us, and the pool never sees it', async () => {
    await using farm = await Farm.open({ flags: ['--verify', 'always'] });
    for (const algorithm of ['sha256d', 'scrypt'] as const) {
      const pool = await farm.pool({ algorithm, difficulty: OUT_OF_REACH });
      const account = await farm.account(pool, 'wallet');
      const miner = await farm.scriptedMiner({ user: `${account}.liar` });
      await miner.subscribe();
      await miner.authorize();
      const job = await miner.nextMethod('mining.notify');
      for (let nonce = 0; nonce < 20; nonce += 1) {
        const id = miner.submit(job, { nonce: nonce.toString(16).padStart(8, '0') });
        const { result, error } = await miner.nextWhere((message) => message['id'] === id);
        assert.notEqual(result, true);
        assert.deepEqual((error as unknown[]).slice(0, 2), [23, 'Low difficulty share']);
      }
      assert.equal(pool.stats.submitted, 0);
      const shares = sharesOf(await farm.program.metrics(), account);
      assert.deepEqual(shares, { received: 20, byResult: { 'low-difficulty': 20 }, inFlight: 0 });
    }
  });

  test('honest miners notice nothing: with version rolling and without, at either algorithm', async () => {
    await using farm = await Farm.open({ flags: ['--verify', 'always'] });
    const sha256d = await farm.pool({ difficulty: SHA256D, extranonce2Bytes: 8 });
    const scrypt = await farm.pool({ algorithm: 'scrypt', difficulty: SCRYPT });
    const bitcoin = await farm.account(sha256d, 'bitcoin');
    const litecoin = await farm.account(scrypt, 'litecoin');
    const miners = [
      farm.miner(`${bitcoin}.rolls`),
      farm.miner(`${bitcoin}.plain`, { versionRolling: false }),
      farm.miner(litecoin, { algorithm: 'scrypt' }),
    ] as const;
    await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 20)));
    // Shares of jobs before the newest are verified too.
    for (let job = 0; job < 3; job += 1) {
      sha256d.newJob();
      scrypt.newJob();
      await Promise.all(
        miners.map((miner) => {
          const { accepted } = miner.stats;
          return miner.waitFor((books) => books.accepted > accepted + 2);
        }),
      );
    }
    await Promise.all([quiesce(sha256d, miners[0], miners[1]), quiesce(scrypt, miners[2])]);
    for (const { stats } of miners) assert.equal(stats.rejected, 0, stats.summary());
    for (const { stats } of [sha256d, scrypt]) assert.equal(rejectedTotal(stats), 0, stats.summary());
    assert.equal(
      sha256d.stats.accepted + scrypt.stats.accepted,
      miners.reduce((sum, { stats }) => sum + stats.accepted, 0),
    );
  });
});

test('beyond verifyPerSecond a slow hash is left to the pool, a fast one never', async () => {
  await using farm = await Farm.open({ flags: ['--verify', 'always', '--verifyPerSecond', '1'] });
  for (const [algorithm, isLeft] of [
    ['scrypt', true],
    ['sha256d', false],
  ] as const) {
    const pool = await farm.pool({ algorithm, difficulty: OUT_OF_REACH });
    const account = await farm.account(pool, 'wallet');
    const miner = await farm.scriptedMiner({ user: `${account}.liar` });
    await miner.subscribe();
    await miner.authorize();
    const job = await miner.nextMethod('mining.notify');
    const ids = Array.from({ length: 50 }, (_, nonce) =>
      miner.submit(job, { nonce: nonce.toString(16).padStart(8, '0') }),
    );
    for (const id of ids) {
      const { error } = await miner.nextWhere((message) => message['id'] === id);
      assert.equal((error as unknown[])[0], 23);
    }
    assert.equal(pool.stats.submitted > 0, isLeft, `${pool.stats.submitted} of ${algorithm}`);
    assert.ok(pool.stats.submitted < 50, 'some are checked here');
  }
});

for (const verify of ['auto', 'never'] as const) {
  test(`verify: ${verify} leaves the judging of a dedicated miner's share to its pool`, async () => {
    await using farm = await Farm.open({ flags: ['--verify', verify] });
    const pool = await farm.pool({ difficulty: OUT_OF_REACH });
    const account = await farm.account(pool, 'wallet');
    const miner = await farm.scriptedMiner({ user: account });
    await miner.subscribe();
    await miner.authorize();
    const id = miner.submit(await miner.nextMethod('mining.notify'));
    const { error } = await miner.nextWhere((message) => message['id'] === id);
    const [code, message] = error as [number, string];
    assert.equal(code, 23);
    assert.match(message, /^Low difficulty share of /, "in the pool's words");
    assert.equal(pool.stats.rejected['low-difficulty'], 1);
  });
}
