import { SPARE_FILES } from '../bench.ts';
import { type Crowd, carriers, type Metric, type Scenario } from '../scenario.ts';

/** After an outage everyone comes back at once, to a program that has just been started and has one core. */
export const storm: Scenario = {
  name: 'storm',
  title: 'Connect storm',
  metrics: ({ storms }) => storms.flatMap(metricsFor),
  openFiles: ({ storms }) => 2 * Math.min(...storms.map(({ miners }) => miners)) + SPARE_FILES,
  wishedFiles: ({ storms }) => 2 * Math.max(...storms.map(({ miners }) => miners)) + SPARE_FILES,
  run: async (bench) => {
    const { storms, freshRounds } = bench.size;
    await bench.withCore(async (cpu) => {
      for (const crowd of storms) {
        const { miners } = crowd;
        const kinds = carriers(bench.kinds, crowd).filter((kind) => bench.canCarry('storm', kind, miners));
        for (let round = 0; round < freshRounds; round++) {
          for (const kind of kinds) {
            await bench.withOne(kind, { connections: miners, cpus: cpu }, async (rig) => {
              const before = rig.cpuUs();
              const opened = await rig.tryConnect('storm', miners, miners);
              if (rig.target.pid !== null)
                bench.record(`storm.cpu.${miners}`, kind.name, (rig.cpuUs() - before) / 1e6);
              bench.record(`storm.last.${miners}`, kind.name, opened.elapsedMs / 1000);
              bench.record(`storm.p50.${miners}`, kind.name, opened.p50Ms / 1000);
              bench.record(`storm.refused.${miners}`, kind.name, miners - opened.ready);
            });
          }
        }
      }
    });
  },
};

function metricsFor({ miners, targets }: Crowd): readonly Metric[] {
  const hasDedicated = targets === null || targets.includes('proxy');
  const seconds = { unit: 's', decimals: 2 };
  return [
    {
      id: `storm.last.${miners}`,
      label: `${miners} miners connect at once: the last has its job after`,
      ...seconds,
      goal: hasDedicated ? { max: 10 } : null,
      variantGoals: { shared: { max: 5 }, verified: { max: 5 } },
    },
    {
      id: `storm.p50.${miners}`,
      label: `the same storm of ${miners}: half of them have it after`,
      ...seconds,
      goal: null,
    },
    {
      id: `storm.refused.${miners}`,
      label: `the same storm of ${miners}: refused, dropped or left without a job`,
      unit: '',
      decimals: 0,
      goal: hasDedicated ? { max: 0 } : null,
      variantGoals: { shared: { max: 0 }, verified: { max: 0 } },
    },
    { id: `storm.cpu.${miners}`, label: `the same storm of ${miners}: CPU used`, ...seconds, goal: null },
  ];
}
