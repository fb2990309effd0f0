import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import type { PracticePool } from '../../src/practice/practice-pool.ts';
import { Farm } from '../support/farm.ts';

/** A user in the shared mode, whose miners' difficulty is chosen here. */
async function register(farm: Farm, pool: PracticePool, difficulty: object): Promise<string> {
  const body = { pool: formatEndpoint(pool.endpoint), user: 'wallet', difficulty };
  const { status, text, json } = await farm.program.post('/api/v1/users', body);
  assert.equal(status, 201, text);
  return (json as { readonly name: string }).name;
}

async function change(farm: Farm, name: string, difficulty: object): Promise<void> {
  const { status, text } = await farm.program.request('PATCH', `/api/v1/users/${name}`, {
    body: { difficulty },
  });
  assert.equal(status, 200, text);
}

describe("a change of a user's difficulty reaches its connected miners", { concurrency: 2 }, () => {
  test('floor and cap', async () => {
    await using farm = await Farm.open({ hasTurnableClock: true });
    const pool = await farm.pool({ difficulty: 1024 });
    const name = await register(farm, pool, { min: 64 });
    const miner = farm.miner(name, { hashesPerSecondLimit: 1000, sendSuggestDifficulty: 128 });
    await miner.waitFor(({ difficulty }) => difficulty === 128);
    const { jobs } = miner.stats;
    for (const [bounds, expected] of [
      [{ min: 256 }, 256],
      [{ min: null, max: 16 }, 16],
      [{ min: 0.5, max: 0.5 }, 0.5],
    ] as const) {
      await change(farm, name, bounds);
      // So soon after the change before there is none again.
      await farm.program.turnClock(6000);
      await miner.waitFor(({ difficulty }) => difficulty === expected);
    }
    assert.equal(miner.stats.jobs, jobs + 3, 'each with a job of its own, no other job');
    assert.deepEqual([miner.stats.connections, miner.stats.violations], [1, []]);
  });

  test('share rate: many more shares at once, all of them valid', async () => {
    await using farm = await Farm.open();
    const pool = await farm.pool({ difficulty: 2 ** -14 });
    const name = await register(farm, pool, { sharesPerMinute: 6 });
    // 20,000 hashes a second are 9 shares a minute at 2^-15, and 20 a second at 2^-22.
    const miner = farm.miner(`${name}.rig`, { sendSuggestDifficulty: 2 ** -15 });
    await miner.waitFor(({ difficulty }) => difficulty === 2 ** -15);
    await change(farm, name, { sharesPerMinute: 600 });
    await miner.waitFor(({ difficulty }) => difficulty === 2 ** -22);
    const { accepted } = miner.stats;
    await miner.waitFor((books) => books.accepted >= accepted + 40, 15_000);
    assert.deepEqual([miner.stats.connections, miner.stats.rejected, miner.stats.violations], [1, 0, []]);
    assert.equal(rejectedTotal(pool.stats), 0);

    await change(farm, name, { sharesPerMinute: null });
    await miner.waitFor(({ difficulty }) => difficulty >= 2 ** -17);
    assert.deepEqual(miner.stats.violations, []);
  });
});
