import type { IssuedJob } from './issued-job.ts';

/** A change of difficulty takes `minIntervalMs`, a miner with a long queue reports shares of some ten seconds ago. */
const REPEATS_KEPT = 4;
const DIFFICULTIES_KEPT = 4;

/** What one session has been sent: from which job on, at which difficulties, and which jobs a second time. */
export class SentJobs {
  /** The first job this connection ever got; 0 before. */
  #firstEver = 0;
  /** Jobs of the lane of now are numbered from here. */
  #firstOnLane = 0;
  #newest = 0;
  #difficulty = 0;
  /** The last difficulties sent on this lane, oldest first, and the job that each was sent with. */
  #difficulties: { readonly since: number; readonly difficulty: number }[] = [];
  /** Jobs sent a second time under ids of their own, with another difficulty, oldest first. Shares of one are taken while the job `of` is. */
  #repeats: { readonly of: string; readonly job: IssuedJob }[] = [];
  #count = 0;

  get firstEver(): number {
    return this.#firstEver;
  }

  get firstOnLane(): number {
    return this.#firstOnLane;
  }

  /** Sequence of the newest job sent on this lane; 0 before the first. */
  get newest(): number {
    return this.#newest;
  }

  /** The one sent last; 0 before the first. */
  get difficulty(): number {
    return this.#difficulty;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** A lane is taken, jobs of which are numbered from `first`. */
  beginLane(first: number): void {
    this.#firstOnLane = first;
    this.#newest = 0;
    this.#difficulties = [{ since: 0, difficulty: this.#difficulty }];
  }

  /** The job goes out at this difficulty. True where that is another than before. */
  note(job: IssuedJob, difficulty: number): boolean {
    this.#newest = job.sequence;
    if (this.#firstEver === 0) this.#firstEver = this.#firstOnLane;
    this.#count += 1;
    if (difficulty === this.#difficulty) return false;
    this.#difficulty = difficulty;
    this.#difficulties.push({ since: job.sequence, difficulty });
    if (this.#difficulties.length > DIFFICULTIES_KEPT) this.#difficulties.shift();
    return true;
  }

  /** What a share of this job must meet: the difficulty in force when the job was sent, or a lower one since. */
  difficultyFor(job: IssuedJob): number {
    let least = this.#difficulty;
    for (let i = this.#difficulties.length - 1; i >= 0; i -= 1) {
      const { since, difficulty } = this.#difficulties[i] ?? { since: 0, difficulty: least };
      least = Math.min(least, difficulty);
      if (since <= job.sequence) break;
    }
    return least;
  }

  findRepeat(id: string): { readonly of: string; readonly job: IssuedJob } | null {
    return this.#repeats.find(({ job }) => job.id === id) ?? null;
  }

  /** The job to be sent again, under an id of its own and with a later time, so that no work is done twice. `isTaken`: shares of a job are. */
  repeat(job: IssuedJob, sequence: number, nowMs: number, isTaken: (id: string) => boolean): IssuedJob {
    const elapsedSeconds = Math.max(1, Math.round((nowMs - job.receivedAtMs) / 1000));
    const before = this.#repeats.findLast(({ of }) => of === job.id)?.job;
    const ntime = Math.max(job.ntime + elapsedSeconds, (before?.ntime ?? 0) + 1);
    const repeated: IssuedJob = { ...job, id: sequence.toString(16), sequence, ntime, lines: null };
    // Shares of the ones before are still on their way, and those of the same block still count.
    this.#repeats = this.#repeats.filter(({ of }) => isTaken(of)).slice(1 - REPEATS_KEPT);
    this.#repeats.push({ of: job.id, job: repeated });
    return repeated;
  }
}
