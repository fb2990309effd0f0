import type { Scenario, Size } from '../scenario.ts';

const AT_ONCE = 20;

/** Miners that come one after the other: what a login costs, from SYN to first job, upstream included. */
export const connect: Scenario = {
  name: 'connect',
  title: 'Setting up connections',
  metrics: () => [
    {
      id: 'connect.cpu',
      label: 'CPU per connection set up (login and first job)',
      unit: 'µs',
      decimals: 0,
      goal: null,
    },
    {
      id: 'connect.p50',
      label: `time until a miner has its job, p50, ${AT_ONCE} at once`,
      unit: 'ms',
      decimals: 1,
      goal: null,
    },
  ],
  openFiles: (size) => 3 * size.setUpConnections * (roundsOf(size) + 1) + 500,
  run: async (bench) => {
    const { setUpConnections } = bench.size;
    const rounds = roundsOf(bench.size);
    await bench.withAll(setUpConnections * (rounds + 1), async (rigs) => {
      // The first round is the warm-up. Accounts are new each time: nothing kept for a returning miner is found again.
      for (let round = 0; round <= rounds; round++) {
        for (const rig of rigs) {
          const before = rig.cpuUs();
          const opened = await rig.connect('connect', setUpConnections, AT_ONCE);
          const usedUs = rig.cpuUs() - before;
          await rig.disconnect('connect', opened.group);
          if (round === 0) continue;
          const { name } = rig.target.kind;
          if (rig.target.pid !== null) bench.record('connect.cpu', name, usedUs / setUpConnections);
          bench.record('connect.p50', name, opened.p50Ms);
        }
      }
    });
  },
};

function roundsOf(size: Size): number {
  return Math.min(size.rounds, 5);
}
