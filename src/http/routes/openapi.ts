import type { AddRoutes } from '../app.ts';
import { OPENAPI_PATH } from '../paths.ts';

/** The description of the API, made from the schemas that validate it. */
export const addOpenapi: AddRoutes = (app) => {
  app.route({
    method: 'GET',
    url: OPENAPI_PATH,
    config: { access: 'catalogue' },
    schema: { hide: true },
    handler: async (_, reply) =>
      reply.header('content-type', 'application/json; charset=utf-8').send(app.swagger()),
  });
};
