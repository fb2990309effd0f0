import type { TestContext } from 'node:test';
import type { Endpoint } from '../../src/domain/endpoint.ts';
import type { MinerBooks } from '../../src/practice/miner-books.ts';
import type { PoolBooks } from '../../src/practice/pool-books.ts';

/** For a practice pool that has a new job or block only when the test says so. */
export const BY_HAND = { jobIntervalMs: 0, blockIntervalMs: 0 } as const;

/** What the practice pools of all dialects have in common. */
export interface PracticePool {
  readonly stats: PoolBooks;
  readonly endpoint: Endpoint;
  start(): Promise<unknown>;
  stop(): Promise<void>;
}

/** What the practice miners of all dialects have in common. */
export interface PracticeMiner {
  readonly stats: MinerBooks;
  start(): void;
  stop(): Promise<void>;
  waitFor(predicate: (stats: MinerBooks) => boolean, timeoutMs?: number): Promise<void>;
}

/** A practice pool that runs until the end of the test. */
export async function startedPool<Pool extends Pick<PracticePool, 'start' | 'stop'>>(
  t: TestContext,
  pool: Pool,
): Promise<Pool> {
  await pool.start();
  t.after(() => pool.stop());
  return pool;
}

/** A practice miner that mines until the end of the test. */
export function startedMiner<Miner extends Pick<PracticeMiner, 'start' | 'stop'>>(
  t: TestContext,
  miner: Miner,
): Miner {
  t.after(() => miner.stop());
  miner.start();
  return miner;
}
