import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import { managePorts } from '../../test/support/http-fixtures.ts';
import { silentLog } from '../kit/log.ts';
import { AJV, lazySchemas } from './lazy-schemas.ts';
import type { HttpPorts } from './ports.ts';
import { ROUTES } from './routes/index.ts';

const BODY = {
  type: 'object',
  properties: { size: { type: 'integer' } },
  required: ['size'],
  additionalProperties: false,
};

/** A server with one route, and how often its two schemas were compiled. */
function sizes(): { app: FastifyInstance; compiled(): number } {
  const made = lazySchemas();
  let compiled = 0;
  const counting = <T extends object>(schema: T): T =>
    new Proxy(schema, {
      get: (target, key, receiver) => {
        if (key === 'properties') compiled += 1;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
  const app = Fastify({ ajv: AJV, schemaController: { compilersFactory: made } });
  app.post(
    '/sizes',
    {
      schema: {
        body: counting(BODY),
        response: { 200: { type: 'object', properties: { size: { type: 'string' } } } },
      },
    },
    (request, reply) => {
      void reply.send({ size: (request.body as { size: number }).size, secret: 'x' });
    },
  );
  return { app, compiled: () => compiled };
}

describe('schemas of routes', () => {
  it('of every route can be compiled', async () => {
    const app = Fastify({ ajv: AJV }).withTypeProvider<TypeBoxTypeProvider>();
    const context = {
      // Nothing is called: only the routes are set up.
      ports: { manage: managePorts() } as HttpPorts,
      log: silentLog,
      options: { version: '0', scrapes: 1, scrapeMs: 1, streams: 1 },
      onClosing() {},
      onTokens() {},
      isStillLetIn: () => true,
    };
    for (const addRoutes of ROUTES) addRoutes(app, context);
    await app.ready();
    await app.close();
  });

  it('are not compiled before the first request', async () => {
    const { app, compiled } = sizes();
    await app.ready();
    const before = compiled();
    assert.equal((await app.inject({ method: 'POST', url: '/sizes', payload: { size: 1 } })).statusCode, 200);
    assert.ok(compiled() > before);
    const after = compiled();
    assert.equal((await app.inject({ method: 'POST', url: '/sizes', payload: { size: 1 } })).statusCode, 200);
    assert.equal(compiled(), after);
    await app.close();
  });

  it('judge every request by itself', async () => {
    const { app } = sizes();
    const send = async (payload: object): Promise<string> =>
      (await app.inject({ method: 'POST', url: '/sizes', payload })).body;
    const wrong = 'body/size must be integer';
    assert.match(await send({ size: 'big' }), new RegExp(wrong));
    assert.equal(await send({ size: 7 }), '{"size":"7"}');
    assert.match(await send({}), /must have required property 'size'/);
    assert.match(await send({ size: 7, other: 1 }), /must NOT have additional properties/);
    assert.equal(await send({ size: 8 }), '{"size":"8"}');
    await app.close();
  });
});
