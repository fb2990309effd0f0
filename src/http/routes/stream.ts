import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { LiveStream } from '../live-stream.ts';
import { STREAM_PATH } from '../paths.ts';
import { readNumbers } from '../query.ts';
import { errorResponses, ProblemSchema, strictObject } from '../schemas.ts';

const Query = strictObject({
  lastEventId: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'As the header `Last-Event-ID`, for clients that cannot set it.',
    }),
  ),
});

const Messages = Type.Unsafe<string | Readable>(Type.String());

/** Everything as it happens, for dashboards. */
export const addStream: AddRoutes = (app, { ports, options, onClosing, onTokens, isStillLetIn }) => {
  const stream = new LiveStream(
    {
      fleet: ports.fleet,
      events: ports.events,
      health: ports.health,
      algorithms: () => ports.algorithms.list(),
    },
    { version: options.version, listeners: options.streams },
  );
  onClosing(() => stream.close());
  onTokens(() => stream.recheck());

  app.route({
    method: 'GET',
    url: STREAM_PATH,
    config: { access: 'read' },
    preValidation: async (request) => {
      readNumbers(request.query, ['lastEventId']);
    },
    schema: {
      tags: ['events'],
      summary: 'Everything as it happens',
      description:
        'Server-sent events: `hello` first, `fleet` every second, `pools` every two, `event` for each event. With `Last-Event-ID` the ' +
        'events that were missed come first, as far as they are kept.',
      querystring: Query,
      response: {
        200: {
          description:
            'A stream without end; it ends with the token that it was opened with, and asks to be opened again after an hour.',
          content: { 'text/event-stream': { schema: Messages } },
        },
        ...errorResponses(ProblemSchema, 'busy', 'invalid-request', 'invalid-value'),
      },
    },
    handler: async (request, reply) => {
      reply.headers({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
      if (request.method === 'HEAD') return reply.send('');
      const lastId = readLastId(request.headers['last-event-id']) ?? request.query.lastEventId ?? null;
      const source = await stream.open(lastId, () => isStillLetIn(request));
      if (source === null) {
        reply.removeHeader('x-accel-buffering');
        throw new ApiError('busy', `${stream.listeners} listen already (web.streams)`, {
          'retry-after': '10',
        });
      }
      return reply.send(source);
    },
  });
};

function readLastId(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null;
}
