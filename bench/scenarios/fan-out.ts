import { type Bench, SPARE_FILES } from '../bench.ts';
import type { Rig } from '../rig.ts';
import { type Crowd, carriers, type Metric, type Scenario } from '../scenario.ts';

const WARM_UP_JOBS = 3;
const PAUSE_MS = 150;
/** Up to here all targets are up at once and take turns job by job; above, it would take too many files. */
const TURNS_UP_TO = 1_000;

/** A new block: how long until the last miner has the new job. */
export const fanOut: Scenario = {
  name: 'fanout',
  title: 'Fan-out of a new job',
  metrics: ({ fanOuts }) => fanOuts.flatMap(metricsFor),
  openFiles: ({ fanOuts }) => 5 * Math.min(...fanOuts.map(({ miners }) => miners)) + 500,
  wishedFiles: ({ fanOuts }) => 2 * Math.max(...fanOuts.map(({ miners }) => miners)) + SPARE_FILES,
  run: async (bench) => {
    for (const crowd of bench.size.fanOuts) {
      if (crowd.miners <= TURNS_UP_TO) await inTurns(bench, crowd.miners);
      else await oneByOne(bench, crowd);
    }
  },
};

function metricsFor({ miners, targets }: Crowd): readonly Metric[] {
  // A goal of the variants made for many; the dedicated proxy has a connection to the pool for each miner to read from.
  const last = targets === null ? {} : { variantGoals: { shared: { max: 100 }, verified: { max: 100 } } };
  return [
    {
      id: `fanout.first.${miners}`,
      label: `new job until the first of ${miners} miners has it`,
      unit: 'ms',
      decimals: 2,
      goal: null,
    },
    {
      id: `fanout.last.${miners}`,
      label: `new job until the last of ${miners} miners has it`,
      unit: 'ms',
      decimals: 1,
      goal: null,
      ...last,
    },
    {
      id: `fanout.cpu.${miners}`,
      label: `CPU per job and miner, ${miners} miners`,
      unit: 'µs',
      decimals: 1,
      goal: null,
    },
  ];
}

async function inTurns(bench: Bench, miners: number): Promise<void> {
  await bench.withAll(miners, async (rigs) => {
    const groups: string[] = [];
    for (const rig of rigs) groups.push((await rig.connect('fanout', miners, 50)).group);
    for (let job = 0; job < WARM_UP_JOBS + bench.size.fanOutJobs; job++)
      for (const [index, rig] of rigs.entries())
        await sendJob(bench, rig, groups[index] ?? '', miners, job >= WARM_UP_JOBS);
  });
}

/** Each target has a core of its own; pool and miners share what is left. */
async function oneByOne(bench: Bench, crowd: Crowd): Promise<void> {
  const { miners } = crowd;
  await bench.withCore(async (cpu) => {
    for (const kind of carriers(bench.kinds, crowd)) {
      if (!bench.canCarry('fanout', kind, miners)) continue;
      await bench.withOne(kind, { connections: miners, cpus: cpu }, async (rig) => {
        const { group } = await rig.connect('fanout', miners, 50);
        for (let job = 0; job < WARM_UP_JOBS + bench.size.fanOutJobs; job++)
          await sendJob(bench, rig, group, miners, job >= WARM_UP_JOBS);
      });
    }
  });
}

async function sendJob(
  bench: Bench,
  rig: Rig,
  group: string,
  miners: number,
  isRecorded: boolean,
): Promise<void> {
  const before = rig.cpuUs();
  const { sent, seen } = await rig.sendJob('fanout', group);
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  if (!isRecorded || seen.received === 0) return;
  const { name } = rig.target.kind;
  bench.record(`fanout.first.${miners}`, name, (seen.firstUs - sent.firstWriteUs) / 1000);
  bench.record(`fanout.last.${miners}`, name, (seen.lastUs - sent.firstWriteUs) / 1000);
  if (rig.target.pid !== null)
    bench.record(`fanout.cpu.${miners}`, name, (rig.cpuUs() - before) / seen.received);
}
