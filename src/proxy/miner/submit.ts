import { rolledBits } from '../../domain/version-rolling.ts';
import type { PoolShare } from '../../wire/dialect.ts';
import type { RequestId, SubmitRequest } from '../../wire/messages.ts';
import type { InFlightShare } from '../in-flight-share.ts';
import type { MinerSession } from '../miner-session.ts';

/**
 * A share. What is wrong by itself is refused here (docs/protocols/bitcoin-v1.md, the order of checks that gives the right error); the rest goes to the
 * pool, whose verdict is the answer.
 */
export function onSubmit(session: MinerSession, request: SubmitRequest): void {
  const { context, upstream, lane, binding } = session;
  const { id } = request;
  if (binding === null) {
    refuseUnbound(session, id);
    return;
  }
  if (!session.isSubscribed) {
    session.beginShare(0);
    session.endShare('unauthorized', 0);
    session.refuse(id, 'not-subscribed', 'Not subscribed');
    return;
  }
  const job = upstream?.findJob(request.jobId) ?? null;
  if (job === null || upstream === null || lane === null || job.sequence < session.firstJobSequence) {
    const isStale = isOwnJobId(session, request.jobId);
    session.refuseShare(id, isStale ? 'stale' : 'unknown-job', isStale ? 'Stale share' : 'Job not found', 0);
    return;
  }
  const { difficulty } = job;
  if (request.extranonce2.length !== session.extranonce2Bytes * 2) {
    session.refuseShare(
      id,
      'malformed',
      `extranonce2 must have ${session.extranonce2Bytes} bytes`,
      difficulty,
    );
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
  const share: PoolShare = {
    user: upstream.credentials.user,
    poolJobId: job.poolJobId,
    extranonce2: lane.bytes + request.extranonce2,
    ntime: request.ntime,
    nonce: request.nonce,
    // [BIP310] Once negotiated a submit has six parameters, with an empty mask too.
    versionBits: bits.poolBits ?? (upstream.isRolling ? '00000000' : null),
  };
  const { verifier } = context;
  const { algorithm } = binding.group.credentials.pool;
  if (
    verifier?.canVerify(algorithm.name) === true &&
    !verifier.meetsDifficulty(algorithm, job, share, upstream.versionMask)
  ) {
    session.refuseShare(id, 'low-difficulty', 'Low difficulty share', difficulty);
    return;
  }
  session.beginShare(difficulty);
  const inFlight: InFlightShare = {
    line: null,
    next: null,
    requestId: id,
    job,
    share,
    sentAtMs: context.clock.monotonicMs(),
    owner: session,
  };
  session.replies.reserve(inFlight);
  upstream.submit(inFlight);
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
