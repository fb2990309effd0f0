import {
  blockOf,
  isSameWork,
  joinStanding,
  type StandingParts,
  type Work,
  withStanding,
} from '../domain/job.ts';
import { ShareMemory } from '../domain/share-memory.ts';
import type { Clock } from '../kit/clock.ts';
import type { IssuedJob, JobSequence } from './issued-job.ts';
import { IssuedJobs } from './issued-jobs.ts';
import { JobSilence } from './job-silence.ts';
import { type Demand, PoolDemand } from './pool-demand.ts';
import type { PoolExtranonce } from './pool-extranonce.ts';
import type { PoolStats } from './pool-stats.ts';

export interface WorkFeedParts {
  readonly clock: Clock;
  readonly jobs: JobSequence;
  /** Of the pool under the algorithm of its entry. */
  readonly stats: PoolStats;
  /** What the shares of this job are counted under: the catalogue's name of an algorithm. */
  labelOf(work: Work): string;
  /** Of the pool under the algorithm that its jobs name. */
  statsOf(algorithm: string): PoolStats;
}

export interface WorkFeedOptions {
  /** Of the pool's entry. */
  readonly divider: number;
  readonly jobsKept: number;
  /** Shares are judged here: superseded jobs keep their work, and shares are remembered. */
  readonly verifies: boolean;
  /** How long the pool may send no job; null: by what is usual there. */
  readonly jobTimeoutMs: number | null;
}

/** Per job; 16 MB at the very most. */
const SHARES_REMEMBERED = 262_144;

/** The jobs of one upstream's pool: what is made of its work under what it demands, and what of that may still be mined on. */
export class WorkFeed {
  readonly #parts: WorkFeedParts;
  readonly demand: PoolDemand;
  readonly #extranonce: PoolExtranonce;
  readonly #verifies: boolean;
  readonly #jobTimeoutMs: number | null;
  readonly #issued: IssuedJobs;
  readonly #silence: JobSilence;
  #figures: PoolStats;
  /** What the pool has said once for all its jobs. */
  #standing: StandingParts | null = null;
  /** The last that came before the connection was live, with what was demanded then; null: none has. */
  #first: { readonly work: Work; readonly demand: Demand | null } | null = null;
  #issuedAtMs = 0;

  constructor(
    parts: WorkFeedParts,
    extranonce: PoolExtranonce,
    { divider, jobsKept, verifies, jobTimeoutMs }: WorkFeedOptions,
  ) {
    this.#parts = parts;
    this.demand = new PoolDemand(divider);
    this.#extranonce = extranonce;
    this.#verifies = verifies;
    this.#jobTimeoutMs = jobTimeoutMs;
    this.#issued = new IssuedJobs({ jobsKept, keepsWork: verifies });
    this.#silence = new JobSilence(parts.stats);
    this.#figures = parts.stats.supersededBy ?? parts.stats;
  }

  /** Where the connection is counted: under the algorithm that its newest job named, where jobs do. */
  get figures(): PoolStats {
    return this.#figures;
  }

  get newest(): IssuedJob | null {
    return this.#issued.newest;
  }

  /** Jobs whose shares are still taken, oldest first. */
  get all(): readonly IssuedJob[] {
    return this.#issued.all;
  }

  find(id: string): IssuedJob | null {
    return this.#issued.find(id);
  }

  /** A new connection. [Ocean sends the difficulty ahead of everything] so what it says counts from its first line. */
  begin(): void {
    this.demand.begin();
    this.#standing = null;
    this.#first = null;
  }

  addStanding(standing: StandingParts): void {
    this.#standing = joinStanding(this.#standing, standing);
  }

