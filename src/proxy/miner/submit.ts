import { difficultyOfTarget } from '../../domain/difficulty.ts';
import { difficultyOfHashes, type Work } from '../../domain/job.ts';
import type { Assembled, BitcoinShare, ShareCompletion } from '../../wire/dialect.ts';
import type { RequestId, SubmitRequest } from '../../wire/messages.ts';
import type { Group } from '../group.ts';
import type { InFlightShare } from '../in-flight-share.ts';
import type { MinerSession } from '../miner-session.ts';
import type { ShareSite } from '../share-site.ts';
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
    session.shares.refuse(id, 'unauthorized', 'Not subscribed', 0, 'not-subscribed');
    return;
  }
  const found = session.where.siteOf(request.jobId);
  if (found === null) {
    // What it was found at is not known any more; most likely what the miner has now.
    const { difficulty } = session.sent;
    const isStale = session.dialect.miner.ownJobIds && isOwnJobId(session, request.jobId);
    session.shares.refuse(
      id,
      isStale ? 'stale' : 'unknown-job',
      isStale ? 'Stale share' : 'Job not found',
      difficulty,
    );
    return;
  }
  let site = found;
  let assembled = assembleAt(session, request, site);
  if (assembled.kind === 'malformed' && assembled.isOtherPrefix === true) {
    // Where the job that it names is of two pools, the beginning of its nonce says which of them it was found for.
    const former = session.where.formerSiteOf(request.jobId);
    const before = former === null ? null : assembleAt(session, request, former);
    if (former !== null && before?.kind === 'share') [site, assembled] = [former, before];
  }
  const { job, upstream, binding, difficulty } = site;
  const { group } = binding;
  if (assembled.kind === 'malformed') {
    // What it was told before it has a right to have used: it did not know better.
    const isLate =
      assembled.isOtherPrefix === true &&
      session.space.told.some((part) => assembleAt(session, request, { ...site, ...part }).kind === 'share');
    session.shares.refuse(
      id,
      isLate ? 'stale' : 'malformed',
      isLate ? 'Stale share: found with another prefix' : assembled.problem,
      difficulty,
    );
    return;
  }
  if (session.dialogue.pending >= context.settings.limits.pendingSubmits) {
    session.shares.refuse(id, 'rejected', 'Too many shares wait for the pool', difficulty);
    return;
  }
  const share: InFlightShare = {
    line: null,
    next: null,
    requestId: id,
    job,
    share: assembled.share,
    sentAtMs: context.clock.monotonicMs(),
    books: binding.booksOf(job),
    difficulty,
    owner: session.shares,
    isFound: false,
  };
  session.shares.enter(share);
  const { completion } = binding;
  if (completion !== null) {
    proveByMix(session, upstream, group, share, completion);
    return;
  }
  if ((!group.verifies && !session.conduct.isQuarantined) || job.work === null)
    forwardUnproven(session, upstream, share);
  else if (assembled.share.family === 'bitcoin')
    proveByHash(session, upstream, group, share, assembled.share);
  else proveByClaim(session, upstream, group, share, job.work);
}

function assembleAt(session: MinerSession, request: SubmitRequest, site: ShareSite): Assembled {
  const { job, upstream, lane, binding, extranonce1, extranonce2Bytes } = site;
  return session.dialect.miner.assemble(request, {
    user: upstream.nameFor(binding.nameAtPool),
    work: job.work,
    poolJobId: job.poolJobId,
    version: job.version,
    ntime: job.ntime,
    extranonce1,
    extranonce2Bytes,
    lane: lane.bytes,
    versionMask: upstream.versionMask,
    isRolling: upstream.isRolling,
    judges: binding.group.judges,
  });
}

const HELD_BACK = 'Held back: too many invalid shares from this miner';

/** To the pool as it is, unless its miner is quarantined and it is not one of the few that find out whether it is well again. */
function forwardUnproven(session: MinerSession, upstream: Upstream, share: InFlightShare): void {
  if (session.conduct.mayForwardUnproven(share.sentAtMs)) upstream.submit(share);
  else session.shares.refuseEntered(share, 'rejected', HELD_BACK);
}

function proveByHash(
  session: MinerSession,
  upstream: Upstream,
  group: Group,
  entered: InFlightShare,
  share: BitcoinShare,
): void {
  const { verifier } = session.context;
  const { algorithm } = group.credentials.pool;
  const canProve = verifier !== null && verifier.canVerify(algorithm.name);
  const isSampled = !group.judges && !session.conduct.isQuarantined;
  if (!canProve || (isSampled && !verifier.mayProve(algorithm.name, entered.sentAtMs))) {
    forwardUnproven(session, upstream, entered);
    return;
  }
  const { job } = entered;
  if (share.extranonce2.length !== job.extranonce2Bytes * 2) {
    session.shares.refuseEntered(entered, 'malformed', 'Wrong size of extranonce2');
    return;
  }
  const leastDifficulty = (group.judges ? entered.difficulty : job.difficulty) * DIFFICULTY_TOLERANCE;
  const { versionMask } = upstream;
  verifier.prove({ algorithm, job, share, versionMask, leastDifficulty }, (proof) => {
    if (proof.versionBits !== null) entered.share = { ...share, versionBits: proof.versionBits };
    judge(session, upstream, group.judges, entered, proof);
  });
}

