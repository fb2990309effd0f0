import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { TOTALS_PATH } from '../paths.ts';
import { errorResponses, listOf, orNull, ProblemSchema, strictObject } from '../schemas.ts';
import { TOTAL_KEYS, type TotalKey, totalsBy } from '../totals.ts';
import { SharesView } from '../view.ts';

const Query = strictObject({
  by: Type.Optional(
    Type.String({
      maxLength: 64,
      description: 'Any of `account`, `pool`, `algorithm`, joined by commas; absent: one sum of everything.',
      examples: ['account,pool'],
    }),
  ),
});

const Totals = Type.Object({
  totals: listOf(
    Type.Object({
      account: Type.Optional(Type.String({ description: 'Empty for shares before a login.' })),
      pool: Type.Optional(Type.String()),
      algorithm: Type.Optional(Type.String()),
      miners: Type.Integer({ description: 'Connected now.' }),
      hashrate5mHs: Type.Number({
        description: 'Of the miners that are connected now. Of several algorithms added up it says nothing.',
      }),
      shares: SharesView,
      received: Type.Integer(),
      inFlight: Type.Integer(),
      work: Type.Number({ description: 'Hashes behind the credited shares.' }),
      workFound: Type.Number({ description: 'Hashes behind every valid share found here.' }),
      workAtPool: Type.Number({ description: 'Hashes behind the shares that the pool accepted.' }),
      sharesAtPool: Type.Integer(),
      efficiency: orNull(Type.Number({ description: '`workAtPool / workFound`.' })),
      efficiencyError: orNull(
        Type.Number({ description: 'Relative standard error of the efficiency, 1/√`sharesAtPool`.' }),
      ),
    }),
  ),
});

/** What was mined, by whom and where. */
export const addTotals: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: TOTALS_PATH,
    config: { access: 'read' },
    schema: {
      tags: ['miners'],
      summary: 'What was mined',
      querystring: Query,
      response: {
        200: { ...Totals, description: 'One entry for each combination there is.' },
        ...errorResponses(ProblemSchema, 'invalid-request', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const by = readKeys(request.query.by ?? '');
      const totals = totalsBy(await ports.fleet.report(), by).map(({ keys, ...sum }) =>
        Object.assign({}, keys, sum, {
          efficiency: sum.workFound > 0 ? sum.workAtPool / sum.workFound : null,
          efficiencyError: sum.sharesAtPool > 0 ? 1 / Math.sqrt(sum.sharesAtPool) : null,
        }),
      );
      return { totals };
    },
  });
};

/** @throws {ApiError} `invalid-value` */
function readKeys(text: string): readonly TotalKey[] {
  if (text === '') return [];
  const words = text.split(',');
  for (const word of words) {
    if (!TOTAL_KEYS.some((key) => key === word))
      throw new ApiError('invalid-value', `"by" must be any of ${TOTAL_KEYS.join(', ')}, joined by commas`);
  }
  return TOTAL_KEYS.filter((key) => words.includes(key));
}
