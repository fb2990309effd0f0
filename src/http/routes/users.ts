import { type Static, Type } from 'typebox';
import { formatEndpoint, parseEndpoint } from '../../domain/endpoint.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { POOLS_PATH, USERS_PATH } from '../paths.ts';
import type { Registration } from '../ports.ts';
import {
  errorResponses,
  MAX_LABEL,
  MAX_PASSWORD,
  MAX_POOL,
  MAX_USER,
  oneOf,
  strictObject,
} from '../schemas.ts';
import { checkText } from '../text.ts';

const credentials = {
  pool: Type.String({
    minLength: 1,
    maxLength: MAX_POOL,
    description: 'Where to mine: `host:port` or `[IPv6]:port`. The pool must be in the pool list.',
    examples: ['stratum.braiins.com:3333'],
  }),
  user: Type.String({
    minLength: 1,
    maxLength: MAX_USER,
    description: 'User name at the pool, as the pool wants it: an account, a wallet, either with `.worker`.',
    examples: ['alice'],
  }),
  password: Type.Optional(
    Type.String({
      maxLength: MAX_PASSWORD,
      description: 'Password at the pool; may be empty. Never shown again.',
      examples: ['x'],
    }),
  ),
};

const Body = strictObject({
  ...credentials,
  backups: Type.Optional(
    Type.Array(strictObject(credentials), {
      maxItems: 8,
      description: 'Where to mine while the pool is down, in order. Not available in this version.',
    }),
  ),
  mode: Type.Optional(
    oneOf(
      ['dedicated', 'shared'],
      'One pool connection per miner, or many miners on one. `shared` is not available in this version.',
    ),
  ),
  label: Type.Optional(
    Type.String({ maxLength: MAX_LABEL, description: 'A note for people; shown, not interpreted.' }),
  ),
  difficulty: Type.Optional(
    Type.Object(
      {
        min: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
        max: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
      },
      {
        additionalProperties: false,
        description: 'Bounds of the difficulty given to miners. Not available in this version.',
      },
    ),
  ),
});

const Answer = Type.Object({
  name: Type.String({ description: 'What miners give as their user name; empty when there is an error.' }),
  error: Type.String({ description: 'What is wrong and how to mend it; empty when nothing is.' }),
});

/** The registration call of the original program, kept for its clients. PUT works like POST, as it did there. */
export const addUsers: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: ['POST', 'PUT'],
    url: USERS_PATH,
    config: { access: 'register' },
    schema: {
      tags: ['users'],
      summary: 'Register pool credentials',
      description:
        'Gives the name that miners use to mine with these credentials. Registering the same pool, user and password ' +
        'again gives the same name.',
      body: Body,
      response: {
        201: { ...Answer, description: 'Registered.' },
        200: { ...Answer, description: 'Was registered already: the same name.' },
        ...errorResponses(
          Answer,
          'malformed-json',
          'invalid-request',
          'unknown-pool',
          'conflict',
          'body-too-large',
          'unsupported-media-type',
          'foreign-origin',
          'invalid-value',
          'not-available',
        ),
      },
    },
    handler: async (request, reply) => {
      const registration = toRegistration(request.body);
      const result = await ports.accounts.register(registration);
      if (result.kind === 'unknown-pool') throw unknownPool(formatEndpoint(result.endpoint));
      if (result.kind === 'conflict') throw new ApiError('conflict', result.message);
      const { name } = result;
      if (result.kind === 'existing') return reply.code(200).send({ name, error: '' });
      log.info('account registered', {
        account: name,
        pool: formatEndpoint(registration.endpoint),
        from: request.ip,
      });
      return reply.code(201).send({ name, error: '' });
    },
  });
};

function toRegistration(body: Static<typeof Body>): Registration {
  checkText('pool', body.pool);
  checkText('user', body.user);
  checkText('password', body.password ?? '');
  checkText('label', body.label ?? '');
  if (body.user.trim() === '') throw new ApiError('invalid-value', '"user" must not be empty');
  const endpoint = parseEndpoint(body.pool);
  if (endpoint === null) {
    throw new ApiError(
      'invalid-value',
      '"pool" must be host:port with a port from 1 to 65535, for instance "pool.example.com:3333" or "[2001:db8::1]:3333"',
    );
  }
  refuseUnavailable(body);
  return {
    endpoint,
    user: body.user,
    password: body.password ?? '',
    ...(body.mode === undefined ? {} : { mode: body.mode }),
    ...(body.label === undefined ? {} : { label: body.label }),
  };
}

/** What later versions bring is refused rather than ignored, so that nobody relies on what is not there. */
function refuseUnavailable(body: Static<typeof Body>): void {
  if (body.mode === 'shared') {
    throw new ApiError(
      'not-available',
      'the mode "shared" is not available in this version: leave "mode" out or use "dedicated"',
    );
  }
  if (body.backups !== undefined && body.backups.length > 0) {
    throw new ApiError(
      'not-available',
      '"backups" are not available in this version: leave them out and register each pool by itself',
    );
  }
  if (body.difficulty?.min !== undefined || body.difficulty?.max !== undefined) {
    throw new ApiError(
      'not-available',
      '"difficulty" is not available in this version: leave it out, the pool sets the difficulty',
    );
  }
}

function unknownPool(endpoint: string): ApiError {
  const example = JSON.stringify({ pool: endpoint, algorithm: '…' });
  return new ApiError(
    'unknown-pool',
    `the pool ${endpoint} is not in the pool list: add it first with POST ${POOLS_PATH} ${example}`,
  );
}
