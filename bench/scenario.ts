import type { Bench } from './bench.ts';
import type { TargetKind, TargetName } from './targets/target.ts';

/** One row of the table. */
export interface Metric {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  readonly decimals: number;
  /** What this project promises of the dedicated proxy (target `proxy`); null where it promises nothing. */
  readonly goal: Goal | null;
  /** What it promises of its other variants. */
  readonly variantGoals?: Readonly<Partial<Record<VariantName, Goal>>>;
}

export type VariantName = 'shared' | 'verified';

export interface Goal {
  readonly max?: number;
  /** Greatest ratio to HAProxy of the same run. */
  readonly maxToHaproxy?: number;
}

/** A question put to every target. It records what it measures under the ids of its metrics, once per round and target. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  metrics(size: Size): readonly Metric[];
  /** Open files a process of this scenario needs; without them it is left out. */
  openFiles(size: Size): number;
  /** Open files with which it leaves nothing out. */
  wishedFiles?(size: Size): number;
  run(bench: Bench): Promise<void>;
}

/** A number of miners, and which targets are asked to carry them. */
export interface Crowd {
  readonly miners: number;
  /** Null for all. */
  readonly targets: readonly TargetName[] | null;
}

/** Those of the kinds that this crowd is for. */
export function carriers(kinds: readonly TargetKind[], { targets }: Crowd): readonly TargetKind[] {
  return targets === null ? kinds : kinds.filter(({ name }) => targets.includes(name));
}

/** How long and how often: the whole bench, or a look in about a minute. */
export interface Size {
  /** Rounds of what alternates between targets; fewer where they take longer than `roundsMs`, but no fewer than three. */
  readonly rounds: number;
  readonly roundsMs: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  readonly relayConnections: readonly number[];
  readonly setUpConnections: number;
  readonly fanOuts: readonly Crowd[];
  readonly fanOutJobs: number;
  readonly memoryMiners: number;
  readonly storms: readonly Crowd[];
  /** How long miners come and go at each target, 0 not at all. */
  readonly soakSeconds: number;
  /** Rounds of what is started afresh each time. */
  readonly freshRounds: number;
  /** No more is measured after this time (and that of the soak); what there is by then is reported. */
  readonly limitMs: number;
}

/** More than a dedicated proxy is made for: it would need a connection to the pool for each. */
const MANY: Crowd = { miners: 10_000, targets: ['direct', 'haproxy', 'shared', 'verified'] };

export const FULL: Size = {
  rounds: 9,
  roundsMs: 40_000,
  warmUpMs: 3_000,
  windowMs: 1_200,
  relayConnections: [200, 1_000],
  setUpConnections: 400,
  fanOuts: [{ miners: 1_000, targets: null }, MANY],
  fanOutJobs: 12,
  memoryMiners: 2_000,
  storms: [{ miners: 5_000, targets: null }, MANY],
  soakSeconds: 150,
  freshRounds: 3,
  limitMs: 1_200_000,
};

export const QUICK: Size = {
  rounds: 2,
  roundsMs: 20_000,
  warmUpMs: 1_000,
  windowMs: 1_200,
  relayConnections: [200],
  setUpConnections: 200,
  fanOuts: [{ miners: 1_000, targets: null }, MANY],
  fanOutJobs: 4,
  memoryMiners: 2_000,
  storms: [{ miners: 5_000, targets: null }, MANY],
  soakSeconds: 0,
  freshRounds: 1,
  limitMs: 420_000,
};
