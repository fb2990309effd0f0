import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { POOLS_STATE_PATH } from '../paths.ts';
import { POOL_CONDITIONS, poolState } from '../pool-state.ts';
import { errorResponses, listOf, oneOf, orNull, ProblemSchema } from '../schemas.ts';

const Upstreams = Type.Object({
  idle: Type.Integer(),
  dialing: Type.Integer(),
  handshaking: Type.Integer(),
  live: Type.Integer(),
  cooling: Type.Integer({ description: 'Waiting to be dialled again.' }),
});

const State = Type.Object({
  pool: Type.String({ description: '`host:port` or `[IPv6]:port`.' }),
  algorithm: Type.String(),
  divider: Type.Number(),
  up: Type.Boolean({ description: 'At least one connection is logged in and has a job.' }),
  upstreams: { ...Upstreams, description: 'Connections to it, by state.' },
  sessions: Type.Integer(),
  jobs: Type.Integer({ description: 'Received since the start.' }),
  failures: Type.Integer({
    description: 'Failed dials, refused logins and lost connections since the start.',
  }),
  lastError: Type.String(),
  lastErrorAt: orNull(Type.String({ format: 'date-time' })),
  state: oneOf(
    POOL_CONDITIONS,
    '`idle`: nobody needs it; `refused`: it refuses the logins of accounts, none is logged in, and nothing else has failed since; `down`: needed, and cannot be had.',
  ),
  waiting: Type.Integer({ description: 'Miners whose connection to it is not up.' }),
  roundTripSeconds: orNull(
    Type.Number({
      description: 'Mean time of the answer to a share, since the start; null before the first.',
    }),
  ),
  roundTripP50Seconds: orNull(
    Type.Number({
      description: 'Half of the answers came within this bound; null where it is above them all.',
    }),
  ),
});

/** The pools in use. */
export const addPoolsState: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: POOLS_STATE_PATH,
    config: { access: 'read' },
    schema: {
      tags: ['pools'],
      summary: 'How the pools in use are',
      response: {
        200: {
          ...Type.Object({ pools: listOf(State) }),
          description: 'Every pool that is, or was since the start, in use.',
        },
        ...errorResponses(ProblemSchema),
      },
    },
    handler: async () => {
      const { pools } = await ports.fleet.report();
      return { pools: pools.map(poolState) };
    },
  });
};
