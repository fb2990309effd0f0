import { opendir, readFile, stat, statfs } from 'node:fs/promises';
import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import type { HistogramRow } from '../domain/report.ts';

/** Kinds of garbage collection, named as prom-client names them. */
export const GC_KINDS = ['major', 'minor', 'incremental', 'weakcb'] as const;

export type GcKind = (typeof GC_KINDS)[number];

/** Delays of the event loop since the previous reading, in seconds. */
export interface EventLoopFacts {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export interface HeapSpaceFacts {
  readonly space: string;
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly availableBytes: number;
}

/** What Node and the operating system say of this process. Null: not to be had on this system. */
export interface ProcessFacts {
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly startTimeSeconds: number;
  readonly residentBytes: number;
  readonly virtualBytes: number | null;
  readonly dataBytes: number | null;
  readonly openFds: number | null;
  readonly maxFds: number | null;
  readonly heapTotalBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly heapSpaces: readonly HeapSpaceFacts[];
  /** How long a turn of the event loop took to come round just now, in seconds. */
  readonly eventLoopLagSeconds: number;
  /** Null when nothing was sampled since the previous reading. */
  readonly eventLoop: EventLoopFacts | null;
  readonly gc: Readonly<Record<GcKind, HistogramRow>>;
  readonly nodeVersion: string;
  /** What the disk of the data file has left for this user; null without a file or where the system does not tell. */
  readonly dataFreeBytes: number | null;
  /** The size of that disk. */
  readonly dataDiskBytes: number | null;
}

const GC_BOUNDS_SECONDS = [0.001, 0.01, 0.1, 1, 2, 5] as const;

const SAMPLING_MS = 10;

/** The kind by Node's numeric constant. */
const GC_KIND_OF: ReadonlyMap<number, GcKind> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** A histogram that is counted up in place. */
class GcHistogram implements HistogramRow {
  readonly bounds = GC_BOUNDS_SECONDS;
  readonly cumulative: number[] = GC_BOUNDS_SECONDS.map(() => 0);
  sum = 0;
  count = 0;

  observe(seconds: number): void {
    for (let at = this.bounds.length - 1; at >= 0 && seconds <= (this.bounds[at] ?? 0); at--) {
      this.cumulative[at] = (this.cumulative[at] ?? 0) + 1;
    }
    this.sum += seconds;
    this.count++;
  }
}

/**
 * Watches this process: event-loop delay and garbage collection from construction on, the rest when asked.
 * Holds a timer (that does not keep the process alive) and an observer until `stop`.
 */
export class ProcessMonitor {
  readonly #delay = monitorEventLoopDelay({ resolution: SAMPLING_MS });
  readonly #gc: Readonly<Record<GcKind, GcHistogram>> = {
    major: new GcHistogram(),
    minor: new GcHistogram(),
    incremental: new GcHistogram(),
    weakcb: new GcHistogram(),
  };
  readonly #gcObserver = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = GC_KIND_OF.get(gcConstantOf(entry));
      if (kind !== undefined) this.#gc[kind].observe(entry.duration / 1000);
    }
  });

  readonly #dataFolder: string | null;

  /** @param dataFolder where the data file is; null without one. */
  constructor(dataFolder: string | null = null) {
    this.#dataFolder = dataFolder;
    this.#delay.enable();
    this.#gcObserver.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.#delay.disable();
    this.#gcObserver.disconnect();
  }

  /** Reads everything; the event-loop delays start anew afterwards. Never throws for what the system lacks. */
  async read(): Promise<ProcessFacts> {
    const askedMs = performance.now();
    await setImmediate();
    const lagMs = performance.now() - askedMs;
    const [fds, limits, status, disk] = await Promise.all([
      countOpenFds(),
      readProc('/proc/self/limits'),
      readProc('/proc/self/status'),
      readDisk(this.#dataFolder),
    ]);
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    return {
      cpuUserSeconds: cpu.user / 1e6,
      cpuSystemSeconds: cpu.system / 1e6,
      startTimeSeconds: Math.round(performance.timeOrigin / 1000),
      residentBytes: memory.rss,
      virtualBytes: statusBytes(status, 'VmSize'),
      dataBytes: statusBytes(status, 'VmData'),
      openFds: fds,
      maxFds: limits === null ? null : maxFdsOf(limits),
      heapTotalBytes: memory.heapTotal,
      heapUsedBytes: memory.heapUsed,
      externalBytes: memory.external,
      heapSpaces: getHeapSpaceStatistics().map((space) => ({
        space: space.space_name.replace(/_space$/, ''),
        totalBytes: space.space_size,
        usedBytes: space.space_used_size,
        availableBytes: space.space_available_size,
      })),
      eventLoopLagSeconds: lagMs / 1000,
      eventLoop: this.#takeDelays(),
      gc: this.#gc,
      nodeVersion: process.version,
      ...disk,
    };
  }

  #takeDelays(): EventLoopFacts | null {
    const delay = this.#delay;
    if (delay.count === 0) return null;
    const facts = {
      min: delaySeconds(delay.min),
      max: delaySeconds(delay.max),
      mean: delaySeconds(delay.mean),
      stddev: delay.stddev / 1e9,
      p50: delaySeconds(delay.percentile(50)),
      p90: delaySeconds(delay.percentile(90)),
      p99: delaySeconds(delay.percentile(99)),
    };
    delay.reset();
    return facts;
  }
}

/** Node measures from one sample to the next, so its figure holds the sampling interval; what is above it is delay. */
function delaySeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - SAMPLING_MS / 1000);
}

function gcConstantOf(entry: object): number {
  const detail: unknown = Reflect.get(entry, 'detail');
  const kind: unknown =
    typeof detail === 'object' && detail !== null ? Reflect.get(detail, 'kind') : undefined;
  return typeof kind === 'number' ? kind : -1;
}

async function readDisk(
  folder: string | null,
): Promise<{ readonly dataFreeBytes: number | null; readonly dataDiskBytes: number | null }> {
  try {
    if (folder === null) return { dataFreeBytes: null, dataDiskBytes: null };
    const { bavail, blocks, bsize } = await statfs(folder);
    return { dataFreeBytes: bavail * bsize, dataDiskBytes: blocks * bsize };
  } catch {
    return { dataFreeBytes: null, dataDiskBytes: null };
  }
}

async function readProc(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}

/**
 * Open file descriptors. Linux 6.2 and later tell their number as the size of the directory (proc(5)); before, they
 * are counted entry by entry, off the main thread, since a busy proxy has a hundred thousand.
 */
export async function countOpenFds(): Promise<number | null> {
  const path = '/proc/self/fd';
  try {
    const { size } = await stat(path);
    if (size > 0) return size;
    let count = -1; // the directory itself is open while it is read
    for await (const _ of await opendir(path, { bufferSize: 1024 })) count++;
    return count;
  } catch {
    return null;
  }
}

/** The soft limit; `unlimited` is infinity. */
export function maxFdsOf(limits: string): number | null {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return null;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function statusBytes(status: string | null, key: string): number | null {
  const kib = status === null ? null : new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  return kib === null || kib === undefined ? null : Number(kib) * 1024;
}
