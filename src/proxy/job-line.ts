import type { Dialect, JobView } from '../wire/dialect.ts';
import type { Group } from './group.ts';
import type { IssuedJob } from './issued-job.ts';
import type { SearchSpace } from './search-space.ts';
import type { SentJobs } from './sent-jobs.ts';
import type { SessionBooks } from './session-books.ts';
import type { Upstream } from './upstream.ts';

/** A session as its jobs' lines depend on it. */
export interface JobReader {
  readonly id: string;
  readonly agent: string;
  readonly dialect: Dialect;
  readonly space: Pick<SearchSpace, 'plan' | 'lane'>;
  readonly sent: SentJobs;
  readonly upstream: Upstream | null;
  readonly binding: { readonly group: Group; readonly books: SessionBooks } | null;
}

/** The job as this session sees it; null where its work is gone. */
export function viewOfJob(reader: JobReader, job: IssuedJob, clean: boolean): JobView | null {
  const { id, agent, dialect, space, sent, upstream, binding } = reader;
  const { lane, plan } = space;
  if (job.work === null || lane === null || plan === null || binding === null) return null;
  return {
    jobId: dialect.miner.ownJobIds ? job.id : dialect.miner.jobId(job.work),
    work: job.work,
    coinb1Insert: plan.kind === 'inject' ? job.extranonce1 + lane.slot : '',
    lane: plan.kind === 'byte' ? lane.bytes : '',
    hasWholeNonce: plan.kind === 'open' && (upstream?.subscription?.extranonce2Bytes ?? 0) > 0,
    ntime: job.ntime,
    clean,
    difficulty: sent.difficulty,
    target: sent.difficulty === job.difficulty ? job.target : null,
    scale: job.scale,
    divider: binding.books.subject.divider,
    algorithm: job.algorithm,
    ...(dialect.miner.formOf === undefined ? {} : { form: dialect.miner.formOf(agent) }),
    sessionId: id,
  };
}

/** The job's line for this session: encoded once for all sessions of the upstream that it is the same for. Empty where its work is gone. */
export function lineOfJob(reader: JobReader, job: IssuedJob, clean: boolean): string {
  // A dedicated upstream has one session, so there is nobody to share the line with.
  const key = reader.binding?.group.mode === 'shared' ? lineKey(reader, clean) : null;
  const known = key === null ? undefined : job.lines?.get(key);
  if (known !== undefined) return known;
  const view = viewOfJob(reader, job, clean);
  if (view === null) return '';
  const line = reader.dialect.miner.job(view);
  if (key !== null) {
    job.lines ??= new Map();
    job.lines.set(key, line);
  }
  return line;
}

/** Sessions with the same one get the same line; null where each has its own. */
function lineKey({ dialect, space, sent, agent }: JobReader, clean: boolean): string | null {
  const { lane, plan } = space;
  const mark = clean ? '!' : '';
  switch (dialect.miner.nonces.kind) {
    case 'coinbase':
      return `${plan?.kind === 'inject' ? (lane?.slot ?? '') : '-'}${mark}`;
    case 'job':
      return null;
    case 'prefix':
    case 'none':
      return `${dialect.name} ${sent.difficulty} ${dialect.miner.formOf?.(agent) ?? ''}${mark}`;
  }
}
