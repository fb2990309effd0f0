import { type Static, Type } from 'typebox';
import type { Endpoint } from '../../domain/endpoint.ts';
import { formatPoolPattern, parsePoolPattern } from '../../domain/pool-pattern.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { POOL_PATH, POOLS_PATH } from '../paths.ts';
import type { PoolChange } from '../ports/pools.ts';
import {
  BODY_ERRORS,
  CHANGE_ERRORS,
  errorResponses,
  MAX_POOL,
  ProblemSchema,
  STORE_ERRORS,
} from '../schemas.ts';
import { checkText } from '../text.ts';
import {
  inUseError,
  lacksDifficultyError,
  PoolChangeBody,
  PoolViewSchema,
  readOptions,
  unknownAlgorithm,
  unknownDialect,
} from './pool-fields.ts';

const Params = Type.Object({
  pool: Type.String({
    minLength: 1,
    maxLength: MAX_POOL,
    description: 'An entry as the list shows it: `host:port`, `*.suffix:port` or `[IPv6]:port`.',
    examples: ['127.0.0.1:3333'],
  }),
});

/** One entry of the pool list. */
export const addPool: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: 'PATCH',
    url: POOL_PATH,
    config: { access: 'admin', audit: 'pool-changed' },
    schema: {
      tags: ['pools'],
      summary: 'Change a pool',
      description:
        'What is absent stays as it is, null puts back the default (JSON merge patch, RFC 7396). The miners of the pool follow ' +
        'on the connections they have. Options of a pool of the catalogue outlive its updates; its label is the catalogue’s. Another ' +
        'algorithm, dialect or TLS for one makes an entry of the operator’s for the same address, which counts before it.',
      params: Params,
      body: PoolChangeBody,
      response: {
        200: { ...PoolViewSchema, description: 'The pool as it is now.' },
        ...errorResponses(
          ProblemSchema,
          ...STORE_ERRORS,
          ...BODY_ERRORS,
          'unknown-pool',
          'unknown-algorithm',
          'unknown-dialect',
        ),
      },
    },
    handler: async (request) => {
      const address = readAddress(request.params.pool);
      const pool = formatPoolPattern({ host: address.host, ports: [address.port] });
      const change = toChange(request.body);
      const result = await ports.pools.update(address, change, request.caller);
      switch (result.kind) {
        case 'unknown-algorithm':
          throw unknownAlgorithm(change.algorithm ?? '', result.known);
        case 'unknown-dialect':
          throw unknownDialect(
            { algorithm: change.algorithm ?? pool, dialect: change.dialect ?? '' },
            result.known,
          );
        case 'not-found':
          throw unlisted(pool);
        case 'no-difficulty':
          throw lacksDifficultyError();
        case 'catalogue-label':
          throw new ApiError(
            'invalid-value',
            `the label of ${pool} is the catalogue's: leave "label" out, or list the pool under another with POST ${POOLS_PATH}`,
          );
        case 'updated':
          log.info('pool changed', { pool, given: Object.keys(request.body).join(' '), from: request.ip });
          return result.pool;
      }
    },
  });

  app.route({
    method: 'DELETE',
    url: POOL_PATH,
    config: { access: 'admin', audit: 'pool-deleted' },
    schema: {
      tags: ['pools'],
      summary: 'Take a pool off the list',
      description:
        'Of an address that is there twice it is the operator’s entry that goes. A pool of the catalogue does not come back with its updates; ' +
        'it can be added again.',
      params: Params,
      response: {
        204: Type.Null({ description: 'It is off the list.' }),
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, 'unknown-pool', 'in-use', ...CHANGE_ERRORS),
      },
    },
    handler: async (request, reply) => {
      const address = readAddress(request.params.pool);
      const pool = formatPoolPattern({ host: address.host, ports: [address.port] });
      const result = await ports.pools.delete(address, request.caller);
      if (result.kind === 'not-found') throw unlisted(pool);
      if (result.kind === 'in-use')
        throw inUseError(
          `the pool ${pool} cannot be deleted`,
          result.count === 1 ? 'user has it' : 'users have it',
          result,
        );
      log.info('pool deleted', { pool, source: result.pool.source, from: request.ip });
      return reply.code(204).send(null);
    },
  });
};

function readAddress(text: string): Endpoint {
  checkText('pool', text);
  const pattern = parsePoolPattern(text);
  const [port, ...others] = pattern?.ports ?? [];
  if (pattern !== null && port !== undefined && others.length === 0) return { host: pattern.host, port };
  throw new ApiError(
    'invalid-value',
    '"pool" in the path must be one entry of the list: host:port, "*.suffix:port" or "[IPv6]:port"',
  );
}

function toChange({ algorithm, dialect, tls, options, label }: Static<typeof PoolChangeBody>): PoolChange {
  checkText('algorithm', algorithm ?? '');
  checkText('dialect', dialect ?? '');
  checkText('label', label ?? '');
  return {
    ...(algorithm === undefined ? {} : { algorithm: algorithm.trim() }),
    ...(dialect === undefined ? {} : { dialect: dialect?.trim() ?? null }),
    ...(tls === undefined ? {} : { tls: tls ?? false }),
    ...(options === undefined ? {} : { options: readOptions(options) }),
    ...(label === undefined ? {} : { label: label ?? '' }),
  };
}

function unlisted(pool: string): ApiError {
  return new ApiError(
    'unknown-pool',
    `the pool list has no entry ${pool}: GET ${POOLS_PATH} shows those there are; a host that a wildcard stands for is changed ` +
      `under the wildcard, or listed by itself first with POST ${POOLS_PATH}`,
  );
}
