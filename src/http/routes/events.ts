import { Type } from 'typebox';
import { EVENT_KINDS } from '../../domain/event.ts';
import type { AddRoutes } from '../app.ts';
import { EventView, eventView } from '../event-view.ts';
import { EVENTS_PATH } from '../paths.ts';
import { AfterField, LimitField, readNumbers } from '../query.ts';
import {
  errorResponses,
  listOf,
  oneOf,
  orNull,
  ProblemSchema,
  STORE_ERRORS,
  strictObject,
} from '../schemas.ts';

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

/** What has happened. */
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
      description:
        'The newest first, those of before a restart too. How far back they go is a matter of `events.keep` and `events.keepDays`.',
      querystring: Query,
      response: {
        200: { ...Page, description: 'One page.' },
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, 'invalid-request', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const { limit, after = null, kind = null } = request.query;
      const { events, next } = await ports.events.list({ limit, before: after, kind });
      return { events: events.map(eventView), next };
    },
  });
};
