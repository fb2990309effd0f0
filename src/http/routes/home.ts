import type { FastifyReply, FastifyRequest } from 'fastify';
import { prefers } from '../accept.ts';
import type { AddRoutes } from '../app.ts';
import { codingFor, PAGE_POLICY, type PageFile, readBuiltPage } from '../page.ts';
import { API_ROOT, METRICS_PATH, OPENAPI_PATH } from '../paths.ts';

const PLACES = {
  api: API_ROOT,
  openapi: OPENAPI_PATH,
  health: `${API_ROOT}/health`,
  metrics: METRICS_PATH,
} as const;

/** Where the dashboard has not been built. */
const PLAIN_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>stratum-proxy</title>
<h1>stratum-proxy</h1>
<p>A Stratum mining proxy. Miners connect to its stratum port; this port is for the API and the metrics.</p>
<p>The dashboard has not been built: <code>npm start</code> does so.</p>
<ul>
<li>REST API: <code>${API_ROOT}</code>, described by <a href="${OPENAPI_PATH}">${OPENAPI_PATH}</a>
<li>Health: <a href="${API_ROOT}/health">${API_ROOT}/health</a>, readiness: <a href="${API_ROOT}/ready">${API_ROOT}/ready</a>
<li>Prometheus metrics: <a href="${METRICS_PATH}">${METRICS_PATH}</a>
</ul>
</html>
`;

const A_YEAR = 'public, max-age=31536000, immutable';

/** The dashboard for browsers, and where everything stands for whoever opens the address with curl. The page is open: what it shows it asks the API for, with a token where that needs one. */
export const addHome: AddRoutes = (app) => {
  const page = readBuiltPage();
  for (const url of ['/', API_ROOT]) {
    app.route({
      method: 'GET',
      url,
      config: { access: 'open', rateLimit: false },
      schema: { hide: true },
      handler: async (request, reply) => {
        reply.header('vary', 'accept, accept-encoding');
        if (prefers(request.headers.accept, ['application/json', 'text/html']) !== 'text/html')
          return reply.send({ name: 'stratum-proxy', ...PLACES });
        if (page === null || url !== '/') return reply.type('text/html; charset=utf-8').send(PLAIN_PAGE);
        // Its name stays the same when what it loads does not.
        reply.header('cache-control', 'no-cache').header('content-security-policy', PAGE_POLICY);
        return send(request, reply, page.index);
      },
    });
  }
  for (const [url, file] of page?.assets ?? []) {
    app.route({
      method: 'GET',
      url,
      config: { access: 'open', rateLimit: false },
      schema: { hide: true },
      handler: async (request, reply) => {
        reply.header('vary', 'accept-encoding').header('cache-control', A_YEAR);
        return send(request, reply, file);
      },
    });
  }
};

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply.header('etag', file.etag).type(file.type);
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  const coding = codingFor(request.headers['accept-encoding']);
  if (coding !== 'identity') reply.header('content-encoding', coding);
  return reply.send(file.bodies[coding]);
}
