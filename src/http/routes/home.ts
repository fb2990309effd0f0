import { prefers } from '../accept.ts';
import type { AddRoutes } from '../app.ts';
import { API_ROOT, METRICS_PATH, OPENAPI_PATH } from '../paths.ts';

const PLACES = {
  api: API_ROOT,
  openapi: OPENAPI_PATH,
  health: `${API_ROOT}/health`,
  metrics: METRICS_PATH,
} as const;

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>stratum-proxy</title>
<h1>stratum-proxy</h1>
<p>A Stratum mining proxy. Miners connect to its stratum port; this port is for the API and the metrics.</p>
<ul>
<li>REST API: <code>${API_ROOT}</code>, described by <a href="${OPENAPI_PATH}">${OPENAPI_PATH}</a>
<li>Health: <a href="${API_ROOT}/health">${API_ROOT}/health</a>, readiness: <a href="${API_ROOT}/ready">${API_ROOT}/ready</a>
<li>Prometheus metrics: <a href="${METRICS_PATH}">${METRICS_PATH}</a>
</ul>
</html>
`;

/** What this is and where everything stands, for whoever opens the address in a browser or with curl. */
export const addHome: AddRoutes = (app) => {
  for (const url of ['/', API_ROOT]) {
    app.route({
      method: 'GET',
      url,
      config: { access: 'open', rateLimit: false },
      schema: { hide: true },
      handler: async (request, reply) => {
        reply.header('vary', 'accept');
        return prefers(request.headers.accept, ['application/json', 'text/html']) === 'text/html'
          ? reply.type('text/html; charset=utf-8').send(PAGE)
          : reply.send({ name: 'stratum-proxy', ...PLACES });
      },
    });
  }
};
