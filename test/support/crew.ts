import type { CpuMiner } from '../../src/practice/cpu-miner.ts';
import { eventually } from './eventually.ts';

/** So long without a new hash or answer: the hash thread reports every 100 ms while it works, and once when it is told to stop. */
const QUIET_MS = 300;

function isAnswered({ stats }: CpuMiner): boolean {
  return stats.submitted === stats.accepted + stats.rejected + stats.unanswered;
}

/** All rest, on their connections; resolves when every share has its answer and every hash has been told of. */
export async function restAll(miners: readonly CpuMiner[], timeoutMs = 10_000): Promise<void> {
  for (const miner of miners) miner.rest();
  let hashes = -1;
  let sinceMs = performance.now();
  await eventually(
    () => {
      const now = miners.reduce((sum, { stats }) => sum + stats.hashes, 0);
      if (now !== hashes || !miners.every(isAnswered)) sinceMs = performance.now();
      hashes = now;
      return performance.now() - sinceMs >= QUIET_MS;
    },
    () =>
      miners
        .filter((miner) => !isAnswered(miner))
        .map(({ options, stats }) => `${options.user} waits: ${stats.summary()}`)
        .join('\n'),
    timeoutMs,
  );
}
