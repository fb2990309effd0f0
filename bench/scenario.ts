import type { Bench } from './bench.ts';

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
  /** Open files a process of this scenario needs at most. */
  openFiles(size: Size): number;
  run(bench: Bench): Promise<void>;
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
  readonly fanOutMiners: number;
  readonly fanOutJobs: number;
  readonly memoryMiners: number;
  readonly stormMiners: number;
  /** Rounds of what is started afresh each time. */
  readonly freshRounds: number;
  /** No more is measured after this time; what there is by then is reported. */
  readonly limitMs: number;
}

export const FULL: Size = {
  rounds: 9,
  roundsMs: 40_000,
  warmUpMs: 3_000,
  windowMs: 1_200,
  relayConnections: [200, 1_000],
  setUpConnections: 400,
  fanOutMiners: 1_000,
  fanOutJobs: 12,
  memoryMiners: 2_000,
  stormMiners: 5_000,
  freshRounds: 3,
  limitMs: 420_000,
};

export const QUICK: Size = {
  rounds: 2,
  roundsMs: 20_000,
  warmUpMs: 1_000,
  windowMs: 1_200,
  relayConnections: [200],
  setUpConnections: 200,
  fanOutMiners: 1_000,
  fanOutJobs: 4,
  memoryMiners: 2_000,
  stormMiners: 5_000,
  freshRounds: 1,
  limitMs: 180_000,
};
