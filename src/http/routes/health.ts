import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { API_ROOT } from '../paths.ts';
import { errorResponses, listOf, ProblemSchema } from '../schemas.ts';

const Health = Type.Object({ status: Type.Literal('ok') });

const Readiness = Type.Object({
  ready: Type.Boolean(),
  checks: listOf(
    Type.Object({
      name: Type.String(),
      ready: Type.Boolean(),
      message: Type.String({ description: 'What is wrong; empty when ready.' }),
    }),
  ),
});

/** For supervisors and load balancers: neither counts towards the rate limit. */
export const addHealth: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: `${API_ROOT}/health`,
    config: { access: 'open', rateLimit: false },
    schema: {
      tags: ['health'],
      summary: 'Is the process alive?',
      description: 'Always 200 while the process can answer. Needs no token.',
      security: [],
      response: { 200: { ...Health, description: 'Alive.' } },
    },
    handler: async () => ({ status: 'ok' as const }),
  });

  app.route({
    method: 'GET',
    url: `${API_ROOT}/ready`,
    config: { access: 'read', rateLimit: false },
    schema: {
      tags: ['health'],
      summary: 'Can it do its work?',
      response: {
        200: { ...Readiness, description: 'Every check passes.' },
        ...errorResponses(ProblemSchema),
        503: { ...Readiness, description: 'At least one check does not pass.' },
      },
    },
    handler: async (_, reply) => {
      const { ready, checks } = await ports.health.ready();
      return reply.code(ready ? 200 : 503).send({ ready, checks });
    },
  });
};
