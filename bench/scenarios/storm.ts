import type { Scenario } from '../scenario.ts';

/** After an outage everyone comes back at once, to a program that has just been started and has one core. */
export const storm: Scenario = {
  name: 'storm',
  title: 'Connect storm',
  metrics: ({ stormMiners }) => [
    {
      id: 'storm.last',
      label: `${stormMiners} miners connect at once: the last has its job after`,
      unit: 's',
      decimals: 2,
      goal: { max: 10 },
      variantGoals: { shared: { max: 5 }, verified: { max: 5 } },
    },
    {
      id: 'storm.p50',
      label: 'the same storm: half of them have it after',
      unit: 's',
      decimals: 2,
      goal: null,
    },
    {
      id: 'storm.refused',
      label: 'the same storm: refused, dropped or left without a job',
      unit: '',
      decimals: 0,
      goal: { max: 0 },
      variantGoals: { shared: { max: 0 }, verified: { max: 0 } },
    },
    { id: 'storm.cpu', label: 'the same storm: CPU used', unit: 's', decimals: 2, goal: null },
  ],
  openFiles: (size) => 2 * size.stormMiners + 1_000,
  run: async (bench) => {
    const { stormMiners, freshRounds } = bench.size;
    await bench.withCore(async (cpu) => {
      for (let round = 0; round < freshRounds; round++) {
        for (const kind of bench.kinds) {
          await bench.withOne(kind, { connections: stormMiners, cpus: cpu }, async (rig) => {
            const before = rig.cpuUs();
            const opened = await rig.tryConnect('storm', stormMiners, stormMiners);
            if (rig.target.pid !== null) bench.record('storm.cpu', kind.name, (rig.cpuUs() - before) / 1e6);
            bench.record('storm.last', kind.name, opened.elapsedMs / 1000);
            bench.record('storm.p50', kind.name, opened.p50Ms / 1000);
            bench.record('storm.refused', kind.name, stormMiners - opened.ready);
          });
        }
      }
    });
  },
};
