import type { SessionDetail, SessionRow } from '../domain/report.ts';
import { hexOf } from '../kit/hex.ts';
import type { MinerSession } from './miner-session.ts';
import type { SessionBooks } from './session-books.ts';
import { Tally } from './tally.ts';

const NO_SHARES = new Tally();

/** One session on one pool as the report has it. `now`: what the session itself says; null where it has left the pool. */
export function sessionRow(
  books: SessionBooks,
  now: { readonly isQuarantined: boolean } | null,
  nowMs: number,
): SessionRow {
  const { subject, tally } = books;
  const rate5m = books.rate(5, nowMs);
  return {
    id: subject.sessionId,
    address: subject.address,
    account: subject.account,
    worker: subject.worker,
    agent: subject.agent,
    dialect: subject.dialect,
    pool: subject.pool,
    algorithm: subject.algorithm,
    up: now !== null,
    connectedAtMs: subject.connectedAtMs,
    lastShareAtMs: books.lastShareAtMs,
    difficulty: books.difficulty,
    received: tally.received,
    inFlight: tally.inFlight,
    counts: { ...tally.counts },
    difficultyReceived: tally.difficultyReceived,
    difficultyAccepted: tally.difficultyAccepted,
    rate1mHs: books.rate(1, nowMs).hs,
    rate5mHs: rate5m.hs,
    rate15mHs: books.rate(15, nowMs).hs,
    rate5mError: rate5m.error,
    isQuarantined: now?.isQuarantined === true,
  };
}

/** An open session looked at by itself. */
export function sessionDetail(session: MinerSession, nowMs: number): SessionDetail {
  const { binding, space, versionMask, upstream } = session;
  return {
    row: binding === null ? unboundRow(session) : sessionRow(binding.books, session.conduct, nowMs),
    isSubscribed: session.isSubscribed,
    isAuthorized: session.isAuthorized,
    isMining: session.isMining,
    isExtranonceAware: space.announcement.isMade,
    extranonce1: space.extranonce1,
    extranonce2Bytes: space.extranonce2Bytes,
    versionMask: versionMask === null ? null : hexOf(versionMask, 4),
    nameAtPool: binding?.nameAtPool ?? '',
    upstream: upstream?.state.kind ?? null,
  };
}

/** One that has ended. */
export function endedDetail(books: SessionBooks, nowMs: number): SessionDetail {
  return {
    row: sessionRow(books, null, nowMs),
    isSubscribed: false,
    isAuthorized: false,
    isMining: false,
    isExtranonceAware: false,
    extranonce1: '',
    extranonce2Bytes: 0,
    versionMask: null,
    nameAtPool: '',
    upstream: null,
  };
}

/** Of a miner that has not logged in. */
function unboundRow(session: MinerSession): SessionRow {
  return {
    id: session.id,
    address: session.address,
    account: '',
    worker: '',
    agent: session.agent,
    dialect: session.dialect.name,
    pool: '',
    algorithm: '',
    up: true,
    connectedAtMs: session.connectedAtMs,
    lastShareAtMs: null,
    difficulty: 0,
    received: 0,
    inFlight: 0,
    counts: { ...NO_SHARES.counts },
    difficultyReceived: 0,
    difficultyAccepted: 0,
    rate1mHs: 0,
    rate5mHs: 0,
    rate15mHs: 0,
    rate5mError: null,
    isQuarantined: session.conduct.isQuarantined,
  };
}
