import type { SessionDetail, SessionRow, ShareCounts } from '../domain/report.ts';
import { hexOf } from '../kit/hex.ts';
import type { Arrival } from './arrival.ts';
import type { MinerSession } from './miner-session.ts';
import type { SessionBooks } from './session-books.ts';
import { Tally } from './tally.ts';

const NO_SHARES: ShareCounts = { ...new Tally().counts };

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
    bytesReceived: null,
  };
}

/** An open session looked at by itself. `connectionId`: what it is called before it has an id of its own. */
export function sessionDetail(session: MinerSession, connectionId: string, nowMs: number): SessionDetail {
  const { binding, space, versionMask, upstream } = session;
  return {
    row:
      binding === null
        ? unboundRow(session, connectionId)
        : sessionRow(binding.books, session.conduct, nowMs),
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
  return { row: sessionRow(books, null, nowMs), ...NOTHING_YET };
}

/** A connection of which it is not known what it speaks. */
export function arrivalDetail(arrival: Arrival, connectionId: string): SessionDetail {
  return { row: arrivalRow(arrival, connectionId), ...NOTHING_YET };
}

const NOTHING_YET: Omit<SessionDetail, 'row'> = {
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

/** Of a connection of which it is not known what it speaks. */
export function arrivalRow(arrival: Arrival, connectionId: string): SessionRow {
  const { address, connectedAtMs, connection } = arrival;
  return {
    ...NO_LOGIN,
    id: connectionId,
    address,
    connectedAtMs,
    bytesReceived: connection.bytesReceived,
  };
}

/** Of a miner that has not logged in. */
export function unboundRow(session: MinerSession, connectionId: string): SessionRow {
  const { id, address, agent, dialect, connectedAtMs, connection, conduct } = session;
  return {
    ...NO_LOGIN,
    id: id === '' ? connectionId : id,
    address,
    agent,
    dialect: dialect.name,
    connectedAtMs,
    isQuarantined: conduct.isQuarantined,
    bytesReceived: connection.bytesReceived,
  };
}

const NO_LOGIN: Omit<SessionRow, 'id' | 'address' | 'connectedAtMs' | 'bytesReceived'> = {
  account: '',
  worker: '',
  agent: '',
  dialect: '',
  pool: '',
  algorithm: '',
  up: true,
  lastShareAtMs: null,
  difficulty: 0,
  received: 0,
  inFlight: 0,
  counts: NO_SHARES,
  difficultyReceived: 0,
  difficultyAccepted: 0,
  rate1mHs: 0,
  rate5mHs: 0,
  rate15mHs: 0,
  rate5mError: null,
  isQuarantined: false,
};
