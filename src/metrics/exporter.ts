import type { WorkerReport } from '../domain/report.ts';
import { Pacer } from '../kit/pacer.ts';
import { type ExpositionFormat, renderFamilies } from './exposition.ts';
import { METRIC_FAMILIES } from './index.ts';
import { ProcessMonitor } from './process-monitor.ts';
import {
  type BuildFacts,
  foldReports,
  type ReadyCheck,
  type ReloadFacts,
  type ScrapeInput,
} from './scrape.ts';

/**
 * The whole exposition in chunks of at most 64 KiB, made as they are asked for. A hundred thousand sessions never
 * hold the event loop for more than a few milliseconds at a time.
 */
export async function* renderMetrics(
  input: ScrapeInput,
  format: ExpositionFormat,
): AsyncGenerator<Buffer, void, undefined> {
  const pacer = new Pacer();
  const scrape = await pacer.drive(foldReports(input));
  yield* renderFamilies(METRIC_FAMILIES, scrape, format, pacer);
}

export interface MetricsSources {
  /** The state of every worker now. */
  reports(): Promise<readonly WorkerReport[]>;
  /** The checks of readiness now. */
  checks(): Promise<readonly ReadyCheck[]>;
  /** How the last attempt to read the configuration went. Default: it was read at the start alone. */
  lastReload?(): ReloadFacts;
}

export interface MetricsExporterOptions {
  /** The label `proxy` of the original's series (`--metrics.tag`). */
  readonly tag: string;
  /** Above so many sessions the per-miner series are left out; 0: never. */
  readonly maxWorkers: number;
  readonly build: BuildFacts;
  /** Where the data file is, for the free space there; default: there is none. */
  readonly dataFolder?: string | null;
}

/** Answers scrapes. Watches the process from construction until `stop`. */
export class MetricsExporter {
  readonly #sources: MetricsSources;
  #options: MetricsExporterOptions;
  readonly #monitor: ProcessMonitor;

  constructor(sources: MetricsSources, options: MetricsExporterOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#monitor = new ProcessMonitor(options.dataFolder ?? null);
  }

  /** Counts from the next scrape on. */
  configure(options: Pick<MetricsExporterOptions, 'tag' | 'maxWorkers'>): void {
    this.#options = { ...this.#options, ...options };
  }

  /** One exposition; fails before its first chunk when a source fails. */
  async *render(format: ExpositionFormat): AsyncGenerator<Buffer, void, undefined> {
    const [reports, checks, process] = await Promise.all([
      this.#sources.reports(),
      this.#sources.checks(),
      this.#monitor.read(),
    ]);
    const { tag, build } = this.#options;
    const maxWorkers = this.#options.maxWorkers === 0 ? Number.POSITIVE_INFINITY : this.#options.maxWorkers;
    const lastReload = this.#sources.lastReload?.() ?? {
      isSuccessful: true,
      succeededAtMs: build.startedAtMs,
    };
    yield* renderMetrics({ tag, build, maxWorkers, reports, checks, process, lastReload }, format);
  }

  stop(): void {
    this.#monitor.stop();
  }
}
