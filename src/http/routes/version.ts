import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { API_ROOT } from '../paths.ts';
import { errorResponses, ProblemSchema } from '../schemas.ts';

const Version = Type.Object({
  name: Type.String(),
  version: Type.String(),
  node: Type.String({ description: 'Version of the Node.js that runs it.' }),
});

export const addVersion: AddRoutes = (app, { options }) => {
  app.route({
    method: 'GET',
    url: `${API_ROOT}/version`,
    config: { access: 'catalogue' },
    schema: {
      tags: ['health'],
      summary: 'Which version runs',
      response: { 200: { ...Version, description: 'The version.' }, ...errorResponses(ProblemSchema) },
    },
    handler: async () => ({ name: 'stratum-proxy', version: options.version, node: process.version }),
  });
};