/** What the pool wants with the share is computed, and with it the hash, so that nothing invalid gets to the pool. */
function proveByMix(
  session: MinerSession,
  upstream: Upstream,
  group: Group,
  entered: InFlightShare,
  completion: ShareCompletion,
): void {
  const { mix, clock } = session.context;
  const { job } = entered;
  const question = job.work === null ? null : completion.questionOf(entered.share, job.work);
  if (question === null) {
    session.shares.refuseEntered(entered, 'rejected', UNMIXED);
    return;
  }
  // Each costs milliseconds, so of a miner that sends rubbish only a few are looked at.
  if (!session.conduct.mayForwardUnproven(entered.sentAtMs)) {
    session.shares.refuseEntered(entered, 'rejected', HELD_BACK);
    return;
  }
  const { algorithm } = group.credentials.pool;
  mix.compute({ ...question, algorithm: algorithm.name }, (answer) => {
    if (answer === null) {
      session.shares.refuseEntered(entered, 'rejected', UNMIXED);
      return;
    }
    entered.share = completion.complete(entered.share, answer.mix);
    entered.sentAtMs = clock.monotonicMs();
    const result = Buffer.from(answer.result, 'hex');
    const difficulty = difficultyOfTarget(result, algorithm.divider);
    const meetsPool = job.target === null ? difficulty >= job.difficulty : answer.result <= job.target.text;
    const fingerprint = result.readUIntBE(26, 6);
    judge(session, upstream, group.judges, entered, {
      difficulty,
      meetsPool,
      fingerprint,
      versionBits: null,
    });
  });
}

const UNMIXED = 'The mix hash that the pool wants could not be computed';

/** By what the share says of itself: as much as can be known of a hash that is not computed here. */
function proveByClaim(
  session: MinerSession,
  upstream: Upstream,
  group: Group,
  entered: InFlightShare,
  work: Work,
): void {
  const { claim } = group.dialect;
  if (claim === null || group.dialect.claimsOf?.(group.credentials.pool.algorithm.name) === false) {
    forwardUnproven(session, upstream, entered);
    return;
  }
  const { hashes, meetsPool, fingerprint } = claim(entered.share, work, entered.job.target);
  const difficulty = difficultyOfHashes(hashes, group.credentials.pool.algorithm.divider);
  judge(session, upstream, group.judges, entered, { difficulty, meetsPool, fingerprint, versionBits: null });
}

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
  const isEnough = proof.meetsPool || (judges && proof.difficulty >= share.difficulty * DIFFICULTY_TOLERANCE);
  // Only what counts is remembered: a flood of worthless shares must not push out those that do.
  const isNew = !isEnough || share.job.seen?.add(proof.fingerprint) !== false;
  const isTrusted = session.conduct.note(isEnough && isNew);
  if (!isNew) {
    session.shares.refuseEntered(share, 'duplicate', 'Duplicate share');
    return;
  }
  if (!isEnough) {
    session.shares.refuseEntered(share, 'low-difficulty', 'Low difficulty share');
    return;
  }
  session.shares.noteFound(share);
  if (!proof.meetsPool) {
    session.shares.credit(share);
  } else if (isTrusted) {
    session.jobs.noteProven(share);
    upstream.submit(share);
  } else {
    session.shares.refuseEntered(share, 'rejected', HELD_BACK);
  }
}

/** A submit whose parameters cannot be read: never forwarded, some pool servers crash on one. */
export function onUnusableSubmit(session: MinerSession, id: RequestId, problem: string): void {
  if (session.binding === null) refuseUnbound(session, id);
  else session.shares.refuse(id, 'malformed', problem, 0);
}

function refuseUnbound(session: MinerSession, id: RequestId): void {
  session.shares.refuse(id, 'unauthorized', 'Unauthorized worker', 0);
  session.dialogue.countFault();
}

/** True for the id of a job that this session may once have been sent: ids are numbered through the life of the process. */
function isOwnJobId(session: MinerSession, jobId: string): boolean {
  if (!/^[0-9a-f]{1,12}$/.test(jobId)) return false;
  const sequence = Number.parseInt(jobId, 16);
  const { firstEver } = session.sent;
  return firstEver > 0 && sequence >= firstEver && sequence <= session.context.jobs.last;
}
