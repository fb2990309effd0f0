import type { Bench } from '../bench.ts';
import type { Rig } from '../rig.ts';
import type { Metric, Scenario } from '../scenario.ts';

/** Shares at fixed rates: what relaying one costs, and how long it takes. */
export const relay: Scenario = {
  name: 'relay',
  title: 'Relaying shares at fixed rates',
  metrics: (size) => size.relayConnections.flatMap(metricsFor),
  openFiles: (size) => 5 * Math.max(...size.relayConnections) + 500,
  run: async (bench) => {
    for (const connections of bench.size.relayConnections) await measure(bench, connections);
  },
};

function metricsFor(connections: number): readonly Metric[] {
  const at = `${connections} connections`;
  const latency = { unit: 'µs', decimals: 0, goal: null };
  return [
    {
      id: `relay.cpu.${connections}`,
      label: `CPU per relayed share, ${at}`,
      unit: 'µs',
      decimals: 1,
      goal: { max: 60, maxToHaproxy: 1.7 },
      variantGoals: { shared: { maxToHaproxy: 0.8 }, verified: { maxToHaproxy: 1.1 } },
    },
    {
      id: `relay.busy.${connections}`,
      label: `the same at the busier rate, ${at}`,
      unit: 'µs',
      decimals: 1,
      goal: null,
    },
    { id: `relay.p50.${connections}`, label: `latency of a share, p50, ${at}`, ...latency },
    { id: `relay.p99.${connections}`, label: `latency of a share, p99, ${at}`, ...latency },
    { id: `relay.max.${connections}`, label: `latency of a share, greatest, ${at}`, ...latency },
  ];
}

async function measure(bench: Bench, connections: number): Promise<void> {
  const where = `relay, ${connections} connections`;
  const { size, rate } = bench.options;
  await bench.withAll(connections, async (rigs) => {
    const groups: string[] = [];
    for (const rig of rigs) {
      const { group } = await rig.connect(where, connections, 50);
      groups.push(group);
      await rig.load(where, group, rate, size.warmUpMs);
    }
    await bench.rounds(size.rounds, async () => {
      for (const [index, rig] of rigs.entries())
        await measureOne(bench, rig, groups[index] ?? '', connections);
    });
  });
}

/** CPU at two rates that keep the target busy, then latency at one that leaves the machine room to breathe. */
async function measureOne(bench: Bench, rig: Rig, group: string, connections: number): Promise<void> {
  const where = `relay, ${connections} connections`;
  const { rate, busyRate, latencyRate, size } = bench.options;
  const { name } = rig.target.kind;
  if (rig.target.pid !== null) {
    const usual = await rig.load(where, group, rate, size.windowMs);
    bench.record(`relay.cpu.${connections}`, name, usual.cpuUsPerShareOfTarget);
    const busy = await rig.load(where, group, busyRate, size.windowMs / 2);
    bench.record(`relay.busy.${connections}`, name, busy.cpuUsPerShareOfTarget);
  }
  const calm = await rig.load(where, group, latencyRate, size.windowMs / 2);
  bench.warnIfLate(where, rig.target.kind, calm.lateP99Us);
  bench.record(`relay.p50.${connections}`, name, calm.p50Us);
  bench.record(`relay.p99.${connections}`, name, calm.p99Us);
  bench.record(`relay.max.${connections}`, name, calm.maxUs);
}
