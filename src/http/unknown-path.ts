import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';
import { nearest } from './nearest.ts';
import { API_ROOT, METRICS_PATH, OPENAPI_PATH, type PathTable, pathOf } from './paths.ts';

/** What every path answers, or every one that answers GET: nobody whose call was refused has meant these. */
const NO_HELP = new Set(['HEAD', 'OPTIONS']);

/** 404, 405, or the answer to OPTIONS. */
export function refuseUnknownPath(
  request: FastifyRequest,
  reply: FastifyReply,
  paths: PathTable,
): FastifyReply {
  const path = pathOf(request.url);
  const methods = path === '*' ? ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'] : paths.methodsOf(path);
  if (methods.length > 0) {
    const allow = methods.join(', ');
    if (request.method === 'OPTIONS') return reply.code(204).header('allow', allow).send();
    const helpful = methods.filter((method) => !NO_HELP.has(method)).join(', ');
    throw new ApiError('method-not-allowed', `${path} answers ${helpful}, not ${request.method}`, { allow });
  }
  const guess = nearest(path, paths.patterns);
  const hint = guess === null ? '' : ` (did you mean ${guess.replaceAll(/:(\w+)/g, '{$1}')}?)`;
  throw new ApiError(
    'not-found',
    `there is nothing at ${JSON.stringify(path.slice(0, 200))}${hint}: the API is under ${API_ROOT}, ` +
      `described at ${OPENAPI_PATH}; the metrics are at ${METRICS_PATH}`,
  );
}
