import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ServerFacts, ServerPort, StratumListener } from '../http/ports/fleet.ts';
import type { Clock } from '../kit/clock.ts';
import { countOpenFds } from '../metrics/process-monitor.ts';

const SAMPLING_MS = 20;
const PERIOD_MS = 60_000;

export interface ServerFactsOptions {
  readonly version: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly startedAtMs: number;
  readonly stratum: ServerFacts['stratum'];
  readonly listeners: readonly StratumListener[];
  /** Of this process; null where it is not known. */
  readonly openFilesLimit: number | null;
  readonly storeKind: string;
}

/** What the API shows of the process. Holds timers that do not keep it alive, until `stop`. */
export class ServerProbe implements ServerPort {
  readonly #clock: Clock;
  readonly #options: ServerFactsOptions;
  readonly #delay = monitorEventLoopDelay({ resolution: SAMPLING_MS });
  readonly #timer: NodeJS.Timeout;
  #lastPeriod: ServerFacts['eventLoopDelaySeconds'] = null;
  /** Known once the web server listens. */
  web: ServerFacts['web'] = { address: '', port: 0 };

  constructor(parts: { readonly clock: Clock }, options: ServerFactsOptions) {
    this.#clock = parts.clock;
    this.#options = options;
    this.#delay.enable();
    this.#timer = setInterval(() => {
      this.#lastPeriod = this.#delays();
      this.#delay.reset();
    }, PERIOD_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  async read(): Promise<ServerFacts> {
    const { openFilesLimit, storeKind, ...options } = this.#options;
    const { rss, heapUsed } = process.memoryUsage();
    return {
      ...options,
      uptimeSeconds: Math.round((this.#clock.wallMs() - options.startedAtMs) / 1000),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      processId: process.pid,
      web: this.web,
      memory: { rssBytes: rss, heapUsedBytes: heapUsed },
      openFiles: { used: await countOpenFds(), limit: openFilesLimit },
      eventLoopDelaySeconds: this.#lastPeriod ?? this.#delays(),
      store: { kind: storeKind },
    };
  }

  #delays(): ServerFacts['eventLoopDelaySeconds'] {
    if (this.#delay.count === 0) return null;
    return {
      p50: lateSeconds(this.#delay.percentile(50)),
      p99: lateSeconds(this.#delay.percentile(99)),
    };
  }
}

/** Node measures from one sample to the next; what is above the interval is delay. */
function lateSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - SAMPLING_MS / 1000);
}
