import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import { Farm, sharesOf } from '../support/farm.ts';
import { Launched } from '../support/program.ts';
import type { FromThirdPartyMiner } from '../support/third-party-miner.ts';
import type { FromThirdPartyPool, JudgedShare } from '../support/third-party-pool.ts';
import { until } from '../support/until.ts';

const SUPPORT = new URL('../support/', import.meta.url);
const SHARES = 25;
/** 4096 hashes per share. */
const DIFFICULTY = 2 ** -20;

/** A program of the support folder with the messages it sends. */
class Peer<Message> extends Launched {
  readonly messages: Message[] = [];

  constructor(file: string, args: readonly string[]) {
    super(args, { file: fileURLToPath(new URL(file, SUPPORT)), nodeFlags: [], hasChannel: true });
    this.child.on('message', (message) => this.messages.push(message as Message));
  }
}

/** The pool of stratum-pool-sha256 on a port of this machine. */
class ThirdPartyPool extends Peer<FromThirdPartyPool> {
  address = '';

  static async start(user: string, password: string): Promise<ThirdPartyPool> {
    const pool = new ThirdPartyPool('third-party-pool.ts', [String(DIFFICULTY), user, password]);
    const port = await until(
      () => pool.messages.find((message) => message.kind === 'listening')?.port,
      () => `the pool's start; ${pool.tail()}`,
      10_000,
    );
    pool.address = `127.0.0.1:${port}`;
    return pool;
  }

  get shares(): readonly JudgedShare[] {
    return this.messages.flatMap((message) => (message.kind === 'share' ? [message.share] : []));
  }

  findBlock(): void {
    this.child.send('block');
  }
}

/** The miner of stratum-client. */
class ThirdPartyMiner extends Peer<FromThirdPartyMiner> {
  constructor(farm: Farm, user: string, algorithm: 'sha256d' | 'scrypt') {
    super('third-party-miner.ts', [String(farm.program.stratum.port), user, algorithm, String(SHARES)]);
  }

  get accepted(): number {
    return this.messages.filter((message) => message.kind === 'verdict' && message.isAccepted).length;
  }

  get refusals(): readonly FromThirdPartyMiner[] {
    return this.messages.filter((message) => message.kind === 'verdict' && !message.isAccepted);
  }

  async finds(shares: number): Promise<void> {
    await until(
      () => this.accepted >= shares,
      () =>
        `${shares} accepted shares, ${this.accepted} so far; ${JSON.stringify(this.refusals.slice(0, 3))}; ${this.tail()}`,
      20_000,
    );
  }
}

describe('miners and pools that others wrote', () => {
  test('the stratum-client miner mines through the proxy on a stratum-pool-sha256 pool', async () => {
    await using pool = await ThirdPartyPool.start('wallet.third', 'pool secret');
    await using farm = await Farm.open();
    await farm.program.addPool(pool.address, 'sha256d');
    const account = await farm.program.register(pool.address, 'wallet.third', 'pool secret');
    await using miner = new ThirdPartyMiner(farm, `${account}.client`, 'sha256d');
    await miner.finds(5);
    pool.findBlock();
    await miner.finds(SHARES);

    const figures = await farm.program.metricsWhere((seen) => {
      const { received, inFlight } = sharesOf(seen, account);
      return (
        inFlight === 0 &&
        received === miner.accepted + miner.refusals.length &&
        seen.sum('stratum_proxy_pool_round_trip_seconds_count') === pool.shares.length
      );
    }, 'an answer to every share');
    const valid = pool.shares.filter(({ isValid }) => isValid);
    assert.ok(valid.length >= SHARES);
    for (const share of valid) {
      assert.deepEqual(share, { isValid: true, worker: 'wallet.third', difficulty: DIFFICULTY, error: '' });
    }
    // A share on its way when the block was found is stale, in the pool's eyes or, if its job came first, in ours.
    for (const { isValid, error } of pool.shares) if (!isValid) assert.equal(error, 'job not found');
    const { byResult, received } = sharesOf(figures, account);
    assert.equal(byResult['accepted'], valid.length);
    assert.equal(received - valid.length, byResult['stale'] ?? 0);
    assert.equal(
      figures.sum('proxy_worker_one_accepted', { user: account }),
      (byResult['accepted'] ?? 0) * DIFFICULTY,
    );
    assert.equal(figures.sum('proxy_worker_difficulty', { user: account }), DIFFICULTY);
    assert.equal(figures.sum('stratum_proxy_pool_jobs_total', { pool: pool.address }), 2);
  });

  test('a version-rolling miner learns that this pool does not roll, and mines all the same', async () => {
    await using pool = await ThirdPartyPool.start('wallet.rolling', '');
    await using farm = await Farm.open();
    await farm.program.addPool(pool.address, 'sha256d');
    const account = await farm.program.register(pool.address, 'wallet.rolling', '');
    const miner = farm.miner(`${account}.rig`, { extranonceSubscribe: true, hashesPerSecondLimit: 60_000 });
    await miner.waitFor(({ accepted }) => accepted >= SHARES, 20_000);
    assert.equal(miner.stats.versionMask, 0);
    assert.deepEqual([miner.stats.rejected, miner.stats.connections, miner.stats.violations], [0, 1, []]);
    assert.equal(
      pool.shares.every(({ isValid }) => isValid),
      true,
    );
  });

  test('a password that this pool refuses is refused to the miner', async () => {
    await using pool = await ThirdPartyPool.start('wallet', 'right');
    await using farm = await Farm.open({ flags: ['--limits.refusalDelayMs', '0'] });
    await farm.program.addPool(pool.address, 'sha256d');
    const account = await farm.program.register(pool.address, 'wallet', 'wrong');
    await using miner = new ThirdPartyMiner(farm, account, 'sha256d');
    const verdict = await until(
      () => miner.messages.find(({ kind }) => kind === 'authorized'),
      () => miner.tail(),
      10_000,
    );
    assert.deepEqual(verdict, { kind: 'authorized', isAuthorized: false });
  });

  test('the stratum-client miner mines scrypt on the practice pool, two of them on one account', async () => {
    await using farm = await Farm.open();
    const pool = await farm.pool({
      algorithm: 'scrypt',
      difficulty: 2 ** -12,
      difficultyTiming: 'after-authorize-again',
    });
    const account = await farm.account(pool, 'wallet');
    await using one = new ThirdPartyMiner(farm, `${account}.a`, 'scrypt');
    await using two = new ThirdPartyMiner(farm, `${account}.b`, 'scrypt');
    await Promise.all([one.finds(SHARES), two.finds(SHARES)]);
    assert.equal(rejectedTotal(pool.stats), 0, pool.stats.summary());
    const figures = await farm.program.metrics();
    const name = formatEndpoint(pool.endpoint);
    assert.equal(figures.series('proxy_worker_up', { user: account }).length, 2);
    // They mine on: the figures of one moment are held against the pool's of the same.
    await until(async () => {
      const before = pool.stats.accepted;
      const seen = (await farm.program.metrics()).sum('proxy_worker_accepted', {
        user: account,
        hash: 'scrypt',
        pool: name,
      });
      return before === seen && seen === pool.stats.accepted;
    }, 'as many shares at the proxy as at the pool');
  });
});
