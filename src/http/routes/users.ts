import { type Static, Type } from 'typebox';
import { formatEndpoint } from '../../domain/endpoint.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { miningOf } from '../mining.ts';
import { USERS_PATH } from '../paths.ts';
import type { Credentials, Registration } from '../ports/accounts.ts';
import { LimitField, readNumbers, searchOf } from '../query.ts';
import {
  BODY_ERRORS,
  errorResponses,
  listOf,
  MAX_POOL,
  ProblemSchema,
  STORE_ERRORS,
  strictObject,
} from '../schemas.ts';
import {
  BackupsField,
  DifficultyField,
  LabelField,
  MiningUserView,
  ModeField,
  PasswordField,
  PoolField,
  readBackups,
  readPool,
  readText,
  readUser,
  readWorkerTemplate,
  refusalError,
  UserField,
  WorkerTemplateField,
} from './user-fields.ts';

/** What a registration is made of. */
export const RegistrationBody = strictObject({
  pool: PoolField,
  user: UserField,
  password: Type.Optional(PasswordField),
  backups: Type.Optional(BackupsField),
  mode: Type.Optional(ModeField),
  label: Type.Optional(LabelField),
  difficulty: Type.Optional(DifficultyField),
  workerTemplate: Type.Optional(WorkerTemplateField),
});

const Answer = Type.Object({
  name: Type.String({ description: 'What miners give as their user name; empty when there is an error.' }),
  error: Type.String({ description: 'What is wrong and how to mend it; empty when nothing is.' }),
});

const Query = strictObject({
  limit: LimitField,
  after: Type.Optional(
    Type.String({
      pattern: '^[0-9a-fA-F]{16}$',
      title: 'the "next" of the page before',
      description: '`next` of the page before.',
    }),
  ),
  search: Type.Optional(
    Type.String({
      maxLength: MAX_POOL,
      description: 'Part of the name, the label, or of a user or pool, backups too; in any case.',
    }),
  ),
});

const Page = Type.Object({
  users: listOf(MiningUserView),
  next: Type.Union([Type.String(), Type.Null()], {
    description: 'What to pass as `after` for the next page; null after the last.',
  }),
});

/** The registration call of the original program, kept for its clients (PUT works like POST, as it did there), and the list. */
export const addUsers: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: ['POST', 'PUT'],
    url: USERS_PATH,
    config: { access: 'register', audit: 'account-registered' },
    schema: {
      tags: ['users'],
      summary: 'Register pool credentials',
      description:
        'Gives the name that miners use to mine with these credentials. Registering the same pool, user and password ' +
        'again gives the same name.',
      body: RegistrationBody,
      response: {
        201: { ...Answer, description: 'Registered.' },
        200: { ...Answer, description: 'Was registered already: the same name.' },
        ...errorResponses(
          Answer,
          ...STORE_ERRORS,
          ...BODY_ERRORS,
          'unknown-pool',
          'conflict',
          'mixed-algorithms',
          'not-available',
        ),
      },
    },
    handler: async (request, reply) => {
      const registration = toRegistration(request.body);
      const result = await ports.accounts.register(registration, request.caller);
      if (result.kind === 'conflict') {
        const remedy = `or change it with PATCH ${USERS_PATH}/${result.name}`;
        throw new ApiError('conflict', `${result.message}, ${remedy}`);
      }
      if (result.kind !== 'created' && result.kind !== 'existing') throw refusalError(result);
      const { name } = result;
      if (result.kind === 'existing') {
        request.audited = null;
        return reply.code(200).send({ name, error: '' });
      }
      request.audited = { target: name };
      log.info('account registered', {
        account: name,
        pool: formatEndpoint(registration.endpoint),
        backups: registration.backups?.length ?? 0,
        from: request.ip,
      });
      return reply.code(201).send({ name, error: '' });
    },
  });

  app.route({
    method: 'GET',
    url: USERS_PATH,
    config: { access: 'read' },
    preValidation: async (request) => {
      readNumbers(request.query, ['limit']);
    },
    schema: {
      tags: ['users'],
      summary: 'List users',
      querystring: Query,
      response: {
        200: { ...Page, description: 'One page of the users, by name. Passwords are never shown.' },
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, 'invalid-request', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const { limit, after, search } = request.query;
      const { users, next } = await ports.accounts.list({
        limit,
        after: after?.toLowerCase() ?? null,
        search: searchOf(search),
      });
      const mining = miningOf(await ports.reports.read(), users);
      return { users: users.map((user) => Object.assign({ mining: mining(user.name) }, user)), next };
    },
  });
};

/** @throws {ApiError} where a value is not possible. */
export function toRegistration(body: Static<typeof RegistrationBody>): Registration {
  const { backups, mode, label, difficulty, workerTemplate } = body;
  return {
    endpoint: readPool('pool', body.pool),
    user: readUser('user', body.user),
    password: readText('password', body.password ?? ''),
    ...(backups === undefined ? {} : { backups: readBackups(backups).map(withPassword) }),
    ...(mode === undefined ? {} : { mode }),
    ...(label === undefined ? {} : { label: readText('label', label) }),
    ...(difficulty === undefined ? {} : { difficulty }),
    ...(workerTemplate === undefined
      ? {}
      : { workerTemplate: readWorkerTemplate('workerTemplate', workerTemplate) }),
  };
}

function withPassword({
  endpoint,
  user,
  password = '',
}: ReturnType<typeof readBackups>[number]): Credentials {
  return { endpoint, user, password };
}
