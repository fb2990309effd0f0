import type { DialectName } from '../dialects.ts';
import type { Rig } from '../rig.ts';
import type { Scenario, Size } from '../scenario.ts';
import type { Memory } from '../usage.ts';

/** Connected before the first reading, so that code loaded by the first login is not charged to the miners. */
const FIRST_MINERS = 50;
const SETTLE_STEP_MS = 500;
const SETTLE_LIMIT_MS = 8_000;
const SETTLED_BELOW = 0.005;

/** One dialect's form of the scenario. */
export interface MemoryForm {
  /** Of the scenario, and the beginning of its metrics' ids. */
  readonly name: string;
  readonly title: string;
  readonly dialect: DialectName;
  /** Stands before the metrics' labels. */
  readonly mark: string;
  /** KB of resident memory per miner with a connection to the pool of its own, or null. */
  readonly dedicatedMaxKb: number | null;
}

/** Idle miners: memory per authorised connection, its connection to the pool included. */
export function idling({ name, title, dialect, mark, dedicatedMaxKb }: MemoryForm): Scenario {
  return {
    name,
    title,
    metrics: ({ memoryMiners }) => [
      {
        id: `${name}.rss`,
        label: `${mark}RSS per idle authorised miner (of ${memoryMiners})`,
        unit: 'KB',
        decimals: 1,
        goal: dedicatedMaxKb === null ? null : { max: dedicatedMaxKb },
        variantGoals: { shared: { max: 8 }, verified: { max: 8 } },
      },
      {
        id: `${name}.next`,
        label: `${mark}RSS for each of the next ${memoryMiners}`,
        unit: 'KB',
        decimals: 1,
        goal: null,
      },
      {
        id: `${name}.private`,
        label: `${mark}private memory per idle authorised miner`,
        unit: 'KB',
        decimals: 1,
        goal: null,
      },
      {
        id: `${name}.base`,
        label: `${mark}RSS with ${FIRST_MINERS} miners`,
        unit: 'MB',
        decimals: 0,
        goal: null,
      },
    ],
    openFiles: (size) => 2 * mostMiners(size) + 500,
    run: async (bench) => {
      const { memoryMiners, freshRounds } = bench.size;
      const options = { connections: mostMiners(bench.size), cpus: null, dialect };
      for (let round = 0; round < freshRounds; round++) {
        for (const kind of bench.kinds) {
          await bench.withOne(kind, options, async (rig) => {
            if (rig.target.pid === null) return;
            await rig.connect(name, FIRST_MINERS, 10);
            const before = await settle(rig);
            await rig.connect(name, memoryMiners, 50);
            const after = await settle(rig);
            bench.record(`${name}.base`, kind.name, before.rssKb / 1024);
            bench.record(`${name}.rss`, kind.name, (after.rssKb - before.rssKb) / memoryMiners);
            if (after.privateKb !== null && before.privateKb !== null)
              bench.record(`${name}.private`, kind.name, (after.privateKb - before.privateKb) / memoryMiners);
            // What the runtime takes once, when it is first used much, is in the figure above and not in this one.
            await rig.connect(name, memoryMiners, 50);
            const atLast = await settle(rig);
            bench.record(`${name}.next`, kind.name, (atLast.rssKb - after.rssKb) / memoryMiners);
          });
        }
      }
    },
  };
}

export const memory: Scenario = idling({
  name: 'memory',
  title: 'Memory of idle miners',
  dialect: 'bitcoin-v1',
  mark: '',
  dedicatedMaxKb: 20,
});

function mostMiners({ memoryMiners }: Size): number {
  return 2 * memoryMiners + FIRST_MINERS;
}

/** Waits until two readings in a row differ by next to nothing, or the time is up. */
async function settle(rig: Rig): Promise<Memory> {
  const until = performance.now() + SETTLE_LIMIT_MS;
  let last = rig.memory();
  for (let calm = 0; calm < 3 && performance.now() < until; ) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_STEP_MS));
    const now = rig.memory();
    calm = Math.abs(now.rssKb - last.rssKb) < SETTLED_BELOW * last.rssKb ? calm + 1 : 0;
    last = now;
  }
  return last;
}
