import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { ALGORITHMS_PATH } from '../paths.ts';
import { errorResponses, listOf, oneOf, ProblemSchema, STORE_ERRORS } from '../schemas.ts';

const Algorithms = Type.Object({
  algorithms: listOf(
    Type.Object({
      name: Type.String(),
      divider: Type.Number({
        description: 'A share of difficulty 1 stands for 2^32 / divider hashes.',
      }),
      unit: oneOf(
        ['H', 'Sol', 'g'],
        'What its hashrate counts: hashes, Equihash solutions or Cuckoo graphs.',
      ),
      aliases: listOf(Type.String(), { description: 'Other names it is known by.' }),
      dialects: listOf(Type.String(), {
        description: 'Wire protocols it is mined with, the usual one first.',
      }),
      note: Type.String(),
    }),
  ),
});

/** What pools may mine. */
export const addAlgorithms: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: ALGORITHMS_PATH,
    config: { access: 'catalogue' },
    schema: {
      tags: ['pools'],
      summary: 'List algorithms',
      response: {
        200: { ...Algorithms, description: 'All of them, by name.' },
        ...errorResponses(ProblemSchema, ...STORE_ERRORS),
      },
    },
    handler: async () => ({ algorithms: await ports.algorithms.list() }),
  });
};
