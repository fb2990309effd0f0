import type { Bench } from './bench.ts';
import type { JobSeen, Opened, Ran } from './load.ts';
import type { JobSent } from './pool.ts';
import type { Target, TargetKind } from './targets/target.ts';
import { cpuUs, type Memory, memoryOf } from './usage.ts';

const OPEN_TIMEOUT_MS = 30_000;
const DRAIN_MS = 10_000;

/** A stretch of load and what it cost the target. */
export interface Loaded extends Ran {
  readonly cpuUsPerShareOfTarget: number;
}

/** Miners that have logged in, and the name under which the generator knows them. */
export interface Connected extends Opened {
  readonly group: string;
}

/** One target with a pool port of its own behind it and the miners in front of it. */
export class Rig {
  readonly target: Target;
  readonly #bench: Bench;
  readonly #poolPort: number;
  readonly #groups: string[] = [];

  private constructor(bench: Bench, target: Target, poolPort: number) {
    this.#bench = bench;
    this.target = target;
    this.#poolPort = poolPort;
  }

  static async start(
    bench: Bench,
    kind: TargetKind,
    options: { connections: number; cpus: string | null },
  ): Promise<Rig> {
    const { pool, environment } = bench.parts;
    const poolPort = await pool.ask('listen', bench.options.pool);
    const target = await kind.start(environment, { ...options, poolPort });
    return new Rig(bench, target, poolPort);
  }

  /** CPU the target's process tree has used so far, in microseconds; 0 where there is none. */
  cpuUs(): number {
    return this.target.pid === null ? 0 : cpuUs(this.target.pid);
  }

  memory(): Memory {
    if (this.target.pid === null) throw new Error(`${this.target.kind.name} has no process to measure`);
    return memoryOf(this.target.pid);
  }

  /** Logs in so many miners, a few handshakes at a time; throws when one of them gets no job, since nothing after it would mean anything. */
  async connect(where: string, count: number, atOnce: number): Promise<Connected> {
    const opened = await this.tryConnect(where, count, atOnce);
    if (opened.ready < count)
      throw new Error(`${this.target.kind.label}: ${count - opened.ready} of ${count} miners got no job`);
    return opened;
  }

  /** The same, but goes on: the bench has failed, and how many were refused is the caller's to record. */
  async tryConnect(where: string, count: number, atOnce: number): Promise<Connected> {
    const { sources, accounts } = this.#bench.options;
    const group = this.#bench.nextGroup();
    const users = await this.target.enrol(Math.min(accounts, count));
    this.#groups.push(group);
    const opened = await this.#bench.parts.load.ask(
      'open',
      {
        group,
        host: this.target.host,
        port: this.target.port,
        count,
        users,
        atOnce,
        sources,
        timeoutMs: OPEN_TIMEOUT_MS,
      },
      OPEN_TIMEOUT_MS + 10_000,
    );
    this.#report(where, opened.failures);
    return { ...opened, group };
  }

  /** Sends shares for a while; `rate` null lets every miner send as fast as it is answered. */
  async load(where: string, group: string, rate: number | null, durationMs: number): Promise<Loaded> {
    const { pool, load } = this.#bench.parts;
    const before = await pool.ask('counts', { port: this.#poolPort });
    const cpuBefore = this.cpuUs();
    const ran = await load.ask(
      'run',
      { group, rate, durationMs, drainMs: DRAIN_MS },
      durationMs + 2 * DRAIN_MS + 10_000,
    );
    const usedUs = this.cpuUs() - cpuBefore;
    const after = await pool.ask('counts', { port: this.#poolPort });
    this.#report(where, ran.failures);
    const pooled = after.accepted - before.accepted;
    if (pooled !== ran.accepted)
      this.#bench.fail(
        this.#at(where),
        `miners got ${ran.accepted} shares accepted, the pool accepted ${pooled}`,
      );
    return { ...ran, cpuUsPerShareOfTarget: usedUs / Math.max(1, ran.accepted) };
  }

  /** Sends one new job from the pool to all its connections and waits until every miner of the group has it. */
  async sendJob(where: string, group: string): Promise<{ sent: JobSent; seen: JobSeen }> {
    const { pool, load } = this.#bench.parts;
    await load.ask('watchJob', { group });
    const sent = await pool.ask('job', { port: this.#poolPort });
    const seen = await load.ask('jobSeen', { group, marker: sent.marker, timeoutMs: DRAIN_MS });
    if (seen.missing > 0)
      this.#bench.fail(this.#at(where), `${seen.missing} miners did not receive a new job`);
    return { sent, seen };
  }

  /** Ends the miners of one group; a socket that had been closed by the other side meanwhile fails the bench. */
  async disconnect(where: string, group: string): Promise<void> {
    const index = this.#groups.indexOf(group);
    if (index === -1) return;
    this.#groups.splice(index, 1);
    this.#report(where, await this.#bench.parts.load.ask('close', { group }));
  }

  async stop(): Promise<void> {
    for (const group of this.#groups.splice(0)) await this.#bench.parts.load.ask('close', { group });
    await this.target.stop();
    await this.#bench.parts.pool.ask('close', { port: this.#poolPort });
  }

  #at(where: string): string {
    return `${where}, ${this.target.kind.label}`;
  }

  #report(where: string, failures: Readonly<Record<string, number>>): void {
    for (const [reason, times] of Object.entries(failures))
      this.#bench.fail(this.#at(where), `${times} × ${reason}`);
  }
}
