import { percentile } from '../statistics.ts';
import { type JobSeen, JobWatch } from './job-watch.ts';
import { Miner, type MinerGroup, type OpenOptions } from './miner.ts';
import { type Ran, Run, type RunOptions } from './run.ts';
import { settled } from './settled.ts';

export interface Opened {
  /** Miners that are authorised and hold a job. */
  readonly ready: number;
  /** What went wrong, and how many times; empty when every miner is ready. */
  readonly failures: Readonly<Record<string, number>>;
  /** From the first connect call to the last miner ready (or to the time limit). */
  readonly elapsedMs: number;
  /** Each miner's own time from its connect call until it held a job. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What miners leave behind that have hung up. */
export interface Left {
  /** Failures since the last command of the group. */
  readonly failures: Readonly<Record<string, number>>;
  /** One per miner, in their order, as the subscribe reply gave it; empty where it gave none. */
  readonly sessionIds: readonly string[];
}

/** The miners of one open command, with what is under way for all of them. */
export class Group implements MinerGroup {
  readonly #options: OpenOptions;
  readonly #miners: Miner[] = [];
  readonly #openedMs = performance.now();
  readonly #readyMs: number[] = [];
  #failures: Record<string, number> = {};
  #ended = 0;
  #onProgress: () => void = () => undefined;
  #run: Run | null = null;
  #jobWatch: JobWatch | null = null;

  constructor(options: OpenOptions) {
    this.#options = options;
  }

  async open(): Promise<Opened> {
    const { count, atOnce, timeoutMs } = this.#options;
    const finished = (): number => this.#readyMs.length + this.#ended;
    const done = await settled(timeoutMs, (check) => {
      const proceed = (): void => {
        while (this.#miners.length < count && this.#miners.length - finished() < atOnce)
          this.#miners.push(new Miner(this, this.#options, this.#miners.length));
        check(finished() >= count);
      };
      this.#onProgress = proceed;
      proceed();
    });
    this.#onProgress = () => undefined;
    if (!done) for (const miner of this.#miners) if (miner.phase !== 'ready') this.#countStuck(miner);
    return {
      ready: this.#readyMs.length,
      failures: this.takeFailures(),
      elapsedMs: performance.now() - this.#openedMs,
      p50Ms: percentile(this.#readyMs, 50),
      p99Ms: percentile(this.#readyMs, 99),
    };
  }

  async run(options: RunOptions): Promise<Ran> {
    this.#run = new Run(this.#miners, options);
    try {
      return await this.#run.finish(
        (reason, times) => this.onFailure(reason, times),
        () => this.takeFailures(),
      );
    } finally {
      this.#run = null;
    }
  }

  watchJob(marker: string | null): void {
    const ready = this.#miners.filter((miner) => miner.phase === 'ready').length;
    this.#jobWatch = new JobWatch(ready, marker);
  }

  async jobSeen(marker: string, timeoutMs: number): Promise<JobSeen> {
    if (this.#jobWatch === null) throw new Error('no job is watched for');
    const seen = await this.#jobWatch.finish(marker, timeoutMs);
    this.#jobWatch = null;
    return seen;
  }

  close(): void {
    for (const miner of this.#miners) miner.close();
  }

  /** Every other miner hangs up with FIN, the rest with RST. */
  async leave(timeoutMs: number): Promise<Left> {
    const sessionIds = this.#miners.map((miner) => miner.sessionId);
    const polite = this.#miners.filter((_, index) => index % 2 === 0);
    const hangingUp = polite.map((miner) => miner.hangUp(timeoutMs));
    for (const [index, miner] of this.#miners.entries()) if (index % 2 === 1) miner.close();
    const stuck = (await Promise.all(hangingUp)).filter((isClosed) => !isClosed).length;
    this.onFailure(`a FIN not answered by one within ${timeoutMs} ms`, stuck);
    this.close();
    return { failures: this.takeFailures(), sessionIds };
  }

  onReady(miner: Miner): void {
    this.#readyMs.push(performance.now() - miner.startedMs);
    this.#onProgress();
  }

  onEnd(miner: Miner, reason: string): void {
    this.#ended++;
    this.onFailure(reason);
    this.#run?.onGone(miner);
    this.#onProgress();
  }

  onAccepted(miner: Miner, dueMs: number): void {
    if (this.#run === null) this.onFailure('an answer after the run');
    else this.#run.onAccepted(miner, dueMs);
  }

  onRefused(miner: Miner, dueMs: number, reason: string): void {
    if (this.#run?.mayRefuse !== true) this.onFailure(reason);
    this.#run?.onRefused(miner, dueMs);
  }

  onJob(miner: Miner, line: string): void {
    this.#jobWatch?.onJob(miner, line);
  }

  onFailure(reason: string, times = 1): void {
    if (times > 0) this.#failures[reason] = (this.#failures[reason] ?? 0) + times;
  }

  takeFailures(): Readonly<Record<string, number>> {
    const failures = this.#failures;
    this.#failures = {};
    return failures;
  }

  #countStuck(miner: Miner): void {
    if (miner.phase !== 'gone') this.onFailure(`still ${miner.phase} after ${this.#options.timeoutMs} ms`);
  }
}
