import type { TestContext } from 'node:test';

/** A practice pool that runs until the end of the test. */
export async function startedPool<Pool extends { start(): Promise<unknown>; stop(): Promise<void> }>(
  t: TestContext,
  pool: Pool,
): Promise<Pool> {
  await pool.start();
  t.after(() => pool.stop());
  return pool;
}

/** A practice miner that mines until the end of the test. */
export function startedMiner<Miner extends { start(): void; stop(): Promise<void> }>(
  t: TestContext,
  miner: Miner,
): Miner {
  t.after(() => miner.stop());
  miner.start();
  return miner;
}
