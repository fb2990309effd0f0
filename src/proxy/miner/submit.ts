import { rolledBits } from '../../domain/version-rolling.ts';
import type { RequestId, SubmitRequest } from '../../wire/messages.ts';
import type { InFlightShare } from '../in-flight-share.ts';
import type { IssuedJob } from '../issued-job.ts';
import type { MinerSession } from '../miner-session.ts';
import type { ShareProof } from '../share-verifier.ts';
import type { Upstream } from '../upstream.ts';

/**
 * A share. What is wrong by itself is refused here (docs/protocols/bitcoin-v1.md, the order of checks that gives the right error); the rest goes to the
 * pool, whose verdict is the answer.
 */
export function onSubmit(session: MinerSession, request: SubmitRequest): void {
  const { context } = session;
  const { id } = request;
  if (session.binding === null) {
    refuseUnbound(session, id);
    return;
  }
  if (!session.isSubscribed) {
    session.refuseShare(id, 'unauthorized', 'Not subscribed', 0, 'not-subscribed');
    return;
  }
  const site = session.siteOf(request.jobId);
  if (site === null) {
    const isStale = isOwnJobId(session, request.jobId);
    session.refuseShare(id, isStale ? 'stale' : 'unknown-job', isStale ? 'Stale share' : 'Job not found', 0);
    return;
  }
  const { job, upstream, lane, binding, difficulty } = site;
  const { group, books } = binding;
  const problem = problemOf(session, request, job, group.judges);
  if (problem !== null) {
    session.refuseShare(id, 'malformed', problem, difficulty);
    return;
  }
  const bits = rolledBits(job.version, upstream.versionMask, request.versionBits);
  if (bits.kind === 'outside-mask') {
    session.refuseShare(id, 'malformed', 'Version bits outside the mask', difficulty);
    return;
  }
  if (session.replies.length >= context.settings.limits.pendingSubmits) {
    session.refuseShare(id, 'rejected', 'Too many shares wait for the pool', difficulty);
    return;
  }
  const share: InFlightShare = {
    line: null,
    next: null,
    requestId: id,
    job,
    share: {
      user: upstream.nameFor(binding.nameAtPool),
      poolJobId: job.poolJobId,
      extranonce2: lane.bytes + request.extranonce2,
      ntime: request.ntime,
      nonce: request.nonce,
      // [BIP310] Once negotiated a submit has six parameters, with an empty mask too.
      versionBits: bits.poolBits ?? (upstream.isRolling ? '00000000' : null),
    },
    sentAtMs: context.clock.monotonicMs(),
    books,
    difficulty,
    owner: session,
  };
  session.enterShare(share);
  const { algorithm } = group.credentials.pool;
  if (!group.verifies || context.verifier === null || job.work === null) {
    upstream.submit(share);
    return;
  }
  if (!context.verifier.mayProve(algorithm.name, share.sentAtMs) && !group.judges) {
    upstream.submit(share);
    return;
  }
  context.verifier.prove({ algorithm, job, share: share.share, versionMask: upstream.versionMask }, (proof) =>
    judge(session, upstream, group.judges, share, proof),
  );
}

/** What is wrong with a share by itself, in words for the miner; null where nothing is. */
function problemOf(
  session: MinerSession,
  request: SubmitRequest,
  job: IssuedJob,
  judges: boolean,
): string | null {
  if (request.extranonce2.length !== session.extranonce2Bytes * 2) {
    return `extranonce2 must have ${session.extranonce2Bytes} bytes`;
  }
  if (judges && job.work !== null) {
    const ntime = Number.parseInt(request.ntime, 16);
    if (ntime < job.work.ntime || ntime > job.ntime + MAX_NTIME_AHEAD_SECONDS) return 'ntime out of range';
  }
  return null;
}

/** [ckpool] How far a miner may roll the time past the job's. */
const MAX_NTIME_AHEAD_SECONDS = 7000;
/** "pdiff" and "bdiff" differ by 1/65536: a share that just misses one just meets the other. */
const DIFFICULTY_TOLERANCE = 1 - 1 / 32_768;

/**
 * The verdict on a share that has been hashed here. What meets the pool's difficulty goes to the pool; what meets only the session's own is
 * credited here. Nothing of a quarantined miner goes to the pool.
 */
function judge(
  session: MinerSession,
  upstream: Upstream,
  judges: boolean,
  share: InFlightShare,
  proof: ShareProof,
): void {
  if (share.job.seen?.add(proof.fingerprint) === false) {
    session.noteConduct(judges, false);
    session.refuseProven(share, 'duplicate', 'Duplicate share');
    return;
  }
  const isEnough = proof.meetsPool || (judges && proof.difficulty >= share.difficulty * DIFFICULTY_TOLERANCE);
  const isTrusted = session.noteConduct(judges, isEnough);
  if (!isEnough) {
    session.refuseProven(share, 'low-difficulty', 'Low difficulty share');
  } else if (!proof.meetsPool) {
    session.creditShare(share);
  } else if (isTrusted) {
    session.proven(share);
    upstream.submit(share);
  } else {
    session.refuseProven(share, 'rejected', 'Held back: too many invalid shares from this miner');
  }
}

/** A submit whose parameters cannot be read: never forwarded, some pool servers crash on one. */
export function onUnusableSubmit(session: MinerSession, id: RequestId, problem: string): void {
  if (session.binding === null) refuseUnbound(session, id);
  else session.refuseShare(id, 'malformed', problem, 0);
}

function refuseUnbound(session: MinerSession, id: RequestId): void {
  session.refuseShare(id, 'unauthorized', 'Unauthorized worker', 0);
  session.countFault();
}

/** True for the id of a job that this session may once have been sent: ids are numbered through the life of the process. */
function isOwnJobId(session: MinerSession, jobId: string): boolean {
  if (!/^[0-9a-f]{1,12}$/.test(jobId)) return false;
  const sequence = Number.parseInt(jobId, 16);
  return (
    session.firstSequence > 0 && sequence >= session.firstSequence && sequence <= session.context.jobs.last
  );
}
