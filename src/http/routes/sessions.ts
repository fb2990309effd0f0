import { Type } from 'typebox';
import type { SessionRow } from '../../domain/report.ts';
import type { AddRoutes } from '../app.ts';
import { SESSIONS_PATH } from '../paths.ts';
import { readNumbers } from '../query.ts';
import { minersQuery, readMinersQuery, WordFilter } from '../row-order.ts';
import { errorResponses, listOf, oneOf, ProblemSchema, strictObject } from '../schemas.ts';
import { listSessions } from '../session-list.ts';
import { SessionView, sessionView } from './session-view.ts';

const Query = strictObject({
  ...minersQuery,
  dialect: WordFilter,
  address: WordFilter,
  login: Type.Optional(
    oneOf(
      ['some', 'none', 'any'],
      'Default: `some`, miners that have logged in. `none`: connections that have not, as far as they are open. `any`: all.',
    ),
  ),
});

const Page = Type.Object({
  sessions: listOf(SessionView),
  total: Type.Integer({ description: 'So many there are of these, on all pages.' }),
});

/** Miners that have logged in, and connections that have not. */
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
        'both for that minute. Connections that have not logged in are listed where `login` asks for them. Answers are at most a second old.',
      querystring: Query,
      response: {
        200: { ...Page, description: 'One page in the order asked for.' },
        ...errorResponses(ProblemSchema, 'invalid-request', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const { login = 'some', ...rest } = request.query;
      const { filter, page } = readMinersQuery(rest);
      const { fleet } = ports;
      const withLogin = login === 'none' ? [] : (await fleet.report()).sessions;
      const withoutLogin = login === 'some' ? [] : await fleet.withoutLogin();
      const rows = withoutLogin.length === 0 ? withLogin : joined(withLogin, withoutLogin);
      const { sessions, total } = listSessions(rows, filter, page);
      return { sessions: sessions.map(sessionView), total };
    },
  });
};

/** The two are looked at by themselves: who has logged in between is in both. */
function joined(
  withLogin: readonly SessionRow[],
  withoutLogin: readonly SessionRow[],
): readonly SessionRow[] {
  const known = new Set<string>();
  for (const { address, up } of withLogin) if (up) known.add(address);
  return [...withLogin, ...withoutLogin.filter(({ address }) => !known.has(address))];
}
