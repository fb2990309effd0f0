import { Type } from 'typebox';
import { formatEndpoint } from '../../domain/endpoint.ts';
import type { AddRoutes } from '../app.ts';
import { USERS_MOVE_PATH } from '../paths.ts';
import { auditedMove, MOVE_ACTION, moveError, moveFailures } from '../pool-move.ts';
import {
  BODY_ERRORS,
  errorResponses,
  listOf,
  ProblemSchema,
  STORE_ERRORS,
  strictObject,
} from '../schemas.ts';
import { PoolField, readPool, readUser, UserField } from './user-fields.ts';

const MOST_NAMES = 1000;

const Body = strictObject({
  from: { ...PoolField, description: 'The pool that is left: `host:port` or `[IPv6]:port`.' },
  to: { ...PoolField, description: 'The pool that takes its place; it must be in the pool list.' },
  user: Type.Optional({
    ...UserField,
    description:
      'User name at the new pool, `{user}` in it standing for the one at the old. Default: the same.',
  }),
  dryRun: Type.Optional(Type.Boolean({ description: 'Change nothing, and tell what would happen.' })),
});

const Answer = Type.Object({
  dryRun: Type.Boolean(),
  matched: Type.Integer({ description: 'Users that have the old pool, as their pool or as a backup.' }),
  moved: Type.Integer({ description: 'Those of them that were moved, or would be.' }),
  accounts: listOf(Type.String(), { description: `Their names, ${MOST_NAMES} at most.` }),
  failed: Type.Integer({ description: 'Those that stay as they are.' }),
  failures: listOf(
    Type.Object({
      name: Type.String(),
      code: Type.String({ description: 'As of an error.' }),
      error: Type.String({ description: 'For people: what is in the way.' }),
    }),
    { description: `Why, for ${MOST_NAMES} of them at most.` },
  ),
});

/** All users of a pool to another one. */
export const addUsersMove: AddRoutes = (app, { ports, log }) => {
  app.route({
    method: 'POST',
    url: USERS_MOVE_PATH,
    config: { access: 'admin', audit: MOVE_ACTION },
    schema: {
      tags: ['users'],
      summary: 'Move all users of a pool to another',
      description:
        'Wherever a user has the old pool, as its pool or as a backup, the new one takes its place, with the password it had. Each user is changed by itself, as by ' +
        'PATCH: its name stays, and its miners follow without reconnecting.',
      body: Body,
      response: {
        200: { ...Answer, description: 'What was done, or would be.' },
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, ...BODY_ERRORS, 'unknown-pool', 'mixed-algorithms'),
      },
    },
    handler: async (request) => {
      const { user, dryRun = false } = request.body;
      const move = {
        from: readPool('from', request.body.from),
        to: readPool('to', request.body.to),
        user: user === undefined ? null : readUser('user', user),
        dryRun,
      };
      const result = await ports.manage.moves.move(move, request.caller);
      if (result.kind !== 'done') throw moveError(result, move);
      const { moved } = result;
      const failures = moveFailures(result);
      const audited = auditedMove(move, result);
      request.audited = dryRun || moved.length === 0 ? null : audited;
      if (!dryRun)
        log.info('accounts moved to another pool', {
          pool: formatEndpoint(move.from),
          to: audited.target,
          moved: moved.length,
          failed: failures.length,
          from: request.ip,
        });
      return {
        dryRun,
        matched: moved.length + failures.length,
        moved: moved.length,
        accounts: moved.slice(0, MOST_NAMES),
        failed: failures.length,
        failures: failures.slice(0, MOST_NAMES),
      };
    },
  });
};
