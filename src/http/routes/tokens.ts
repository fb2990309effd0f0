import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { TOKEN_SCOPES } from '../auth.ts';
import { ApiError } from '../errors.ts';
import { TOKEN_PATH, TOKENS_PATH } from '../paths.ts';
import {
  BODY_ERRORS,
  CHANGE_ERRORS,
  errorResponses,
  listOf,
  MAX_LABEL,
  oneOf,
  orNull,
  ProblemSchema,
  STORE_ERRORS,
  strictObject,
} from '../schemas.ts';
import { checkText } from '../text.ts';

const Scope = oneOf(
  TOKEN_SCOPES,
  '`read`: everything that is read. `register`: add users, and read pools and algorithms. `admin`: everything.',
);

const Addition = strictObject({
  scope: Scope,
  label: Type.Optional(Type.String({ maxLength: MAX_LABEL, description: 'A note for people.' })),
  expiresAt: Type.Optional(
    orNull(
      Type.String({
        format: 'date-time',
        maxLength: 40,
        description: 'ISO 8601; it is refused from then on. Null or absent: never.',
        examples: ['2099-01-01T00:00:00Z'],
      }),
    ),
  ),
});

const view = {
  id: Type.Integer(),
  scope: Scope,
  label: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: orNull(Type.String({ format: 'date-time' })),
};

const Params = Type.Object({
  id: Type.String({ pattern: '^[1-9]\\d{0,14}$', title: 'the id of a token', examples: ['1'] }),
});

/** Who may use the API, beside those that the configuration names. */
export const addTokens: AddRoutes = (app, { ports, log }) => {
  const { tokens } = ports.manage;

  app.route({
    method: 'GET',
    url: TOKENS_PATH,
    config: { access: 'admin' },
    schema: {
      tags: ['tokens'],
      summary: 'List tokens',
      description: 'Those that are stored, not those of `web.tokens`. What a token is nobody is shown again.',
      response: {
        200: Type.Object(
          { tokens: listOf(Type.Object(view)), next: Type.Null() },
          { description: 'All of them, expired ones too, by id.' },
        ),
        ...errorResponses(ProblemSchema, ...STORE_ERRORS),
      },
    },
    handler: async () => ({ tokens: await tokens.list(), next: null }),
  });

  app.route({
    method: 'POST',
    url: TOKENS_PATH,
    config: { access: 'admin', audit: 'token-created' },
    schema: {
      tags: ['tokens'],
      summary: 'Create a token',
      description:
        'The token is in this answer and nowhere else: only its SHA-256 is kept. The first one ends the time in which everything is allowed ' +
        'without, so it has to be of scope `admin`.',
      body: Addition,
      response: {
        201: Type.Object(
          { ...view, token: Type.String({ description: 'Shown only now.' }) },
          { description: 'Created.' },
        ),
        ...errorResponses(ProblemSchema, ...STORE_ERRORS, ...BODY_ERRORS, 'needs-admin-token'),
      },
    },
    handler: async (request, reply) => {
      const { scope, label = '', expiresAt = null } = request.body;
      checkText('label', label);
      const result = await tokens.create({ scope, label, expiresAtMs: readExpiry(expiresAt) });
      if (result.kind === 'needs-admin-token') throw new ApiError('needs-admin-token', result.message);
      const { id } = result.view;
      log.info('api token created', { token: id, scope, from: request.ip });
      request.audited = { target: String(id) };
      return reply.code(201).send({ ...result.view, token: result.token });
    },
  });

  app.route({
    method: 'DELETE',
    url: TOKEN_PATH,
    config: { access: 'admin', audit: 'token-deleted' },
    schema: {
      tags: ['tokens'],
      summary: 'Delete a token',
      description: 'It is refused from the next request on.',
      params: Params,
      response: {
        200: Type.Object({ removed: Type.Literal(true) }, { description: 'Deleted.' }),
        ...errorResponses(
          ProblemSchema,
          ...STORE_ERRORS,
          'unknown-token',
          'needs-admin-token',
          ...CHANGE_ERRORS,
        ),
      },
    },
    handler: async (request) => {
      const { id } = request.params;
      const result = await tokens.delete(Number(id));
      if (result.kind === 'not-found')
        throw new ApiError(
          'unknown-token',
          `no stored token has the id ${id}: GET ${TOKENS_PATH} lists those there are; those of web.tokens are taken out of the configuration`,
        );
      if (result.kind === 'needs-admin-token') throw new ApiError('needs-admin-token', result.message);
      const { scope, label } = result.view;
      log.info('api token deleted', { token: id, scope, from: request.ip });
      request.audited = { target: id, change: { scope, label } };
      return { removed: true as const };
    },
  });
};

function readExpiry(text: string | null): number | null {
  if (text === null) return null;
  const atMs = Date.parse(text);
  if (!Number.isFinite(atMs))
    throw new ApiError('invalid-value', '"expiresAt" must be a time such as 2099-01-01T00:00:00Z');
  if (atMs <= Date.now()) throw new ApiError('invalid-value', '"expiresAt" must be in the future');
  return atMs;
}
