import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { AUDIT_PATH } from '../paths.ts';
import { AfterField, LimitField, readNumbers } from '../query.ts';
import { errorResponses, listOf, orNull, ProblemSchema, STORE_ERRORS, strictObject } from '../schemas.ts';

const Query = strictObject({
  limit: LimitField,
  after: AfterField,
});

const Entry = Type.Object({
  id: Type.Integer(),
  at: Type.String({ format: 'date-time' }),
  who: Type.String({
    description:
      '`token 3 (its label)`, `web.tokens` with the first digits of the hash, `local` where no token was needed, `proxy` for what the program does by itself.',
  }),
  from: Type.String({ description: 'IP address, or `command line`; empty for the program itself.' }),
  action: Type.String(),
  target: Type.String({ description: 'What was changed; may be empty.' }),
  change: Type.Unsafe<Readonly<Record<string, unknown>>>(
    Type.Object({}, { additionalProperties: true, description: 'What was given, without its secrets.' }),
  ),
});

/** Who changed what, and when. */
export const addAuditLog: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: AUDIT_PATH,
    config: { access: 'admin' },
    preValidation: async (request) => {
      readNumbers(request.query, ['limit', 'after']);
    },
    schema: {
      tags: ['management'],
      summary: 'Read the audit log',
      description: 'Every change that was made over the API or on the command line, for `audit.keepDays`.',
      querystring: Query,
      response: {
        200: Type.Object(
          { entries: listOf(Entry), next: orNull(Type.Integer()) },
          { description: 'One page, the newest first.' },
        ),
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, 'invalid-request', 'invalid-value'),
      },
    },
    handler: async ({ query: { limit, after = null } }) => ports.manage.audit.list({ limit, after }),
  });
};
