import { type Static, Type } from 'typebox';
import { formatPoolPattern, parsePoolPattern } from '../../domain/pool-pattern.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { ALGORITHMS_PATH, POOLS_PATH, USERS_PATH } from '../paths.ts';
import type { AlgorithmsPort } from '../ports/algorithms.ts';
import type { PoolAddition } from '../ports/pools.ts';
import { AfterField, LimitField, readNumbers, searchOf } from '../query.ts';
import {
  BODY_ERRORS,
  errorResponses,
  listOf,
  MAX_PASSWORD,
  MAX_POOL,
  MAX_USER,
  ProblemSchema,
  STORE_ERRORS,
  strictObject,
} from '../schemas.ts';
import { checkText } from '../text.ts';
import {
  AUTO,
  hasTlsScheme,
  LabelField,
  lacksDifficultyError,
  MAX_WORD,
  OptionsField,
  PoolViewSchema,
  readOptions,
  tooManyProbes,
  unknownAlgorithm,
  unknownDialect,
} from './pool-fields.ts';

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
    description: `Name or alias from \`GET ${ALGORITHMS_PATH}\`; \`${AUTO}\`: the pool is asked, which takes up to 15 seconds.`,
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
  user: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_USER,
      description: `With the algorithm \`${AUTO}\`: the user name that the pool is asked with. Not kept. Absent: the pool is asked what it says without a login.`,
    }),
  ),
  password: Type.Optional(
    Type.String({
      maxLength: MAX_PASSWORD,
      description: 'The password that goes with `user`; default empty. Not kept, never shown.',
    }),
  ),
});

const Query = strictObject({
  limit: LimitField,
  after: AfterField,
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
      const { limit, after = null, algorithm = null, search } = request.query;
      if (algorithm !== null) await checkAlgorithm(ports.algorithms, algorithm);
      return ports.pools.list({ limit, after, algorithm, search: searchOf(search) });
    },
  });

  app.route({
    method: 'POST',
    url: POOLS_PATH,
    config: { access: 'admin', audit: 'pool-added' },
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
          ...BODY_ERRORS,
          'unknown-algorithm',
          'conflict',
          'unknown-dialect',
          'undetermined-pool',
          'busy',
        ),
      },
    },
    handler: async (request, reply) => {
      const addition = toAddition(request.body);
      const pool = formatPoolPattern(addition.pattern);
      const result = await ports.pools.add(addition, request.caller);
      if (result.kind === 'conflict') throw new ApiError('conflict', result.message);
      if (result.kind === 'unknown-algorithm')
        throw unknownAlgorithm(addition.algorithm ?? AUTO, result.known);
      if (result.kind === 'undetermined') throw new ApiError('undetermined-pool', result.message);
      if (result.kind === 'busy') throw tooManyProbes();
      if (result.kind === 'unknown-dialect') throw unknownDialect(addition, result.known);
      if (result.kind === 'no-difficulty') throw lacksDifficultyError();
      const [view] = result.pools;
      if (view === undefined) throw new Error(`adding ${pool} gave no entry`);
      if (result.kind === 'existing') {
        request.audited = null;
        return reply.code(200).send({ ...view, pool });
      }
      request.audited = { target: pool };
      log.info('pool added', {
        pool,
        algorithm: view.algorithm,
        algorithmFrom: view.algorithmFrom,
        dialect: view.dialect,
        from: request.ip,
      });
      return reply.code(201).send({ ...view, pool });
    },
  });
};

function toAddition(body: Static<typeof Addition>): PoolAddition {
  checkText('pool', body.pool);
  checkText('algorithm', body.algorithm);
  checkText('dialect', body.dialect ?? '');
  checkText('label', body.label ?? '');
  checkText('user', body.user ?? '');
  checkText('password', body.password ?? '');
  const algorithm = body.algorithm.trim();
  const isAuto = algorithm.toLowerCase() === AUTO;
  const { user, password = '' } = body;
  if (!isAuto && (user !== undefined || body.password !== undefined))
    throw new ApiError(
      'invalid-value',
      `"user" and "password" are for the algorithm "${AUTO}", to ask the pool with: leave them out, POST ${USERS_PATH} registers credentials`,
    );
  if (user === undefined && body.password !== undefined)
    throw new ApiError('invalid-value', '"password" goes with "user": give both, or none');
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
    algorithm: isAuto ? null : algorithm,
    ...(user === undefined ? {} : { login: { user, password } }),
    tls: body.tls ?? hasTlsScheme(body.pool),
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
