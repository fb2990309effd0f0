import type { Scenario } from '../scenario.ts';

const CONNECTIONS = 200;

/** Every miner sends its next share as soon as the last is answered: how many the machine carries, generator and pool included. */
export const throughput: Scenario = {
  name: 'throughput',
  title: 'As many shares as go through',
  metrics: () => [
    {
      id: 'throughput.rate',
      label: `shares per second, ${CONNECTIONS} miners, one share each under way`,
      unit: '/s',
      decimals: 0,
      goal: null,
    },
    { id: 'throughput.cpu', label: 'CPU per share at that rate', unit: 'µs', decimals: 1, goal: null },
  ],
  openFiles: () => 5 * CONNECTIONS + 500,
  run: async (bench) => {
    const { rounds, warmUpMs, windowMs } = bench.size;
    await bench.withAll(CONNECTIONS, async (rigs) => {
      const groups: string[] = [];
      for (const rig of rigs) {
        const { group } = await rig.connect('throughput', CONNECTIONS, 50);
        groups.push(group);
        await rig.load('throughput, warm-up', group, null, warmUpMs / 2);
      }
      for (let round = 0; round < Math.min(rounds, 3); round++) {
        for (const [index, rig] of rigs.entries()) {
          const ran = await rig.load('throughput', groups[index] ?? '', null, windowMs);
          const { name } = rig.target.kind;
          bench.record('throughput.rate', name, (1000 * ran.accepted) / ran.elapsedMs);
          if (rig.target.pid !== null) bench.record('throughput.cpu', name, ran.cpuUsPerShareOfTarget);
        }
      }
    });
  },
};
