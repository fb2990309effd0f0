import { type Static, Type } from 'typebox';
import type { SessionRow } from '../../domain/report.ts';
import { orNull } from '../schemas.ts';
import { ipOf } from '../session-list.ts';
import { HashrateView, isoTime, isoTimeOrNull, SharesView } from '../view.ts';

/** A session on one pool as it is shown. */
export const SessionView = Type.Object({
  id: Type.String({
    description:
      '16 hex digits: of the session, which a miner that comes back may keep. 14 or 15: of the connection, which has no session yet.',
  }),
  address: Type.String({ description: '`ip:port` of the miner.' }),
  ip: Type.String(),
  account: Type.String({ description: 'Empty before it has logged in.' }),
  worker: Type.String({ description: 'What the miner put after the first `.` of its user name.' }),
  agent: Type.String(),
  dialect: Type.String({ description: 'Empty before it has sent its first line.' }),
  pool: Type.String({ description: '`host:port`; empty while there is none.' }),
  algorithm: Type.String(),
  up: Type.Boolean({
    description:
      'False for what has ended within the last minute: a connection, or its time on a pool it was moved from.',
  }),
  connectedAt: Type.String({ format: 'date-time' }),
  lastShareAt: orNull(Type.String({ format: 'date-time' })),
  difficulty: Type.Number({ description: 'Of the newest job; 0 before the first.' }),
  hashrate: HashrateView,
  shares: SharesView,
  received: Type.Integer(),
  inFlight: Type.Integer(),
  quarantined: Type.Boolean({ description: 'Its shares are held back, since most of them were invalid.' }),
  bytesReceived: orNull(
    Type.Integer({ description: 'Sent by a connection that has not logged in; null for others.' }),
  ),
});

export function sessionView(row: SessionRow): Static<typeof SessionView> {
  return {
    id: row.id,
    address: row.address,
    ip: ipOf(row.address),
    account: row.account,
    worker: row.worker,
    agent: row.agent,
    dialect: row.dialect,
    pool: row.pool,
    algorithm: row.algorithm,
    up: row.up,
    connectedAt: isoTime(row.connectedAtMs),
    lastShareAt: isoTimeOrNull(row.lastShareAtMs),
    difficulty: row.difficulty,
    hashrate: { '1m': row.rate1mHs, '5m': row.rate5mHs, '15m': row.rate15mHs, '5mError': row.rate5mError },
    shares: row.counts,
    received: row.received,
    inFlight: row.inFlight,
    quarantined: row.isQuarantined,
    bytesReceived: row.bytesReceived,
  };
}
