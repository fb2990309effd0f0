import { percentile } from '../statistics.ts';
import type { Miner } from './miner.ts';
import { settled } from './settled.ts';

export interface JobSeen {
  readonly received: number;
  readonly missing: number;
  /** Monotonic clock of the machine in microseconds. */
  readonly firstUs: number;
  readonly lastUs: number;
}

/** Waits until every miner that was ready has received one particular job. */
export class JobWatch {
  readonly #expected: number;
  #marker: string | null;
  /** What came while the marker was not known. */
  readonly #lines: { readonly miner: Miner; readonly line: string; readonly atUs: number }[] = [];
  readonly #firstUs = new Map<Miner, number>();
  #check: () => void = () => undefined;

  constructor(expected: number, marker: string | null) {
    this.#expected = expected;
    this.#marker = marker;
  }

  onJob(miner: Miner, line: string): void {
    const atUs = Number(process.hrtime.bigint()) / 1000;
    if (this.#marker === null) this.#lines.push({ miner, line, atUs });
    else this.#match(this.#marker, miner, line, atUs);
  }

  /** Where the pool chooses the marker as it sends the job, it is known only now. */
  async finish(marker: string, timeoutMs: number): Promise<JobSeen> {
    this.#marker = marker;
    for (const { miner, line, atUs } of this.#lines.splice(0)) this.#match(marker, miner, line, atUs);
    await settled(timeoutMs, (check) => {
      this.#check = () => check(this.#firstUs.size >= this.#expected);
      this.#check();
    });
    const times = [...this.#firstUs.values()];
    return {
      received: times.length,
      missing: this.#expected - times.length,
      firstUs: percentile(times, 0),
      lastUs: percentile(times, 100),
    };
  }

  #match(marker: string, miner: Miner, line: string, atUs: number): void {
    if (this.#firstUs.has(miner) || !line.includes(marker)) return;
    this.#firstUs.set(miner, atUs);
    this.#check();
  }
}
