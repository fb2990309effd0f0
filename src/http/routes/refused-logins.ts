import { Type } from 'typebox';
import type { RefusedLogin } from '../../domain/refused-login.ts';
import type { AddRoutes } from '../app.ts';
import { REFUSED_LOGINS_PATH } from '../paths.ts';
import { LimitField, readNumbers, searchOf } from '../query.ts';
import { SearchFilter } from '../row-order.ts';
import { errorResponses, listOf, ProblemSchema, strictObject } from '../schemas.ts';
import { isoTime } from '../view.ts';

const Login = Type.Object({
  address: Type.String({ description: 'The IP address it came from.' }),
  name: Type.String({ description: 'The user name as the miner gave it, cut to 64 characters.' }),
  agent: Type.String(),
  dialect: Type.String(),
  reason: Type.String({ description: 'What the miner was told.' }),
  count: Type.Integer({ description: 'So often.' }),
  firstAt: Type.String({ format: 'date-time' }),
  lastAt: Type.String({ format: 'date-time' }),
});

/** Logins of miners that were refused: a device with a misspelt user name is found here. */
export const addRefusedLogins: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: REFUSED_LOGINS_PATH,
    config: { access: 'read' },
    preValidation: async (request) => {
      readNumbers(request.query, ['limit']);
    },
    schema: {
      tags: ['miners'],
      summary: 'List refused logins',
      description:
        'Logins of miners that were refused since the start, the latest first, one entry for each address, name and reason. The last thousand are kept, in memory.',
      querystring: strictObject({ limit: LimitField, search: SearchFilter }),
      response: {
        200: { ...Type.Object({ logins: listOf(Login) }), description: 'The latest of them.' },
        ...errorResponses(ProblemSchema, 'invalid-request', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const { limit, search } = request.query;
      const wanted = searchOf(search);
      const logins = (await ports.fleet.refusedLogins()).filter(
        (login) => wanted === null || hasText(login, wanted),
      );
      return {
        logins: logins.slice(0, limit).map(loginView),
      };
    },
  });
};

function hasText({ address, name, agent, dialect, reason }: RefusedLogin, wanted: string): boolean {
  return [address, name, agent, dialect, reason].some((text) => text.toLowerCase().includes(wanted));
}

function loginView({ address, name, agent, dialect, reason, count, firstAtMs, lastAtMs }: RefusedLogin) {
  return {
    address,
    name,
    agent,
    dialect,
    reason,
    count,
    firstAt: isoTime(firstAtMs),
    lastAt: isoTime(lastAtMs),
  };
}
