import { MEASURING_BUDGET_PER_SECOND, measuringPace } from '../domain/measuring-pace.ts';

/** How many sessions are being measured now, over all groups: each sends shares at many times its later pace. */
export class MeasuringLoad {
  #sessions = 0;

  get sessions(): number {
    return this.#sessions;
  }

  enter(): void {
    this.#sessions += 1;
  }

  leave(): void {
    this.#sessions -= 1;
  }

  /** The pace, in shares a minute, for a session that begins to be measured now. */
  pace(sharesPerMinute: number): number {
    return measuringPace(this.#sessions, MEASURING_BUDGET_PER_SECOND, sharesPerMinute);
  }
}
