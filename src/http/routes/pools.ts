import { type Static, Type } from 'typebox';
import { formatPoolPattern, parsePoolPattern } from '../../domain/pool-pattern.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { ALGORITHMS_PATH, POOLS_PATH } from '../paths.ts';
import type { AlgorithmsPort, PoolAddition } from '../ports.ts';
import { readNumbers } from '../query.ts';
import { errorResponses, listOf, MAX_POOL, ProblemSchema, STORE_ERRORS, strictObject } from '../schemas.ts';
import { checkText } from '../text.ts';
import {
  LabelField,
  lacksDifficultyError,
  OptionsField,
  PoolViewSchema,
  readOptions,
} from './pool-fields.ts';

const MAX_WORD = 64;

const Addition = strictObject({
  pool: Type.String({
    minLength: 1,
    maxLength: MAX_POOL,
    description:
      '`host:port` or `[IPv6]:port`; `*.suffix:port` for every host below a suffix; several ports with commas.',
    examples: ['127.0.0.1:3333'],
  }),
  algorithm: Type.String({
    minLength: 1,
    maxLength: MAX_WORD,
    description: `Name or alias from \`GET ${ALGORITHMS_PATH}\`.`,
    examples: ['sha256d'],
  }),
  tls: Type.Optional(
    Type.Boolean({
      description:
        'Whether the pool speaks TLS. Default: false, true for an address that begins with `stratum+ssl://`.',
    }),
  ),
  dialect: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_WORD,
      description: "Wire protocol, one of the algorithm's. Default: its first.",
      examples: ['bitcoin-v1'],
    }),
  ),
  label: Type.Optional(LabelField),
  options: Type.Optional(OptionsField),
});

const Query = strictObject({
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Entries per page.' }),
  after: Type.Optional(Type.Integer({ minimum: 0, description: '`next` of the page before.' })),
  algorithm: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_WORD, description: 'Name or alias.' })),
  search: Type.Optional(
    Type.String({
      maxLength: MAX_POOL,
      description: 'Part of the address, the label or the coin, in any case.',
    }),
  ),
});

const Page = Type.Object({
  pools: listOf(PoolViewSchema),
  next: Type.Union([Type.Integer(), Type.Null()], {
    description: 'What to pass as `after` for the next page; null after the last.',
  }),
});

/** The pool list: what a registration may name. */
export const addPools: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: 'GET',
    url: POOLS_PATH,
    config: { access: 'catalogue' },
    preValidation: async (request) => {
      readNumbers(request.query, ['limit', 'after']);
    },
    schema: {
      tags: ['pools'],
      summary: 'List pools',
      querystring: Query,
      response: {
        200: { ...Page, description: 'One page of the pool list.' },
        ...errorResponses(
          ProblemSchema,
          ...STORE_ERRORS,
          'invalid-request',
          'invalid-value',
          'unknown-algorithm',
        ),
      },
    },
    handler: async (request) => {
      const { limit, after = null, algorithm = null, search = '' } = request.query;
      if (algorithm !== null) await checkAlgorithm(ports.algorithms, algorithm);
      const wanted = search.trim().toLowerCase();
      return ports.pools.list({ limit, after, algorithm, search: wanted === '' ? null : wanted });
    },
  });

  app.route({
    method: 'POST',
    url: POOLS_PATH,
    config: { access: 'admin' },
    schema: {
      tags: ['pools'],
      summary: 'Add a pool',
      description:
        'Adds an address to the pool list. Loopback and private addresses are allowed, names without a dot too. ' +
        'Adding the same pool again changes nothing.',
      body: Addition,
      response: {
        201: { ...PoolViewSchema, description: 'Added.' },
        200: { ...PoolViewSchema, description: 'Was in the list already, with the same properties.' },
        ...errorResponses(
          ProblemSchema,
          ...STORE_ERRORS,
          'malformed-json',
          'invalid-request',
          'unknown-algorithm',
          'conflict',
          'body-too-large',
          'unsupported-media-type',
          'foreign-origin',
          'invalid-value',
          'unknown-dialect',
        ),
      },
    },
    handler: async (request, reply) => {
      const addition = toAddition(request.body);
      const pool = formatPoolPattern(addition.pattern);
      const result = await ports.pools.add(addition);
      if (result.kind === 'conflict') throw new ApiError('conflict', result.message);
      if (result.kind === 'unknown-algorithm') throw unknownAlgorithm(addition.algorithm, result.known);
      if (result.kind === 'unknown-dialect') throw unknownDialect(addition, result.known);
      if (result.kind === 'no-difficulty') throw lacksDifficultyError();
      const [view] = result.pools;
      if (view === undefined) throw new Error(`adding ${pool} gave no entry`);
      if (result.kind === 'existing') return reply.code(200).send({ ...view, pool });
      log.info('pool added', { pool, algorithm: view.algorithm, dialect: view.dialect, from: request.ip });
      return reply.code(201).send({ ...view, pool });
    },
  });
};

function toAddition(body: Static<typeof Addition>): PoolAddition {
  checkText('pool', body.pool);
  checkText('algorithm', body.algorithm);
  checkText('dialect', body.dialect ?? '');
  checkText('label', body.label ?? '');
  const pattern = parsePoolPattern(body.pool);
  if (pattern === null) {
    throw new ApiError(
      'invalid-value',
      '"pool" must be host:port with a port from 1 to 65535, for instance "pool.example.com:3333", ' +
        '"*.pool.example.com:3333" or "[2001:db8::1]:3333"',
    );
  }
  return {
    pattern,
    algorithm: body.algorithm.trim(),
    tls: body.tls ?? /^\s*(?:stratum\+)?(?:ssl|tls):\/\//i.test(body.pool),
    ...(body.dialect === undefined ? {} : { dialect: body.dialect.trim() }),
    ...(body.label === undefined ? {} : { label: body.label }),
    ...(body.options === undefined ? {} : { options: readOptions(body.options) }),
  };
}

/** An unknown filter would give an empty list that looks like an answer. */
async function checkAlgorithm(algorithms: AlgorithmsPort, wanted: string): Promise<void> {
  const known = await algorithms.list();
  const names = known.flatMap(({ name, aliases }) => [name, ...aliases]);
  if (names.some((name) => name.toLowerCase() === wanted.toLowerCase())) return;
  throw unknownAlgorithm(
    wanted,
    known.map(({ name }) => name),
  );
}

function unknownAlgorithm(wanted: string, known: readonly string[]): ApiError {
  const guess = nearest(wanted, known);
  const hint = guess === null ? '' : ` (did you mean "${guess}"?)`;
  return new ApiError(
    'unknown-algorithm',
    `there is no algorithm ${JSON.stringify(wanted)}${hint}: GET ${ALGORITHMS_PATH} lists those there are`,
  );
}

function unknownDialect(addition: PoolAddition, known: readonly string[]): ApiError {
  return new ApiError(
    'unknown-dialect',
    `${addition.algorithm} is not mined with the dialect ${JSON.stringify(addition.dialect ?? '')}: it has ${known.join(', ')}`,
  );
}
