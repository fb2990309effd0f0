import { Type } from 'typebox';
import { EVENT_KINDS } from '../../domain/event.ts';
import type { AddRoutes } from '../app.ts';
import { EventView, eventView } from '../event-view.ts';
import { EVENTS_PATH } from '../paths.ts';
import { AfterField, LimitField, readNumbers } from '../query.ts';
import { errorResponses, listOf, oneOf, orNull, ProblemSchema, strictObject } from '../schemas.ts';

const Query = strictObject({
  limit: LimitField,
  after: AfterField,
  kind: Type.Optional(oneOf(EVENT_KINDS, 'Only events of this kind.')),
});

const Page = Type.Object({
  events: listOf(EventView),
  next: orNull(
    Type.Integer({ description: 'What to pass as `after` for the next page; null after the last.' }),
  ),
});

/** What has happened lately. */
export const addEvents: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: EVENTS_PATH,
    config: { access: 'read' },
    preValidation: async (request) => {
      readNumbers(request.query, ['limit', 'after']);
    },
    schema: {
      tags: ['events'],
      summary: 'What has happened',
      description: 'The last thousand events since the start, the newest first.',
      querystring: Query,
      response: {
        200: { ...Page, description: 'One page.' },
        ...errorResponses(ProblemSchema, 'invalid-request', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const { limit, after = null, kind = null } = request.query;
      const { events, next } = ports.events.list({ limit, before: after, kind });
      return { events: events.map(eventView), next };
    },
  });
};
