import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { SESSIONS_PATH } from '../paths.ts';
import { readNumbers } from '../query.ts';
import { minersQuery, readMinersQuery, WordFilter } from '../row-order.ts';
import { errorResponses, listOf, ProblemSchema, strictObject } from '../schemas.ts';
import { listSessions } from '../session-list.ts';
import { SessionView, sessionView } from './session-view.ts';

const Query = strictObject({ ...minersQuery, dialect: WordFilter, address: WordFilter });

const Page = Type.Object({
  sessions: listOf(SessionView),
  total: Type.Integer({ description: 'So many there are of these, on all pages.' }),
});

/** The miners that have logged in. */
export const addSessions: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: SESSIONS_PATH,
    config: { access: 'read' },
    preValidation: async (request) => {
      readNumbers(request.query, ['limit', 'offset']);
    },
    schema: {
      tags: ['miners'],
      summary: 'List sessions',
      description:
        'Every miner that has logged in, and for a minute those that have ended. One that was moved to another pool is listed with ' +
        'both for that minute. Answers are at most a second old.',
      querystring: Query,
      response: {
        200: { ...Page, description: 'One page in the order asked for.' },
        ...errorResponses(ProblemSchema, 'invalid-request', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const { filter, page } = readMinersQuery(request.query);
      const report = await ports.fleet.report();
      const { sessions, total } = listSessions(report.sessions, filter, page);
      return { sessions: sessions.map(sessionView), total };
    },
  });
};
