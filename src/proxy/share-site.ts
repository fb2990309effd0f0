import type { Lane } from '../domain/lane.ts';
import type { MinerDialect } from '../wire/dialect.ts';
import type { Binding } from './binding.ts';
import type { IssuedJob } from './issued-job.ts';
import type { SentJobs } from './sent-jobs.ts';
import type { Upstream } from './upstream.ts';

/** A job that a share names, and where the share goes. */
export interface ShareSite {
  readonly job: IssuedJob;
  readonly binding: Binding;
  readonly upstream: Upstream;
  readonly lane: Lane;
  /** As the miner was told them when it was sent the job. */
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
  /** What the share is credited with, and must meet. */
  readonly difficulty: number;
}

/** Where a session mined before it was moved: shares that were found there are on their way for a while. */
export interface FormerSite extends Omit<ShareSite, 'job' | 'difficulty'> {
  readonly sent: SentJobs;
  readonly untilMs: number;
}

/** The job by the name that the miner has it by, while its shares are taken on this upstream from who was sent these. */
export function findSent(
  miner: MinerDialect,
  upstream: Upstream,
  sent: SentJobs,
  id: string,
): IssuedJob | null {
  const repeat = sent.findRepeat(id);
  if (repeat !== null) return upstream.findJob(repeat.of) === null ? null : repeat.job;
  const job = findAt(miner, upstream, id);
  return job !== null && job.sequence >= sent.firstOnLane ? job : null;
}

function findAt(miner: MinerDialect, upstream: Upstream, id: string): IssuedJob | null {
  if (miner.ownJobIds) return upstream.findJob(id);
  return upstream.jobs.findLast(({ work }) => work !== null && miner.jobId(work) === id) ?? null;
}

/** What a share of this job is credited with, and must meet. */
export function difficultyOf(job: IssuedJob, { group }: Binding, sent: SentJobs): number {
  return group.judges ? sent.difficultyFor(job) : job.difficulty;
}

/** Where a share goes that was found before the session was moved, with what the miner had been told then; null where the pool before does not take it. */
export function siteAtFormer(miner: MinerDialect, former: FormerSite, jobId: string): ShareSite | null {
  const { binding, upstream, lane, sent, extranonce1, extranonce2Bytes } = former;
  // Nobody dials it again: the share would hold up the answers behind it for nothing.
  if (upstream.job === null && upstream.clients.length === 0) return null;
  const job = findSent(miner, upstream, sent, jobId);
  if (job === null) return null;
  const difficulty = difficultyOf(job, binding, sent);
  return { job, binding, upstream, lane, extranonce1, extranonce2Bytes, difficulty };
}
