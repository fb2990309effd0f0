import { type Static, Type } from 'typebox';
import { EVENT_KINDS, LAST_ENDS, type NumberedEvent, severityOf } from '../domain/event.ts';
import { describeEvent } from '../domain/event-sentence.ts';
import { listOf, oneOf } from './schemas.ts';
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
  algorithm: Type.Optional(Type.String()),
  by: Type.Optional(
    Type.String({
      description:
        'Whose doing it was: a token as the audit log names it, `local` without one, `command line`, `proxy`; of a ban `operator` or `proxy`.',
    }),
  ),
  changed: Type.Optional(
    listOf(Type.String(), { description: 'Names of the fields or settings that are others now.' }),
  ),
  version: Type.Optional(Type.String({ description: 'Of the proxy that was started or stopped.' })),
  lastEnd: Type.Optional(oneOf(LAST_ENDS, 'How the run before a start ended.')),
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

type Subject =
  | 'account'
  | 'pool'
  | 'worker'
  | 'address'
  | 'algorithm'
  | 'by'
  | 'changed'
  | 'version'
  | 'lastEnd';

function subjectOf(event: NumberedEvent['event']): Partial<Pick<Static<typeof EventView>, Subject>> {
  return {
    ...('account' in event && event.account !== '' ? { account: event.account } : {}),
    ...('worker' in event ? { worker: event.worker } : {}),
    ...('address' in event ? { address: event.address } : {}),
    ...('algorithm' in event ? { algorithm: event.algorithm } : {}),
    ...('by' in event && event.by !== '' ? { by: event.by } : {}),
    ...('changed' in event ? { changed: event.changed } : {}),
    ...('version' in event ? { version: event.version } : {}),
    ...('lastEnd' in event ? { lastEnd: event.lastEnd } : {}),
    ...('pool' in event ? { pool: event.pool } : 'to' in event ? { pool: event.to } : {}),
  };
}
