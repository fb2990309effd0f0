import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { SESSION_PATH, SESSIONS_PATH } from '../paths.ts';
import { CHANGE_ERRORS, errorResponses, orNull, ProblemSchema } from '../schemas.ts';
import { SessionView, sessionView } from './session-view.ts';

export const SessionParams = Type.Object({
  id: Type.String({ pattern: '^[0-9a-fA-F]{1,64}$', title: 'the id of a session, hex digits' }),
});

const DetailView = Type.Object({
  ...SessionView.properties,
  isSubscribed: Type.Boolean(),
  isAuthorized: Type.Boolean(),
  isMining: Type.Boolean({ description: 'It has a job of a pool connection that is up.' }),
  isExtranonceAware: Type.Boolean({ description: 'It takes a new extranonce without reconnecting.' }),
  extranonce1: Type.String({ description: 'Hex, as it was told.' }),
  extranonce2Bytes: Type.Integer(),
  versionMask: orNull(Type.String({ description: '8 hex digits; null without version rolling.' })),
  nameAtPool: Type.String({ description: 'What its shares are submitted under.' }),
  upstream: orNull(
    Type.String({
      description: 'State of its pool connection: idle, dialing, handshaking, live, cooling, closed.',
    }),
  ),
});

/** One miner. */
export const addSession: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: 'GET',
    url: SESSION_PATH,
    config: { access: 'read' },
    schema: {
      tags: ['miners'],
      summary: 'Show a session',
      params: SessionParams,
      response: {
        200: { ...DetailView, description: 'The session as it is at this moment.' },
        ...errorResponses(ProblemSchema, 'unknown-session', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const id = request.params.id.toLowerCase();
      const detail = await ports.fleet.session(id);
      if (detail === null) throw unknownSession(id);
      const { row, ...more } = detail;
      return { ...sessionView(row), ...more };
    },
  });

  app.route({
    method: 'DELETE',
    url: SESSION_PATH,
    config: { access: 'admin', audit: 'session-kicked' },
    schema: {
      tags: ['miners'],
      summary: 'Disconnect a miner',
      description:
        'Also one that has not logged in. It may come back at once; `POST /api/v1/bans` keeps it away.',
      params: SessionParams,
      response: {
        200: { ...Type.Object({ closed: Type.Integer() }), description: 'Disconnected.' },
        ...errorResponses(ProblemSchema, 'unknown-session', ...CHANGE_ERRORS),
      },
    },
    handler: async (request) => {
      const id = request.params.id.toLowerCase();
      if (!(await ports.fleet.kick(id))) throw unknownSession(id);
      log.info('miner disconnected by the operator', { session: id, from: request.ip });
      return { closed: 1 };
    },
  });
};

export function unknownSession(id: string): ApiError {
  return new ApiError(
    'unknown-session',
    `there is no session ${id}: GET ${SESSIONS_PATH} lists those there are`,
  );
}
