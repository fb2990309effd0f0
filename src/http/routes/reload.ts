import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { RELOAD_PATH } from '../paths.ts';
import { errorResponses, listOf, ProblemSchema } from '../schemas.ts';

/** The configuration, read again. */
export const addReload: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'POST',
    url: RELOAD_PATH,
    config: { access: 'admin', audit: 'settings-reloaded', body: 'none' },
    schema: {
      tags: ['management'],
      summary: 'Read the configuration again',
      description:
        'As SIGHUP does: the file, with the environment and the flags of the start. A configuration with a fault changes nothing.',
      response: {
        200: Type.Object(
          {
            changed: listOf(Type.String(), { description: 'Keys whose new value is in force.' }),
            needsRestart: listOf(Type.String(), {
              description: 'Keys whose new value counts after a restart.',
            }),
          },
          { description: 'Read.' },
        ),
        ...errorResponses(ProblemSchema, 'invalid-settings', 'foreign-origin', 'unsupported-media-type'),
      },
    },
    handler: async (request) => {
      const result = await ports.manage.settings.reload();
      if (result.kind === 'invalid')
        throw new ApiError(
          'invalid-settings',
          `the configuration has faults, and nothing was changed: ${result.problems.join('; ')}`,
          {},
          result.problems,
        );
      const { changed, needsRestart } = result;
      request.audited = { change: { changed, needsRestart } };
      return { changed, needsRestart };
    },
  });
};
