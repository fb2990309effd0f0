import { type Static, Type } from 'typebox';
import { HISTORY_RANGES, type HistoryRangeName, type HistoryScope } from '../../domain/history.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { HISTORY_PATH } from '../paths.ts';
import type { AlgorithmView } from '../ports/algorithms.ts';
import type { HistoryPointView } from '../ports.ts';
import {
  errorResponses,
  listOf,
  MAX_POOL,
  MAX_USER,
  oneOf,
  ProblemSchema,
  STORE_ERRORS,
  strictObject,
} from '../schemas.ts';

const DAY_MS = 86_400_000;
/** A range that is longer has no more to show. */
const LONGEST_MS = 100 * 365 * DAY_MS;

/** What each kind of history is of; what is not named here only narrows it down. */
const NEEDED = {
  fleet: [],
  account: ['account'],
  worker: ['account', 'worker'],
  pool: ['pool'],
  algorithm: ['algorithm'],
} as const;

const Time = (description: string) =>
  Type.String({ maxLength: 40, pattern: '^\\d{4}-', title: 'a time like 2026-01-02T03:04:05Z', description });

const Query = strictObject({
  of: Type.Optional(
    oneOf(
      Object.keys(NEEDED) as (keyof typeof NEEDED)[],
      'Whose history: of everything, or of what is named by the key of the same name; a worker needs its `account` too. Default: `fleet`.',
    ),
  ),
  account: Type.Optional(
    Type.String({
      pattern: '^[0-9a-fA-F]{16}$',
      title: 'a name of 16 hex digits',
      description: 'Name of a user.',
    }),
  ),
  worker: Type.Optional(
    Type.String({
      maxLength: MAX_USER,
      description:
        'Worker name, as the miner gives it behind the first point of its user name. May be empty.',
    }),
  ),
  pool: Type.Optional(Type.String({ maxLength: MAX_POOL, description: '`host:port`.' })),
  algorithm: Type.Optional(Type.String({ maxLength: MAX_USER, description: 'Name or alias.' })),
  range: Type.Optional(
    oneOf(
      Object.keys(HISTORY_RANGES) as HistoryRangeName[],
      'The time up to now. Default: `24h`, unless `from` is given.',
    ),
  ),
  from: Type.Optional(Time('Instead of `range`: the begin.')),
  to: Type.Optional(Time('With `from`: the end. Default: now.')),
  by: Type.Optional(oneOf(['algorithm'], 'What series are split by, which they always are.')),
});

const Point = Type.Object({
  at: Type.String({ description: 'When the bucket begins.' }),
  work: Type.Number({ description: 'Hashes behind the credited shares.' }),
  hashrateHs: Type.Number({
    description: 'Work per second; in the bucket of now over the part that has passed.',
  }),
  accepted: Type.Integer({ description: 'Shares that were credited, by the pool or here.' }),
  rejected: Type.Unsafe<Readonly<Record<string, number>>>(
    Type.Object(
      {},
      {
        additionalProperties: Type.Integer(),
        description: 'All others, by result; results that did not occur are absent.',
      },
    ),
  ),
});

const History = Type.Object({
  from: Type.String({ description: 'Begin of the first bucket.' }),
  to: Type.String({ description: 'End of the last.' }),
  stepSeconds: Type.Integer({ description: 'Length of a bucket.' }),
  series: listOf(
    Type.Object({
      algorithm: Type.String(),
      unit: Type.String({ description: 'What its hashrate counts: H, Sol or g.' }),
      points: listOf(Point, { description: 'By time. A bucket without a share has no point.' }),
    }),
    { description: 'One for each algorithm that was mined.' },
  ),
});

/** Hashrates and shares over time. */
export const addHistory: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: HISTORY_PATH,
    config: { access: 'read' },
    schema: {
      tags: ['mining'],
      summary: 'Hashrate and shares over time',
      description:
        'Buckets of a minute for ranges up to six hours, of ten minutes up to seven days, of an hour or several beyond. ' +
        'What has not been kept that finely any more is answered in longer ones.',
      querystring: Query,
      response: {
        200: { ...History, description: 'At most 2000 points for each algorithm.' },
        ...errorResponses(
          ProblemSchema,
          ...STORE_ERRORS,
          'invalid-request',
          'invalid-value',
          'unknown-algorithm',
        ),
      },
    },
    handler: async ({ query }) => {
      const algorithms = await ports.algorithms.list();
      const scope = scopeOf(query, algorithms);
      const { stepSeconds, fromMs, toMs, points } = await ports.history.read(scope, rangeOf(query));
      return {
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
        stepSeconds,
        series: seriesOf(points, algorithms),
      };
    },
  });
};

function scopeOf(query: Static<typeof Query>, algorithms: readonly AlgorithmView[]): HistoryScope {
  const { of = 'fleet', account = null, worker = null, pool = null, algorithm = null } = query;
  for (const key of NEEDED[of]) {
    if (query[key] === undefined)
      throw new ApiError('invalid-request', `the key "${key}" is missing: it says whose history is meant`);
  }
  if (worker !== null && account === null)
    throw new ApiError(
      'invalid-request',
      'the key "account" is missing: worker names are those of an account',
    );
  const wanted = algorithm?.toLowerCase();
  const known = algorithms.find(
    ({ name, aliases }) => wanted === name || aliases.some((alias) => alias.toLowerCase() === wanted),
  );
  if (algorithm !== null && known === undefined)
    throw new ApiError('unknown-algorithm', 'there is no such algorithm; GET /api/v1/algorithms lists them');
  return { account: account?.toLowerCase() ?? null, worker, pool, algorithm: known?.name ?? null };
}

function rangeOf({ range, from, to }: Static<typeof Query>): {
  readonly fromMs: number;
  readonly toMs: number;
} {
  if (range !== undefined && (from !== undefined || to !== undefined))
    throw new ApiError('invalid-request', 'give either "range" or "from" and "to"');
  if (to !== undefined && from === undefined)
    throw new ApiError('invalid-request', 'the key "from" is missing');
  const toMs = to === undefined ? Date.now() : timeOf('to', to);
  const fromMs = from === undefined ? toMs - HISTORY_RANGES[range ?? '24h'] : timeOf('from', from);
  if (fromMs >= toMs) throw new ApiError('invalid-value', '"from" must be before "to"');
  if (toMs - fromMs > LONGEST_MS) throw new ApiError('invalid-value', 'a range is no longer than a century');
  return { fromMs, toMs };
}

function timeOf(key: string, text: string): number {
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs))
    throw new ApiError('invalid-value', `"${key}" must be a time like 2026-01-02T03:04:05Z`);
  return timeMs;
}

function seriesOf(
  points: readonly HistoryPointView[],
  algorithms: readonly AlgorithmView[],
): Static<typeof History>['series'] {
  const byAlgorithm = new Map<string, Static<typeof Point>[]>();
  for (const { atMs, algorithm, work, hashrateHs, counts } of points) {
    const own = byAlgorithm.get(algorithm) ?? [];
    byAlgorithm.set(algorithm, own);
    const { accepted = 0, 'accepted-local': acceptedHere = 0, ...others } = counts;
    own.push({
      at: new Date(atMs).toISOString(),
      work,
      hashrateHs,
      accepted: accepted + acceptedHere,
      rejected: others,
    });
  }
  return Array.from(byAlgorithm, ([algorithm, own]) => ({
    algorithm,
    unit: algorithms.find(({ name }) => name === algorithm)?.unit ?? 'H',
    points: own,
  }));
}
