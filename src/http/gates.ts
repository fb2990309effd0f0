import type { FastifyRequest } from 'fastify';
import type { Log } from '../kit/log.ts';
import type { HttpApp } from './app.ts';
import { isGranted, readBearer, scopesFor, type TokenRing } from './auth.ts';
import type { BrowserGuard } from './browser-guard.ts';
import { ApiError } from './errors.ts';
import { checkBodyHeaders } from './json-body.ts';
import type { HttpLimits } from './options.ts';
import { type PathTable, pathOf } from './paths.ts';
import { refuseUnknownPath } from './unknown-path.ts';

/** What the gates go by now; any of it may be another the next time. */
export interface GateKeys {
  readonly tokens: TokenRing;
  readonly guard: BrowserGuard;
}

const NO_TOKEN =
  'other machines can reach this, and there is no token: run "stratum-proxy token add admin" with the same data file';

const FORWARDED =
  'this came through a proxy, and without a token everybody behind it could change everything here: run "stratum-proxy token add admin", ' +
  'or name the public host in web.allowedHosts where the proxy itself lets in only who may';

/** What reverse proxies add. [RFC 7239], [RFC 9110 7.6.3], and what is common */
const FORWARDING_HEADERS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
];

/** Whether a request that has passed would pass now too: tokens come, go and expire while an answer without end goes on. */
export function isStillLetIn(request: FastifyRequest, tokens: TokenRing): boolean {
  const access = request.routeOptions.config.access ?? 'admin';
  return tokens.grants(readBearer(request.headers.authorization ?? ''), access, Date.now());
}

/** What every request passes before its route sees it, the cheapest refusal first. */
export function addGates(app: HttpApp, keys: GateKeys, limits: HttpLimits, log: Log, paths: PathTable): void {
  const { tokens } = keys;
  const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    const { headers } = request;
    const { guard } = keys;
    // With tokens a page gets nowhere by rebinding: it has none.
    if (tokens.isOpen && !guard.isOwnHost(headers.host)) throw wrongHost(headers.host ?? '');
    const origin = { host: headers.host, origin: headers.origin, fetchSite: fetchSiteOf(request) };
    if (!reads.has(request.method) && guard.isForeign(origin)) {
      throw new ApiError('foreign-origin', 'a web page of another origin must not change anything here');
    }
    if (request.is404) return refuseUnknownPath(request, reply, paths);
    if (headers['content-type'] === '') delete headers['content-type'];
    if (!reads.has(request.method))
      checkBodyHeaders(
        headers['content-type'],
        headers['content-encoding'],
        request.routeOptions.config.body,
      );
    return undefined;
  });

  let countFailure: ReturnType<HttpApp['createRateLimit']> | null = null;
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access ?? 'admin';
    if (access === 'open') return;
    if (tokens.isOpen) {
      if (!keys.guard.hasNames && isForwarded(request)) throw new ApiError('forwarded', FORWARDED);
      return;
    }
    if (tokens.hasNone) throw unauthorized(NO_TOKEN, '');
    const header = request.headers.authorization;
    if (header === undefined) throw unauthorized('this needs "Authorization: Bearer <token>"', '');
    const token = readBearer(header);
    const caller = token === null ? null : tokens.callerOf(token, Date.now());
    if (caller !== null) {
      if (!isGranted(caller.scope, access)) throw insufficientScope(scopesFor(access));
      request.caller = caller.name;
      request.token = caller;
      return;
    }
    // Only unknown tokens count: behind one address there may be others whose tokens are good.
    countFailure ??= app.createRateLimit({ max: limits.failedTokensPerMinute, timeWindow: 60_000 });
    const failures = await countFailure(request);
    if (!failures.isAllowed && failures.isExceeded) {
      throw new ApiError('rate-limited', 'too many unknown tokens: try again later', {
        'retry-after': String(failures.ttlInSeconds),
      });
    }
    log.warn('api token refused', { from: request.ip, path: pathOf(request.url) });
    throw unauthorized('the token is not a known one', ', error="invalid_token"');
  });
}

/** To a server on a loopback address every request comes from this machine, also one that a reverse proxy on it passes on from anywhere. */
function isForwarded({ headers }: FastifyRequest): boolean {
  return FORWARDING_HEADERS.some((name) => headers[name] !== undefined);
}

function fetchSiteOf(request: FastifyRequest): string | undefined {
  const header = request.headers['sec-fetch-site'];
  return Array.isArray(header) ? header[0] : header;
}

function wrongHost(host: string): ApiError {
  return new ApiError(
    'wrong-host',
    `${JSON.stringify(host.slice(0, 100))} is no name of this server: call it by its address, or add the name to web.allowedHosts`,
  );
}

/** [RFC 6750 3] */
function unauthorized(message: string, detail: string): ApiError {
  return new ApiError('unauthorized', message, {
    'www-authenticate': `Bearer realm="stratum-proxy"${detail}`,
  });
}

/** [RFC 6750 3.1] */
function insufficientScope(scopes: readonly string[]): ApiError {
  return new ApiError('insufficient-scope', `this needs a token of scope ${scopes.join(' or ')}`, {
    'www-authenticate': `Bearer realm="stratum-proxy", error="insufficient_scope", scope="${scopes.join(' ')}"`,
  });
}
