import { type Static, Type } from 'typebox';
import { ALGORITHM_SOURCES } from '../../domain/algorithm-judgement.ts';
import { parseEndpoint } from '../../domain/endpoint.ts';
import { PROBE_STEPS } from '../../domain/pool-probe.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { ALGORITHMS_PATH, POOL_TEST_PATH } from '../paths.ts';
import { DIALECT_SOURCES, type PoolTest } from '../ports/pools.ts';
import {
  BODY_ERRORS,
  errorResponses,
  listOf,
  MAX_POOL,
  oneOf,
  orNull,
  ProblemSchema,
  STORE_ERRORS,
  strictObject,
} from '../schemas.ts';
import { checkText } from '../text.ts';
import {
  AUTO,
  hasTlsScheme,
  lacksDifficultyError,
  MAX_WORD,
  OptionsField,
  readOptions,
  tooManyProbes,
  unknownAlgorithm,
  unknownDialect,
} from './pool-fields.ts';
import { PasswordField, UserField } from './user-fields.ts';

const Test = strictObject({
  pool: Type.String({
    minLength: 1,
    maxLength: MAX_POOL,
    description: '`host:port` or `[IPv6]:port`. It need not be in the pool list.',
    examples: ['pool.example.com:3333'],
  }),
  user: UserField,
  password: Type.Optional(PasswordField),
  algorithm: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_WORD,
      description: `Name or alias from \`GET ${ALGORITHMS_PATH}\`. Absent or \`${AUTO}\`: it is found out.`,
    }),
  ),
  dialect: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_WORD,
      description: 'Wire protocol. Absent: it is found out, by one connection for each that is tried.',
    }),
  ),
  tls: Type.Optional(
    Type.Boolean({
      description:
        'Whether the pool speaks TLS. Default: what the pool list says, else false, true for an address that begins with `stratum+ssl://`.',
    }),
  ),
  options: Type.Optional(OptionsField),
});

const Milliseconds = (description: string) => orNull(Type.Integer({ description }));

const TestView = Type.Object({
  pool: Type.String(),
  reachable: Type.Boolean({
    description: 'A connection came about, TLS and the proxy on the way included.',
  }),
  address: orNull(Type.String({ description: 'IP address that was connected to; null through a proxy.' })),
  tls: orNull(
    Type.Object({
      protocol: Type.String(),
      fingerprint: Type.String({ description: 'SHA-256 of the certificate, for `options.tlsFingerprint`.' }),
    }),
  ),
  connectMs: Milliseconds('Until the connection was up.'),
  loginMs: Milliseconds('From there until the login was taken.'),
  firstJobMs: Milliseconds('From there until the first job.'),
  dialect: orNull(Type.String({ description: 'Wire protocol; null where it is not clear.' })),
  dialectFrom: oneOf(
    DIALECT_SOURCES,
    '`job`: a job has proven it. `given`: it was asked in no other. `answers`: its answers fit. `catalogue`: the pool list says so. `unknown`.',
  ),
  possibleDialects: listOf(Type.String()),
  algorithm: orNull(Type.String({ description: 'Null where it is not known.' })),
  algorithmFrom: oneOf(
    ALGORITHM_SOURCES,
    '`job`: the jobs name it, or can have no other. `given`. `dialect`: the dialect has no other. `catalogue`: the pool list says so. `unknown`.',
  ),
  possibleAlgorithms: listOf(Type.String()),
  difficulty: orNull(
    Type.Number({ description: "What the first job's shares must meet; null where that is not known." }),
  ),
  hashesPerShare: orNull(Type.Number({ description: 'The same in hashes.' })),
  extranonce1Bytes: orNull(
    Type.Integer({ description: 'Extranonce1 or nonce prefix; null where the dialect has none.' }),
  ),
  extranonce2Bytes: orNull(Type.Integer({ description: 'What is left to search behind it.' })),
  versionMask: orNull(
    Type.String({ description: 'Bits of the version that may be rolled; asked for sha256d only.' }),
  ),
  notes: listOf(Type.String(), { description: 'What else an operator should know.' }),
  failure: orNull(
    Type.Object({
      step: oneOf(PROBE_STEPS, 'Where it ended.'),
      message: Type.String({ description: 'For people: what is wrong and how to mend it.' }),
      poolMessage: orNull(Type.String({ description: "The pool's own words." })),
      poolCode: orNull(Type.Integer()),
    }),
  ),
});

/** Whether a pool can be mined on, and what it is, before it is in the list. */
export const addPoolTest: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: 'POST',
    url: POOL_TEST_PATH,
    config: { access: 'admin', audit: false },
    schema: {
      tags: ['pools'],
      summary: 'Test a pool',
      description:
        'Connects as mining would, logs in, waits for the first job, and says what was found and where it failed. Changes nothing. ' +
        'Takes up to 15 seconds; four at once.',
      body: Test,
      response: {
        200: { ...TestView, description: 'What was found, whether all went well or not.' },
        ...errorResponses(
          ProblemSchema,
          ...STORE_ERRORS,
          ...BODY_ERRORS,
          'unknown-algorithm',
          'unknown-dialect',
          'busy',
        ),
      },
    },
    handler: async (request) => {
      const wanted = toTest(request.body);
      const result = await ports.poolTests.test(wanted);
      switch (result.kind) {
        case 'unknown-algorithm':
          throw unknownAlgorithm(wanted.algorithm ?? '', result.known);
        case 'unknown-dialect':
          throw unknownDialect(wanted, result.known);
        case 'no-difficulty':
          throw lacksDifficultyError();
        case 'busy':
          throw tooManyProbes();
        case 'tested': {
          const { pool, dialect, algorithm, failure } = result.test;
          log.info('pool tested', {
            pool,
            dialect: dialect ?? undefined,
            algorithm: algorithm ?? undefined,
            failed: failure?.step,
            from: request.ip,
          });
          return result.test;
        }
      }
    },
  });
};

function toTest(body: Static<typeof Test>): PoolTest {
  const { user, password = '', algorithm = AUTO, dialect, options } = body;
  for (const [name, value] of Object.entries({
    pool: body.pool,
    user,
    password,
    algorithm,
    dialect: dialect ?? '',
  }))
    checkText(name, value);
  const endpoint = parseEndpoint(body.pool);
  if (endpoint === null)
    throw new ApiError(
      'invalid-value',
      '"pool" must be host:port with a port from 1 to 65535, for instance "pool.example.com:3333" or "[2001:db8::1]:3333"',
    );
  const wanted = algorithm.trim();
  const tls = body.tls ?? (hasTlsScheme(body.pool) ? true : undefined);
  return {
    endpoint,
    login: { user, password },
    ...(wanted.toLowerCase() === AUTO ? {} : { algorithm: wanted }),
    ...(dialect === undefined ? {} : { dialect: dialect.trim() }),
    ...(tls === undefined ? {} : { tls }),
    ...(options === undefined ? {} : { options: readOptions(options) }),
  };
}