  /** Work has come: counts it, and gives it back with all that the pool has said apart from it. */
  take(received: Work, isLive: boolean): Work {
    const { stats, clock } = this.#parts;
    const work =
      received.family === 'bitcoin'
        ? stats.interner.intern(received)
        : withStanding(received, this.#standing);
    this.#countUnder(this.#parts.labelOf(work));
    this.#figures.jobs += 1;
    this.#silence.broken(isLive, clock.monotonicMs());
    return work;
  }

  #countUnder(algorithm: string): void {
    if (algorithm === this.#figures.algorithm) return;
    const { stats } = this.#parts;
    const isListed = algorithm === stats.algorithm;
    this.#figures = isListed ? stats : this.#parts.statsOf(algorithm);
    stats.supersededBy = isListed ? null : this.#figures;
  }

  /** Work that has come before the connection is live: it waits for {@link issueFirst}. */
  keepFirst(work: Work): void {
    this.#first = { work, demand: this.demand.of(work) };
  }

  get hasFirst(): boolean {
    return this.#first !== null;
  }

  /** It is known what the shares of the first job must meet. */
  get isFirstDemanded(): boolean {
    return this.#first !== null && (this.#first.demand !== null || this.demand.isSaid);
  }

  /** The connection is live: the first job is issued, unless the miners are on that very job. */
  issueFirst(): void {
    const first = this.#first;
    if (first === null) return;
    this.#first = null;
    this.#silence.began(blockOf(first.work), this.#parts.clock.monotonicMs());
    const { newest } = this.#issued;
    if (newest !== null) this.demand.resume(newest);
    const demand = first.demand ?? this.demand.inForce;
    if (newest === null || !isSameWork(newest.work, first.work)) {
      this.#issue(first.work, demand, ntimeOf(first.work));
    } else if (newest.difficulty !== demand.difficulty) {
      // Resumed: sent again as it is they would repeat their nonces.
      this.#issue(first.work, demand, newest.ntime + 1);
    }
  }

  /** Null where the pool repeats itself. The miners hear nothing of that, so it does not put off the refresh either. */
  issue(work: Work): IssuedJob | null {
    const demand = this.demand.of(work) ?? this.demand.inForce;
    const { newest } = this.#issued;
    if (newest !== null && isSameWork(newest.work, work) && newest.difficulty === demand.difficulty)
      return null;
    return this.#issue(work, demand, ntimeOf(work));
  }

  /** The newest job under the difficulty that was meant for it; null where that changes nothing. A job that says it itself is not changed by what is said apart. */
  issueDemanded(): IssuedJob | null {
    const { newest } = this.#issued;
    const demand = this.demand.inForce;
    if (newest === null || newest.work === null || newest.difficulty === demand.difficulty) return null;
    if (newest.work.family !== 'bitcoin' && newest.work.target !== null) return null;
    return this.#issue(newest.work, demand, newest.ntime + 1);
  }

  /** The newest job once more, where none was issued for `refreshMs`; told apart by its time. */
  refresh(refreshMs: number, nowMs: number): IssuedJob | null {
    const { newest } = this.#issued;
    if (refreshMs <= 0 || newest?.work?.family !== 'bitcoin' || nowMs - this.#issuedAtMs < refreshMs)
      return null;
    const elapsedSeconds = Math.max(1, Math.round((nowMs - newest.receivedAtMs) / 1000));
    return this.#issue(newest.work, newest, newest.ntime + elapsedSeconds);
  }

  /** How long the pool has sent no job where that is too long, else null. */
  silentTooLongMs(nowMs: number): number | null {
    return this.#silence.tooLongMs(this.#issued.newest?.block ?? '', this.#jobTimeoutMs, nowMs);
  }

  /** Nothing that was issued can be handed in any more. */
  forget(): void {
    this.#issued.forget();
  }

  #issue(work: Work, demand: Demand, ntime: number): IssuedJob {
    const nowMs = this.#parts.clock.monotonicMs();
    const sequence = this.#parts.jobs.next();
    const { newest } = this.#issued;
    const known = newest !== null && isSameWork(newest.work, work) ? newest : null;
    const { subscription, lanes } = this.#extranonce;
    const job: IssuedJob = {
      id: sequence.toString(16),
      sequence,
      poolJobId: work.poolJobId,
      algorithm: this.#parts.labelOf(work),
      block: blockOf(work),
      version: work.family === 'bitcoin' ? work.version : 0,
      ntime,
      difficulty: demand.difficulty,
      target: demand.target,
      scale: this.demand.scale,
      extranonce1: subscription?.extranonce1 ?? '',
      extranonce2Bytes: subscription?.extranonce2Bytes ?? 0,
      receivedAtMs: nowMs,
      // The same work under another id is the same to the pool: a share may not count for both.
      seen: this.#verifies ? (known?.seen ?? new ShareMemory(SHARES_REMEMBERED)) : null,
      lines: null,
      work,
    };
    if (this.#issued.push(job, work)) lanes?.renew();
    this.#issuedAtMs = nowMs;
    return job;
  }
}

/** The time that goes with a job to its miners; 0 where the family's jobs have none of their own. */
function ntimeOf(work: Work): number {
  return work.family === 'bitcoin' ? work.ntime : 0;
}
