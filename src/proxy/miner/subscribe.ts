import { isOfPool } from '../../domain/lane.ts';
import type { MinerRequest } from '../../wire/messages.ts';
import type { Group } from '../group.ts';
import type { LaneHint } from '../hint-book.ts';
import { hintKey } from '../hint-key.ts';
import type { MinerSession } from '../miner-session.ts';
import type { ResumeRecord } from '../session-context.ts';

/**
 * Answered before the user is known. A known session id gets its extranonce back (its old connection is closed first); a miner whose
 * lane was too wide for its pool last time gets one that fits.
 */
export function onSubscribe(
  session: MinerSession,
  request: Extract<MinerRequest, { kind: 'subscribe' }>,
): void {
  const { context } = session;
  if (session.isSubscribed) {
    session.subscribedAgain(request.id);
    return;
  }
  // It may have presented itself in a hello.
  if (request.agent !== '') session.agent = request.agent;
  session.origin = hintKey(session.ip, session.agent);
  const resumed = isOwnId(request.sessionId) ? takeResume(session, request.sessionId) : null;
  if (resumed !== null) {
    session.open(resumed, resumed.plan);
    session.subscribe(request.id, resumed.plan, false);
    return;
  }
  const hint = findHint(session, request);
  if (hint !== null) session.origin = hint.origin;
  const plan = session.space.planFor(hint?.poolExtranonce2Bytes ?? null);
  session.open(null, plan);
  const isTaken = isOfPool(plan);
  if (isTaken && hint !== null) session.recognition.adopt(hint);
  // Whoever has been here before, else whom the port is for.
  const account = hint?.account ?? session.policy.account;
  let isPoolKnown = hint !== null;
  if (isTaken && account !== null && session.upstream === null && session.binding === null) {
    context.accounts.find(account, (answer) => {
      if (!session.connection.isOpen || session.upstream !== null || session.binding !== null) return;
      const route = answer.kind === 'found' ? context.routeOf(answer.account, session.routeKind) : null;
      if (route === null) {
        isPoolKnown = false;
        session.expectNoPool();
      } else if (hint !== null || isLikely(session, route.group)) {
        // Of the port's account nothing has been proven: who mines for another must not wait for its pool.
        session.joinEarly(route.group);
      }
    });
  }
  session.subscribe(request.id, plan, isPoolKnown || session.upstream !== null);
}

/** The miner could be told this pool's prefix, and soon. */
function isLikely({ dialect }: MinerSession, group: Group): boolean {
  return dialect.pairing(group.dialect.name) === 'direct' && group.health.kind !== 'down';
}

function takeResume(session: MinerSession, sessionId: string): ResumeRecord | null {
  const { resumes, sessionsById, clock } = session.context;
  const living = sessionsById.get(sessionId);
  if (living !== undefined) {
    // Ids can be seen by whoever may look at the miners: from elsewhere none of them ends a connection that lives.
    if (living.ip !== session.ip) return null;
    // The id is unguessable, so this is the same miner; its old connection is closed before its lane is given away.
    living.endReplaced();
  }
  const record = resumes.get(sessionId, clock.monotonicMs());
  if (record === undefined) return null;
  resumes.delete(sessionId);
  return record;
}

function findHint(
  session: MinerSession,
  request: Extract<MinerRequest, { kind: 'subscribe' }>,
): LaneHint | null {
  const { hints, clock } = session.context;
  const sessionId = isOwnId(request.sessionId) ? request.sessionId : null;
  return hints.find(hintKey(session.ip, session.agent), sessionId, clock.monotonicMs());
}

/** True for an id that we may have given out. */
function isOwnId(sessionId: string | null): sessionId is string {
  return sessionId !== null && /^[0-9a-f]{16}$/.test(sessionId);
}
