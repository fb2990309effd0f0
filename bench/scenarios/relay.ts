import type { Bench } from '../bench.ts';
import type { DialectName } from '../dialects.ts';
import type { Rig } from '../rig.ts';
import type { Metric, Scenario } from '../scenario.ts';

/** One dialect's form of the scenario. */
export interface RelayForm {
  /** Of the scenario, and the beginning of its metrics' ids. */
  readonly name: string;
  readonly title: string;
  readonly dialect: DialectName;
  /** Stands before the metrics' labels. */
  readonly mark: string;
  readonly goals: Pick<Metric, 'goal' | 'variantGoals'>;
  /** What has to hold of a target that has been measured. */
  readonly check?: (rig: Rig, where: string, group: string) => Promise<void>;
}

/** Shares at fixed rates: what relaying one costs, and how long it takes. */
export function relaying(form: RelayForm): Scenario {
  return {
    name: form.name,
    title: form.title,
    metrics: (size) => size.relayConnections.flatMap((connections) => metricsFor(form, connections)),
    openFiles: (size) => 5 * Math.max(...size.relayConnections) + 500,
    run: async (bench) => {
      for (const connections of bench.size.relayConnections) await measure(bench, form, connections);
    },
  };
}

export const relay: Scenario = relaying({
  name: 'relay',
  title: 'Relaying shares at fixed rates',
  dialect: 'bitcoin-v1',
  mark: '',
  goals: {
    goal: { max: 60, maxToHaproxy: 1.7 },
    variantGoals: { shared: { maxToHaproxy: 0.8 }, verified: { maxToHaproxy: 1.1 } },
  },
});

function metricsFor({ name, mark, goals }: RelayForm, connections: number): readonly Metric[] {
  const at = `${connections} connections`;
  const latency = { unit: 'µs', decimals: 0, goal: null };
  return [
    {
      id: `${name}.cpu.${connections}`,
      label: `${mark}CPU per relayed share, ${at}`,
      unit: 'µs',
      decimals: 1,
      ...goals,
    },
    {
      id: `${name}.busy.${connections}`,
      label: `${mark}the same at the busier rate, ${at}`,
      unit: 'µs',
      decimals: 1,
      goal: null,
    },
    { id: `${name}.p50.${connections}`, label: `${mark}latency of a share, p50, ${at}`, ...latency },
    { id: `${name}.p99.${connections}`, label: `${mark}latency of a share, p99, ${at}`, ...latency },
    { id: `${name}.max.${connections}`, label: `${mark}latency of a share, greatest, ${at}`, ...latency },
  ];
}

async function measure(bench: Bench, form: RelayForm, connections: number): Promise<void> {
  const where = `${form.name}, ${connections} connections`;
  const { size, rate } = bench.options;
  await bench.withAll(
    connections,
    async (rigs) => {
      const groups: string[] = [];
      for (const rig of rigs) {
        const { group } = await rig.connect(where, connections, 50);
        groups.push(group);
        await rig.load(where, group, rate, size.warmUpMs);
      }
      await bench.rounds(size.rounds, async () => {
        for (const [index, rig] of rigs.entries())
          await measureOne(bench, form, rig, groups[index] ?? '', connections);
      });
      for (const [index, rig] of rigs.entries()) await form.check?.(rig, where, groups[index] ?? '');
    },
    form.dialect,
  );
}

/** CPU at two rates that keep the target busy, then latency at one that leaves the machine room to breathe. */
async function measureOne(
  bench: Bench,
  form: RelayForm,
  rig: Rig,
  group: string,
  connections: number,
): Promise<void> {
  const where = `${form.name}, ${connections} connections`;
  const { rate, busyRate, latencyRate, size } = bench.options;
  const { name } = rig.target.kind;
  const record = (what: string, value: number): void =>
    bench.record(`${form.name}.${what}.${connections}`, name, value);
  if (rig.target.pid !== null) {
    const usual = await rig.load(where, group, rate, size.windowMs);
    record('cpu', usual.cpuUsPerShareOfTarget);
    const busy = await rig.load(where, group, busyRate, size.windowMs / 2);
    record('busy', busy.cpuUsPerShareOfTarget);
  }
  const calm = await rig.load(where, group, latencyRate, size.windowMs / 2);
  bench.warnIfLate(where, rig.target.kind, calm.lateP99Us);
  record('p50', calm.p50Us);
  record('p99', calm.p99Us);
  record('max', calm.maxUs);
}
