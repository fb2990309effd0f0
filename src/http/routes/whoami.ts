import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { TOKEN_SCOPES } from '../auth.ts';
import { WHOAMI_PATH } from '../paths.ts';
import { errorResponses, oneOf, orNull, ProblemSchema } from '../schemas.ts';
import { isoTimeOrNull } from '../view.ts';

const WhoAmI = Type.Object({
  scope: oneOf(TOKEN_SCOPES, 'What the caller may do; `admin` where no token is needed.'),
  open: Type.Boolean({ description: 'No token is needed.' }),
  label: orNull(
    Type.String({ description: 'What the token is called in the audit log; null where none is needed.' }),
  ),
  expiresAt: orNull(Type.String({ format: 'date-time', description: 'Null: never.' })),
});

/** What the caller may do, so that a page need not offer more. */
export const addWhoAmI: AddRoutes = (app) => {
  app.route({
    method: 'GET',
    url: WHOAMI_PATH,
    config: { access: 'catalogue' },
    schema: {
      tags: ['tokens'],
      summary: 'What the token may do',
      response: { 200: { ...WhoAmI, description: 'The caller.' }, ...errorResponses(ProblemSchema) },
    },
    handler: async ({ token }) => ({
      scope: token?.scope ?? 'admin',
      open: token === null,
      label: token?.name ?? null,
      expiresAt: isoTimeOrNull(token?.expiresAtMs ?? null),
    }),
  });
};
