import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { Type } from 'typebox';
import { acceptsGzip, prefers } from '../accept.ts';
import type { AddRoutes } from '../app.ts';
import { ApiError } from '../errors.ts';
import { METRICS_PATH } from '../paths.ts';
import type { MetricsFormat } from '../ports.ts';
import { errorResponses, ProblemSchema } from '../schemas.ts';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

const FORMATS: Readonly<Record<typeof TEXT | typeof OPENMETRICS, MetricsFormat>> = {
  [TEXT]: 'text',
  [OPENMETRICS]: 'openmetrics',
};

const Page = Type.Unsafe<string | Readable>(Type.String());

/** Scrapes, streamed as they are rendered. */
export const addMetrics: AddRoutes = (app, { ports, log, options }) => {
  let scrapes = 0;
  app.route({
    method: 'GET',
    url: METRICS_PATH,
    config: { access: 'read', rateLimit: false },
    schema: {
      tags: ['metrics'],
      summary: 'Metrics for Prometheus',
      description:
        'The text format 0.0.4, or OpenMetrics 1.0.0 where `Accept` prefers it; gzip where asked for.',
      response: {
        200: {
          description: 'The metrics.',
          content: {
            'text/plain': { schema: Page },
            'application/openmetrics-text': { schema: Page },
          },
        },
        ...errorResponses(ProblemSchema, 'busy'),
      },
    },
    handler: async (request, reply) => {
      const type = prefers(request.headers.accept, [TEXT, OPENMETRICS]);
      reply.headers({ 'content-type': type, vary: 'accept, accept-encoding' });
      if (request.method === 'HEAD') return reply.send('');
      if (scrapes >= options.scrapes) {
        throw new ApiError('busy', `${scrapes} scrapes are being answered already`, { 'retry-after': '1' });
      }
      scrapes++;
      let source: Readable;
      try {
        source = await startReading(ports.metrics.render(FORMATS[type]));
      } catch (error) {
        scrapes--;
        throw error;
      }
      source.once('close', () => {
        scrapes--;
        if (source.readableEnded) return;
        log.warn('scrape cut off', { from: request.ip, error: source.errored?.message ?? 'the client left' });
      });
      addAbortSignal(AbortSignal.timeout(options.scrapeMs), source);
      if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(source);
      const gzip = createGzip({ level: constants.Z_BEST_SPEED });
      reply.header('content-encoding', 'gzip');
      // An error shows at the source and ends the answer.
      return reply.send(pipeline(source, gzip, () => {}));
    },
  });
};

/** Takes the first chunk before the answer begins: a source that fails at once is answered 500, not with half a page. */
async function startReading(chunks: AsyncIterable<Uint8Array>): Promise<Readable> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  async function* all(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (let step = first; step.done !== true; step = await iterator.next()) yield step.value;
    } finally {
      await iterator.return?.();
    }
  }
  return Readable.from(all(), { objectMode: false });
}
