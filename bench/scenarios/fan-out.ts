import type { Scenario } from '../scenario.ts';

const WARM_UP_JOBS = 3;
const PAUSE_MS = 150;

/** A new block: how long until the last miner has the new job. */
export const fanOut: Scenario = {
  name: 'fanout',
  title: 'Fan-out of a new job',
  metrics: ({ fanOutMiners }) => [
    {
      id: 'fanout.first',
      label: `new job until the first of ${fanOutMiners} miners has it`,
      unit: 'ms',
      decimals: 2,
      goal: null,
    },
    {
      id: 'fanout.last',
      label: `new job until the last of ${fanOutMiners} miners has it`,
      unit: 'ms',
      decimals: 1,
      goal: null,
    },
    { id: 'fanout.cpu', label: 'CPU per job and miner', unit: 'µs', decimals: 1, goal: null },
  ],
  openFiles: (size) => 5 * size.fanOutMiners + 500,
  run: async (bench) => {
    const { fanOutMiners, fanOutJobs } = bench.size;
    await bench.withAll(fanOutMiners, async (rigs) => {
      const groups: string[] = [];
      for (const rig of rigs) groups.push((await rig.connect('fanout', fanOutMiners, 50)).group);
      for (let job = 0; job < WARM_UP_JOBS + fanOutJobs; job++) {
        for (const [index, rig] of rigs.entries()) {
          const before = rig.cpuUs();
          const { sent, seen } = await rig.sendJob('fanout', groups[index] ?? '');
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          if (job < WARM_UP_JOBS || seen.received === 0) continue;
          const { name } = rig.target.kind;
          bench.record('fanout.first', name, (seen.firstUs - sent.firstWriteUs) / 1000);
          bench.record('fanout.last', name, (seen.lastUs - sent.firstWriteUs) / 1000);
          if (rig.target.pid !== null)
            bench.record('fanout.cpu', name, (rig.cpuUs() - before) / seen.received);
        }
      }
    });
  },
};
