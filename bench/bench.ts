import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import type { Peer } from './control.ts';
import type { DialectName } from './dialects.ts';
import type { LoadCommands } from './load.ts';
import { openFilesLimit } from './machine.ts';
import type { PoolCommands, PoolOptions } from './pool.ts';
import { Rig, type RigOptions } from './rig.ts';
import type { Size } from './scenario.ts';
import type { TargetEnvironment, TargetKind, TargetName } from './targets/target.ts';

/** What a process has open besides its miners. */
export const SPARE_FILES = 1_000;
const LATE_LIMIT_US = 3_000;
/** Below this a median is no better than a single reading. */
const LEAST_ROUNDS = 3;

export interface BenchOptions {
  readonly size: Size;
  readonly pool: PoolOptions;
  /** Shares per second over all miners while CPU is measured. */
  readonly rate: number;
  /** The same where CPU is measured a second time, nearer to what the machine carries. */
  readonly busyRate: number;
  /** Shares per second over all miners while latency is measured. */
  readonly latencyRate: number;
  /** Loopback addresses the miners come from. */
  readonly sources: number;
  /** Accounts the miners of one target are spread over. */
  readonly accounts: number;
}

export interface BenchParts {
  readonly pool: Peer<PoolCommands>;
  readonly load: Peer<LoadCommands>;
  readonly environment: TargetEnvironment;
  /** The targets asked for and present, in the table's order. */
  readonly kinds: readonly TargetKind[];
  say(text: string): void;
}

/** What a scenario works with, and where it leaves what it found. */
export class Bench {
  readonly options: BenchOptions;
  readonly parts: BenchParts;
  /** metric id → target → one value per round. */
  readonly values = new Map<string, Map<TargetName, number[]>>();
  readonly failures: string[] = [];
  readonly #late = new Map<string, number>();
  #kinds: readonly TargetKind[];
  #lastGroup = 0;

  constructor(parts: BenchParts, options: BenchOptions) {
    this.#kinds = parts.kinds;
    this.parts = parts;
    this.options = options;
  }

  /** The targets that take part, in the table's order. */
  get kinds(): readonly TargetKind[] {
    return this.#kinds;
  }

  /** Starts each target once and mines through it for a moment; one that cannot do that fails the bench and takes no part in it. */
  async tryTargets(): Promise<void> {
    const able: TargetKind[] = [];
    for (const kind of this.parts.kinds) {
      const failed = this.failures.length;
      try {
        await this.withOne(kind, { connections: 10, cpus: null }, async (rig) => {
          const { group } = await rig.connect('trial', 2, 1);
          await rig.load('trial', group, 100, 200);
        });
      } catch (cause) {
        this.fail(`trial, ${kind.label}`, cause instanceof Error ? cause.message : String(cause));
      }
      if (this.failures.length === failed) able.push(kind);
    }
    this.#kinds = able;
  }

  get size(): Size {
    return this.options.size;
  }

  record(metric: string, target: TargetName, value: number): void {
    let byTarget = this.values.get(metric);
    if (byTarget === undefined) {
      byTarget = new Map();
      this.values.set(metric, byTarget);
    }
    const values = byTarget.get(target);
    if (values === undefined) byTarget.set(target, [value]);
    else values.push(value);
  }

  /** Something that must not happen: it fails the bench. */
  fail(where: string, what: string): void {
    this.failures.push(`${where}: ${what}`);
    this.parts.say(`  FAILED ${where}: ${what}`);
  }

  /** Notes that the generator itself could not keep to its schedule, which makes latencies doubtful; once per place. */
  warnIfLate(where: string, kind: TargetKind, lateP99Us: number): void {
    if (lateP99Us < LATE_LIMIT_US) return;
    const place = `${where}, ${kind.label}`;
    this.#late.set(place, Math.max(lateP99Us, this.#late.get(place) ?? 0));
  }

  get warnings(): readonly string[] {
    return [...this.#late].map(
      ([place, lateUs]) =>
        `${place}: shares left the generator up to ${(lateUs / 1000).toFixed(1)} ms late (p99); the machine is busy with something else`,
    );
  }

  nextGroup(): string {
    this.#lastGroup++;
    return `group${this.#lastGroup}`;
  }

  /** False, with a line that says so, where this machine does not let a target open files for so many miners. */
  canCarry(where: string, kind: TargetKind, miners: number): boolean {
    const needed = kind.filesPerMiner * miners + SPARE_FILES;
    if (openFilesLimit() >= needed) return true;
    this.parts.say(
      `  ${where}: ${kind.label} is left out: it needs ${needed} open files, the limit is ${openFilesLimit()}`,
    );
    return false;
  }

  /** Goes through the rounds of a scenario whose targets take turns; when their time is up, the round under way is the last. */
  async rounds(atMost: number, useRound: () => Promise<void>): Promise<void> {
    const until = performance.now() + this.size.roundsMs;
    for (let round = 0; round < atMost; round++) {
      if (round >= LEAST_ROUNDS && performance.now() >= until) return;
      await useRound();
    }
  }

  /** Runs `use` with a freshly started target of each kind, all of them alive at once so that rounds can alternate. */
  async withAll(
    connections: number,
    use: (rigs: readonly Rig[]) => Promise<void>,
    dialect: DialectName = 'bitcoin-v1',
  ): Promise<void> {
    const rigs: Rig[] = [];
    try {
      for (const kind of this.kinds)
        rigs.push(await Rig.start(this, kind, { connections, cpus: null, dialect }));
      await use(rigs);
    } finally {
      for (const rig of rigs) await rig.stop();
    }
  }

  /** Runs `use` with one freshly started target. */
  async withOne(kind: TargetKind, options: RigOptions, use: (rig: Rig) => Promise<void>): Promise<void> {
    const rig = await Rig.start(this, kind, options);
    try {
      await use(rig);
    } finally {
      await rig.stop();
    }
  }

  /**
   * Keeps pool and miners off the first CPU while `use` runs and hands that CPU to it, so that a target can be measured on
   * one core of its own; hands it null where the machine has a single CPU or no `taskset`.
   */
  async withCore(use: (cpu: string | null) => Promise<void>): Promise<void> {
    const last = cpus().length - 1;
    const peers = [this.parts.pool.pid, this.parts.load.pid];
    if (last < 1 || !peers.every((pid) => confine(pid, `1-${last}`))) {
      await use(null);
      return;
    }
    try {
      await use('0');
    } finally {
      for (const pid of peers) confine(pid, `0-${last}`);
    }
  }
}

function confine(pid: number, cpuList: string): boolean {
  return spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cpuList, String(pid)]).status === 0;
}
