import type { AddRoutes } from '../app.ts';
import { OPENAPI_PATH } from '../paths.ts';

/** The description of the API, made from the schemas that validate it. */
export const addOpenapi: AddRoutes = (app) => {
  app.route({
    method: 'GET',
    url: OPENAPI_PATH,
    config: { access: 'catalogue' },
    schema: { hide: true },
    handler: async (_, reply) => {
      const document = app.swagger();
      freeDefaults(document);
      return reply.header('content-type', 'application/json; charset=utf-8').send(document);
    },
  });
};

/** What has a default need not be given; a schema of a whole query calls it required, since it is always there once it was filled in. */
function freeDefaults({ paths = {} }: { readonly paths?: object }): void {
  for (const methods of Object.values(paths) as readonly object[]) {
    for (const { parameters = [] } of Object.values(methods) as readonly {
      readonly parameters?: readonly Parameter[];
    }[]) {
      for (const parameter of parameters)
        if (parameter.schema?.default !== undefined) parameter.required = false;
    }
  }
}

interface Parameter {
  required?: boolean;
  readonly schema?: { readonly default?: unknown };
}
