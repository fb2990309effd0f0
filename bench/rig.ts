import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import type { DialectName } from './dialects.ts';
import type { JobSeen, Opened, Ran } from './load.ts';
import type { JobSent, PoolCounts } from './pool.ts';
import type { Target, TargetKind } from './targets/target.ts';
import { cpuUs, type Memory, memoryOf, openFilesOf } from './usage.ts';

const OPEN_TIMEOUT_MS = 30_000;
const DRAIN_MS = 10_000;
const LEAVE_TIMEOUT_MS = 5_000;
/** Too few of a miner to have it quarantined. */
const UNWORTHY_SHARES = 20;

/** A stretch of load and what it cost the target. */
export interface Loaded extends Ran {
  readonly cpuUsPerShareOfTarget: number;
}

/** Miners that have been here before. */
export interface Known {
  readonly users: readonly string[];
  /** Session ids with which the first of them come back. */
  readonly resume: readonly string[];
}

/** Miners that have logged in, and the name under which the generator knows them. */
export interface Connected extends Opened {
  readonly group: string;
}

export interface RigOptions {
  readonly connections: number;
  readonly cpus: string | null;
  /** Further flags for the target where it is this project's program. */
  readonly proxyArguments?: readonly string[];
  /** Gives its accounts a second pool port to fall back to. */
  readonly withBackup?: boolean;
  /** What miners and pool speak; absent: bitcoin-v1. */
  readonly dialect?: DialectName;
}

/** One target with a pool port of its own behind it and the miners in front of it. */
export class Rig {
  readonly target: Target;
  readonly #bench: Bench;
  readonly #dialect: DialectName;
  readonly #poolPort: number;
  readonly #backupPoolPort: number | null;
  readonly #groups: string[] = [];
  /** Of all its pool ports. */
  readonly #openPorts: Set<number>;

  private constructor(
    bench: Bench,
    target: Target,
    dialect: DialectName,
    poolPort: number,
    backupPoolPort: number | null,
  ) {
    this.#bench = bench;
    this.target = target;
    this.#dialect = dialect;
    this.#poolPort = poolPort;
    this.#backupPoolPort = backupPoolPort;
    this.#openPorts = new Set(backupPoolPort === null ? [poolPort] : [poolPort, backupPoolPort]);
  }

  static async start(bench: Bench, kind: TargetKind, options: RigOptions): Promise<Rig> {
    const { pool, environment } = bench.parts;
    const { connections, cpus, proxyArguments = [], withBackup = false, dialect = 'bitcoin-v1' } = options;
    const poolOptions = { ...bench.options.pool, dialect };
    const poolPort = await pool.ask('listen', poolOptions);
    const backupPoolPort = withBackup ? await pool.ask('listen', poolOptions) : null;
    const target = await kind.start(
      { ...environment, proxyArguments: [...environment.proxyArguments, ...proxyArguments] },
      { connections, cpus, poolPort, dialect },
    );
    return new Rig(bench, target, dialect, poolPort, backupPoolPort);
  }

  /** CPU the target's process tree has used so far, in microseconds; 0 where there is none. */
  cpuUs(): number {
    return this.target.pid === null ? 0 : cpuUs(this.target.pid);
  }

  openFiles(): number {
    if (this.target.pid === null) throw new Error(`${this.target.kind.name} has no process to measure`);
    return openFilesOf(this.target.pid);
  }

  memory(): Memory {
    if (this.target.pid === null) throw new Error(`${this.target.kind.name} has no process to measure`);
    return memoryOf(this.target.pid);
  }

  /** Logs in so many miners, a few handshakes at a time; throws when one of them gets no job, since nothing after it would mean anything. */
  async connect(where: string, count: number, atOnce: number, known?: Known): Promise<Connected> {
    const opened = await this.tryConnect(where, count, atOnce, known);
    if (opened.ready < count)
      throw new Error(`${this.target.kind.label}: ${count - opened.ready} of ${count} miners got no job`);
    return opened;
  }

