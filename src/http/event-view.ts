import { type Static, Type } from 'typebox';
import { describeEvent, EVENT_KINDS, type NumberedEvent, severityOf } from '../domain/event.ts';
import { oneOf } from './schemas.ts';
import { isoTime } from './view.ts';

/** An event as lists and the stream show it. */
export const EventView = Type.Object({
  id: Type.Integer({ description: 'Grows; also over restarts.' }),
  at: Type.String({ format: 'date-time' }),
  kind: oneOf(EVENT_KINDS, 'What has happened.'),
  severity: oneOf(['info', 'warning', 'error'], 'How bad it is.'),
  message: Type.String({ description: 'For people.' }),
  count: Type.Integer({
    description: 'More than 1 where it came so often within ten seconds that it is told in one.',
  }),
  account: Type.Optional(Type.String()),
  pool: Type.Optional(Type.String({ description: 'Of a move the pool that was moved to.' })),
  worker: Type.Optional(Type.String()),
  address: Type.Optional(
    Type.String({ description: '`ip:port` of a miner; IP address or network of a ban.' }),
  ),
});

export function eventView(numbered: NumberedEvent): Static<typeof EventView> {
  const { id, atMs, event, count, isFolded } = numbered;
  return {
    id,
    at: isoTime(atMs),
    kind: event.kind,
    severity: severityOf(event),
    message: describeEvent(numbered),
    count,
    // What stands for many of its kind is about none of them.
    ...(isFolded ? {} : subjectOf(event)),
  };
}

function subjectOf(
  event: NumberedEvent['event'],
): Partial<Record<'account' | 'pool' | 'worker' | 'address', string>> {
  return {
    ...('account' in event && event.account !== '' ? { account: event.account } : {}),
    ...('worker' in event ? { worker: event.worker } : {}),
    ...('address' in event ? { address: event.address } : {}),
    ...('pool' in event ? { pool: event.pool } : 'to' in event ? { pool: event.to } : {}),
  };
}
