import { blockOf, type Work } from '../domain/job.ts';
import type { IssuedJob } from './issued-job.ts';

/** At least as many of relayed work: coins with several blocks a second would have forgotten a job before its share is here. */
const RELAYED_JOBS_KEPT = 128;

/** The jobs of one upstream whose shares are still taken, oldest first. */
export class IssuedJobs {
  readonly #jobsKept: number;
  readonly #keepsWork: boolean;
  #jobs: IssuedJob[] = [];
  #newest: IssuedJob | null = null;

  /** `keepsWork`: the work of superseded jobs is kept, since shares are judged here. */
  constructor(options: { readonly jobsKept: number; readonly keepsWork: boolean }) {
    this.#jobsKept = options.jobsKept;
    this.#keepsWork = options.keepsWork;
  }

  get newest(): IssuedJob | null {
    return this.#newest;
  }

  /** Oldest first. */
  get all(): readonly IssuedJob[] {
    return this.#jobs;
  }

  find(id: string): IssuedJob | null {
    for (let i = this.#jobs.length - 1; i >= 0; i -= 1) {
      const job = this.#jobs[i];
      if (job?.id === id) return job;
    }
    return null;
  }

  /** Adds the newest job. Returns true where a lane that was left before it may be given out again: nobody has work on it any more. */
  push(job: IssuedJob, work: Work): boolean {
    const previous = this.#newest;
    this.#newest = job;
    if (previous !== null) {
      previous.lines = null;
      // Of a relayed family the work says which job a share is for.
      if (!this.#keepsWork && work.family === 'bitcoin') previous.work = null;
    }
    if (work.clean && previous !== null && previous.block !== blockOf(work)) {
      // Everything older is stale. With the same previous block it is still payable at most pools, so the pool judges.
      this.#jobs = [job];
      return true;
    }
    this.#jobs.push(job);
    const isRelayed = work.family !== 'bitcoin';
    if (this.#jobs.length > (isRelayed ? Math.max(this.#jobsKept, RELAYED_JOBS_KEPT) : this.#jobsKept)) {
      this.#jobs.shift();
    }
    // Where jobs never void each other, whoever gets a lane from now on starts with a job that its former owner has not seen.
    return isRelayed;
  }

  forget(): void {
    this.#jobs = [];
    this.#newest = null;
  }
}
