import { type Static, Type } from 'typebox';
import { DEFAULT_WORKER_TEMPLATE, NO_ACCOUNT_DIFFICULTY } from '../../domain/account.ts';
import { formatEndpoint } from '../../domain/endpoint.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { miningOf } from '../mining.ts';
import { USER_PATH, USERS_PATH } from '../paths.ts';
import type { AccountChange } from '../ports/accounts.ts';
import {
  BODY_ERRORS,
  CHANGE_ERRORS,
  errorResponses,
  orNull,
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
  UserView,
  WorkerTemplateField,
} from './user-fields.ts';

const Params = Type.Object({
  name: Type.String({
    pattern: '^[0-9a-fA-F]{16}$',
    title: '16 hex digits, as the registration gave them',
    description: 'What the registration gave, in any case.',
    examples: ['0123456789abcdef'],
  }),
});

/** Null puts back the default; a user is nothing without pool and user. */
const Change = strictObject({
  pool: Type.Optional(PoolField),
  user: Type.Optional(UserField),
  password: Type.Optional(orNull(PasswordField)),
  backups: Type.Optional(orNull(BackupsField)),
  mode: Type.Optional(orNull(ModeField)),
  label: Type.Optional(orNull(LabelField)),
  difficulty: Type.Optional(orNull(DifficultyField)),
  workerTemplate: Type.Optional(orNull(WorkerTemplateField)),
});

/** One registered user. */
export const addUser: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: 'GET',
    url: USER_PATH,
    config: { access: 'read' },
    schema: {
      tags: ['users'],
      summary: 'Show a user',
      params: Params,
      response: {
        200: { ...MiningUserView, description: 'The user. Passwords are never shown.' },
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, 'unknown-user', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const name = request.params.name.toLowerCase();
      const account = await ports.accounts.show(name);
      if (account === null) throw unknownUser(name);
      return { ...account, mining: miningOf(await ports.reports.read(), [account])(name) };
    },
  });

  app.route({
    method: 'PATCH',
    url: USER_PATH,
    config: { access: 'admin', audit: 'account-changed' },
    schema: {
      tags: ['users'],
      summary: 'Change a user',
      description:
        'Takes the fields of the registration; what is absent stays as it is, null puts back the default (JSON merge patch, ' +
        'RFC 7396). A new pool takes user and password along unless they are given too. A list of backups replaces the one ' +
        'before; a backup without a password keeps that of the same pool and user. The name stays, and its miners follow ' +
        'without reconnecting.',
      params: Params,
      body: Change,
      response: {
        200: { ...UserView, description: 'The user as it is now, without what its miners do.' },
        ...errorResponses(
          ProblemSchema,
          ...STORE_ERRORS,
          ...BODY_ERRORS,
          'unknown-user',
          'unknown-pool',
          'conflict',
          'mixed-algorithms',
          'not-available',
        ),
      },
    },
    handler: async (request) => {
      const name = request.params.name.toLowerCase();
      const change = toChange(request.body);
      const result = await ports.accounts.update(name, change, request.caller);
      if (result.kind === 'not-found') throw unknownUser(name);
      if (result.kind !== 'updated') throw refusalError(result);
      log.info('account changed', {
        account: name,
        given: Object.keys(request.body).join(' '),
        pool: change.endpoint === undefined ? undefined : formatEndpoint(change.endpoint),
        revision: result.account.revision,
        from: request.ip,
      });
      return result.account;
    },
  });

  app.route({
    method: 'DELETE',
    url: USER_PATH,
    config: { access: 'admin', audit: 'account-deleted' },
    schema: {
      tags: ['users'],
      summary: 'Delete a user',
      description:
        'Its miners are disconnected. The same credentials may be registered again, under a new name.',
      params: Params,
      response: {
        204: Type.Null({ description: 'Deleted.' }),
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, 'unknown-user', ...CHANGE_ERRORS),
      },
    },
    handler: async (request, reply) => {
      const name = request.params.name.toLowerCase();
      const { kind } = await ports.accounts.delete(name, request.caller);
      if (kind === 'not-found') throw unknownUser(name);
      log.info('account deleted', { account: name, from: request.ip });
      return reply.code(204).send(null);
    },
  });
};

function toChange(body: Static<typeof Change>): AccountChange {
  const { pool, user, password, backups, mode, label, difficulty, workerTemplate } = body;
  return {
    ...(pool === undefined ? {} : { endpoint: readPool('pool', pool) }),
    ...(user === undefined ? {} : { user: readUser('user', user) }),
    ...(password === undefined ? {} : { password: readText('password', password ?? '') }),
    ...(backups === undefined ? {} : { backups: readBackups(backups ?? []) }),
    ...(mode === undefined ? {} : { mode: mode ?? 'auto' }),
    ...(label === undefined ? {} : { label: readText('label', label ?? '') }),
    ...(difficulty === undefined ? {} : { difficulty: difficulty ?? NO_ACCOUNT_DIFFICULTY }),
    ...(workerTemplate === undefined
      ? {}
      : {
          workerTemplate: readWorkerTemplate('workerTemplate', workerTemplate ?? DEFAULT_WORKER_TEMPLATE),
        }),
  };
}

function unknownUser(name: string): ApiError {
  return new ApiError('unknown-user', `there is no user ${name}: GET ${USERS_PATH} lists those there are`);
}
