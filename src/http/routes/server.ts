import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { SERVER_PATH } from '../paths.ts';
import { errorResponses, listOf, orNull, ProblemSchema } from '../schemas.ts';
import { isoTime } from '../view.ts';

const Address = Type.Object({ address: Type.String(), port: Type.Integer() });

const Server = Type.Object({
  version: Type.String(),
  startedAt: Type.String({ format: 'date-time' }),
  uptimeSeconds: Type.Number(),
  node: Type.String(),
  platform: Type.String(),
  processId: Type.Integer(),
  stratum: Address,
  web: Address,
  listeners: listOf(
    Type.Object({
      ...Address.properties,
      dialect: orNull(Type.String()),
      account: orNull(Type.String()),
      tls: Type.String(),
    }),
    { description: 'The further Stratum ports (`stratum.listeners`).' },
  ),
  sessions: Type.Integer({ description: 'Connections of miners, those that have not logged in too.' }),
  authorizedSessions: Type.Integer(),
  upstreams: Type.Integer({ description: 'Connections to pools.' }),
  quarantinedSessions: Type.Integer(),
  bannedAddresses: Type.Integer(),
  memory: Type.Object({ rssBytes: Type.Integer(), heapUsedBytes: Type.Integer() }),
  openFiles: Type.Object({ used: orNull(Type.Integer()), limit: orNull(Type.Integer()) }),
  eventLoopDelaySeconds: orNull(
    Type.Object(
      { p50: Type.Number(), p99: Type.Number() },
      { description: 'How late turns of the event loop were over about the last minute.' },
    ),
  ),
  bytes: Type.Object({
    fromMiners: Type.Integer(),
    toMiners: Type.Integer(),
    fromPools: Type.Integer(),
    toPools: Type.Integer(),
  }),
  connectionsAccepted: Type.Integer(),
  connectionsRefused: Type.Record(Type.String(), Type.Integer(), {
    description: 'Refused or closed by us, by reason.',
  }),
  store: Type.Object({ kind: Type.String() }),
});

/** The process and what it carries. */
export const addServer: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: SERVER_PATH,
    config: { access: 'read' },
    schema: {
      tags: ['health'],
      summary: 'The process and its figures',
      response: {
        200: { ...Server, description: 'Counters count from the start.' },
        ...errorResponses(ProblemSchema),
      },
    },
    handler: async () => {
      const [{ startedAtMs, ...server }, { facts }] = await Promise.all([
        ports.server.read(),
        ports.fleet.report(),
      ]);
      return {
        ...server,
        startedAt: isoTime(startedAtMs),
        sessions: facts.sessions,
        authorizedSessions: facts.authorizedSessions,
        upstreams: facts.upstreams,
        quarantinedSessions: facts.quarantinedSessions,
        bannedAddresses: facts.bannedAddresses,
        bytes: {
          fromMiners: facts.bytesFromMiners,
          toMiners: facts.bytesToMiners,
          fromPools: facts.bytesFromPools,
          toPools: facts.bytesToPools,
        },
        connectionsAccepted: facts.connectionsAccepted,
        connectionsRefused: { ...facts.connectionsRefused },
      };
    },
  });
};
