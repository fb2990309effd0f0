import type { IssuedJob } from './issued-job.ts';

/** A change of difficulty takes `minIntervalMs`, a miner with a long queue reports shares of some ten seconds ago. */
const REPEATS_KEPT = 4;
const DIFFICULTIES_KEPT = 16;

/** What one session has been sent on one lane: from which job on, at which difficulties, and which jobs a second time. */
export class SentJobs {
  /** The first job this connection ever got; 0 before. */
  #firstEver = 0;
  /** Jobs of the lane are numbered from here. */
  #firstOnLane = 0;
  #newest: {
    readonly sequence: number;
    readonly poolJobId: string;
    readonly block: string;
    readonly ntime: number;
    readonly isRepeat: boolean;
  } | null = null;
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
    return this.#newest?.sequence ?? 0;
  }

  /** The one sent last; 0 before the first. */
  get difficulty(): number {
    return this.#difficulty;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** For another lane of the same connection, jobs of which are numbered from `first`: what the miner was told of its difficulty holds on. */
  onLane(first: number): SentJobs {
    const next = new SentJobs();
    next.#firstEver = this.#firstEver;
    next.#firstOnLane = first;
    next.#count = this.#count;
    next.#difficulty = this.#difficulty;
    if (this.#difficulty > 0) next.#difficulties = [{ since: 0, difficulty: this.#difficulty }];
    return next;
  }

  /** For the same lane over another connection of the same miner, which has been told nothing yet. */
  afterReconnect(): SentJobs {
    const next = new SentJobs();
    next.#firstEver = this.#firstEver;
    next.#firstOnLane = this.#firstOnLane;
    next.#difficulties = this.#difficulties.slice();
    next.#repeats = this.#repeats;
    // A device starts its search anew with a connection: the same work with the same time would be searched twice.
    if (this.#newest !== null) next.#newest = { ...this.#newest, sequence: 0, isRepeat: true };
    return next;
  }

  /** True where the miner has had this work from a repeat or over another connection, with this time or a later one: it would repeat its nonces. */
  hasHad(job: IssuedJob): boolean {
    return this.#newest?.isRepeat === true && this.#lastTimeOf(job) >= job.ntime;
  }

  /** The time that the newest job was sent with where it is of the same work; else 0. */
  #lastTimeOf(job: IssuedJob): number {
    const newest = this.#newest;
    return newest?.poolJobId === job.poolJobId && newest.block === job.block ? newest.ntime : 0;
  }

  /** The job goes out at this difficulty. True where that is another than before. */
  note(job: IssuedJob, difficulty: number): boolean {
    const { sequence, poolJobId, block, ntime } = job;
    const isRepeat = this.#repeats.at(-1)?.job === job;
    this.#newest = { sequence, poolJobId, block, ntime, isRepeat };
    if (this.#firstEver === 0) this.#firstEver = this.#firstOnLane;
    this.#count += 1;
    if (difficulty === this.#difficulty) return false;
    this.#difficulty = difficulty;
    // Most miners are sent one or two in their life: `push` would take room for seventeen with the first.
    this.#difficulties = this.#difficulties
      .concat({ since: job.sequence, difficulty })
      .slice(-DIFFICULTIES_KEPT);
    return true;
  }

  /** What a share of this job must meet: the difficulty in force when the job was sent, or a lower one since. */
  difficultyFor(job: IssuedJob): number {
    let least = Infinity;
    for (let i = this.#difficulties.length - 1; i >= 0; i -= 1) {
      const { since, difficulty } = this.#difficulties[i] ?? { since: 0, difficulty: least };
      least = Math.min(least, difficulty);
      if (since <= job.sequence) break;
    }
    return least === Infinity ? job.difficulty : least;
  }

  /** Whether the work of this job has gone out more than once. */
  isRepeated(job: IssuedJob): boolean {
    return this.#repeats.some((repeat) => repeat.of === job.id || repeat.job.id === job.id);
  }

  findRepeat(id: string): { readonly of: string; readonly job: IssuedJob } | null {
    return this.#repeats.find(({ job }) => job.id === id) ?? null;
  }

  /** The job to be sent again, under an id of its own and with a later time, so that no work is done twice. `isTaken`: shares of a job are. */
  repeat(job: IssuedJob, sequence: number, nowMs: number, isTaken: (id: string) => boolean): IssuedJob {
    const elapsedSeconds = Math.max(1, Math.round((nowMs - job.receivedAtMs) / 1000));
    const ntime = Math.max(job.ntime + elapsedSeconds, this.#lastTimeOf(job) + 1);
    const repeated: IssuedJob = { ...job, id: sequence.toString(16), sequence, ntime, lines: null };
    // Shares of the ones before are still on their way, and those of the same block still count.
    this.#repeats = this.#repeats.filter(({ of }) => isTaken(of)).slice(1 - REPEATS_KEPT);
    this.#repeats.push({ of: job.id, job: repeated });
    return repeated;
  }
}