  /** The same, but goes on: the bench has failed, and how many were refused is the caller's to record. */
  async tryConnect(where: string, count: number, atOnce: number, known?: Known): Promise<Connected> {
    const { sources } = this.#bench.options;
    const group = this.#bench.nextGroup();
    const users = known?.users ?? (await this.enrol(count));
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
        dialect: this.#dialect,
        ...(known === undefined ? {} : { resume: known.resume }),
      },
      OPEN_TIMEOUT_MS + 10_000,
    );
    this.#report(where, opened.failures);
    return { ...opened, group };
  }

  /** Accounts for so many miners, none of them used before. */
  enrol(miners: number): Promise<readonly string[]> {
    return this.target.enrol(Math.min(this.#bench.options.accounts, miners), this.#backupPoolPort);
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

  /** Sends some shares whose hash misses the target; the bench has failed unless the target itself refuses every one of them. */
  async loadUnworthy(where: string, group: string): Promise<void> {
    const { pool, load } = this.#bench.parts;
    const before = await pool.ask('counts', { port: this.#poolPort });
    const ran = await load.ask('run', {
      group,
      rate: UNWORTHY_SHARES * 10,
      durationMs: 100,
      drainMs: DRAIN_MS,
      mayRefuse: true,
      isUnworthy: true,
    });
    const after = await pool.ask('counts', { port: this.#poolPort });
    this.#report(where, ran.failures);
    const passedOn = after.accepted + after.refused - before.accepted - before.refused;
    if (ran.refused !== UNWORTHY_SHARES || passedOn > 0)
      this.#bench.fail(
        this.#at(where),
        `of ${ran.sent} shares that miss their target ${ran.refused} were refused and ${passedOn} went to the pool`,
      );
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

  /** What the backup pool has seen. */
  backupCounts(): Promise<PoolCounts> {
    return this.#bench.parts.pool.ask('counts', { port: this.#backupPort() });
  }

  /**
   * Sends shares at a fixed rate and lets the pool die `killAfterMs` later: its sockets are reset, its port is closed. Waits until
   * every miner has a job of the backup pool and every share its answer. Refusals are no failure here, everything else is.
   */
  async loadThroughFailover(
    where: string,
    group: string,
    options: { readonly rate: number; readonly durationMs: number; readonly killAfterMs: number },
  ): Promise<{ readonly ran: Ran; readonly killedUs: number; readonly seen: JobSeen }> {
    const { pool, load } = this.#bench.parts;
    const { rate, durationMs, killAfterMs } = options;
    const marker = await pool.ask('marker', { port: this.#backupPort() });
    await load.ask('watchJob', { group, marker });
    const running = load.ask(
      'run',
      { group, rate, durationMs, drainMs: DRAIN_MS, mayRefuse: true },
      durationMs + 2 * DRAIN_MS + 10_000,
    );
    const killing = sleep(killAfterMs).then(() => pool.ask('close', { port: this.#poolPort }));
    const [ran, killedUs] = await Promise.all([running, killing]);
    this.#openPorts.delete(this.#poolPort);
    const seen = await load.ask('jobSeen', { group, marker, timeoutMs: DRAIN_MS });
    this.#report(where, ran.failures);
    if (seen.missing > 0)
      this.#bench.fail(this.#at(where), `${seen.missing} miners did not get a job of the backup pool`);
    return { ran, killedUs, seen };
  }

  /** Ends the miners of one group; a socket that had been closed by the other side meanwhile fails the bench. */
  async disconnect(where: string, group: string): Promise<void> {
    const index = this.#groups.indexOf(group);
    if (index === -1) return;
    this.#groups.splice(index, 1);
    this.#report(where, await this.#bench.parts.load.ask('close', { group }));
  }

  /** Ends them half by FIN, half by RST, and hands back the session ids they had. */
  async leave(where: string, group: string): Promise<readonly string[]> {
    this.#groups.splice(this.#groups.indexOf(group), 1);
    const left = await this.#bench.parts.load.ask('leave', { group, timeoutMs: LEAVE_TIMEOUT_MS });
    this.#report(where, left.failures);
    return left.sessionIds;
  }

  async stop(): Promise<void> {
    for (const group of this.#groups.splice(0)) await this.#bench.parts.load.ask('close', { group });
    await this.target.stop();
    for (const port of this.#openPorts) await this.#bench.parts.pool.ask('close', { port });
  }

  #backupPort(): number {
    if (this.#backupPoolPort === null) throw new Error('this target was started without a backup pool');
    return this.#backupPoolPort;
  }

  #at(where: string): string {
    return `${where}, ${this.target.kind.label}`;
  }

  #report(where: string, failures: Readonly<Record<string, number>>): void {
    for (const [reason, times] of Object.entries(failures))
      this.#bench.fail(this.#at(where), `${times} × ${reason}`);
  }
}
