import { randomBytes } from 'node:crypto';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyRequest, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import type { Endpoint } from '../domain/endpoint.ts';
import type { Log } from '../kit/log.ts';
import type { HttpApp } from './app.ts';
import { addAudit, READS } from './audit.ts';
import { type ApiToken, type StoredToken, TokenRing } from './auth.ts';
import { BrowserGuard } from './browser-guard.ts';
import { ApiError } from './errors.ts';
import { addGates, isStillLetIn } from './gates.ts';
import { parseJsonBody, readText } from './json-body.ts';
import { AJV, lazySchemas } from './lazy-schemas.ts';
import { listen } from './listen.ts';
import { DEFAULT_HTTP_LIMITS, type HttpLimits, type HttpOptions } from './options.ts';
import { OutageLog } from './outage-log.ts';
import { PathTable, pathOf } from './paths.ts';
import type { HttpPorts } from './ports.ts';
import { type ProblemParts, sendProblem, toApiError } from './problem.ts';
import { ROUTES } from './routes/index.ts';
import { refuseUnknownPath } from './unknown-path.ts';
import { answerUnreadable } from './unreadable.ts';

/** What may be another while the server runs. */
export interface LiveHttpOptions {
  readonly tokens: readonly ApiToken[];
  readonly allowedHosts: readonly string[];
  /** 0: no limit. */
  readonly requestsPerMinute: number;
}

export interface HttpServer {
  /** Counts from the next request on. */
  apply(options: LiveHttpOptions): void;
  /** Tokens that count beside the configured ones, from the next request on. */
  setStoredTokens(tokens: readonly StoredToken[]): void;
  /**
   * Starts to listen and gives the address that was taken.
   *
   * @throws {ListenError} where the address cannot be had.
   */
  listen(): Promise<Endpoint>;
  /** Stops listening, answers what is in flight, cuts what takes longer than `closeMs`. May be called twice. */
  close(): Promise<void>;
  /** Answers a request without a socket. */
  inject(request: InjectOptions | string): Promise<LightMyRequestResponse>;
}

/** The web server: REST API, metrics, health. Nothing happens before `listen` or `inject`. */
export function createHttpServer(ports: HttpPorts & { readonly log: Log }, options: HttpOptions): HttpServer {
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const { log, faults } = ports;
  const outages = new OutageLog(log);
  const app = createApp(options, limits, { log, faults, outages });
  const paths = new PathTable();
  app.addHook('onRoute', ({ url, method }) => paths.add(pathOf(url), [method].flat()));

  app.setErrorHandler((error, request, reply) =>
    sendProblem(request, reply, toApiError(error, request, { log, faults, outages })),
  );
  app.setNotFoundHandler((request, reply) => refuseUnknownPath(request, reply, paths));
  app.removeAllContentTypeParsers();
  // Some clients name a content type with every request, also where there is no content: DELETE takes none.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
    parseBody(request, body),
  );

  const tokens = new TokenRing(options.tokens, { isExposed: options.isExposed === true });
  const live = {
    tokens,
    guard: guardOf(options, options.allowedHosts),
    requestsPerMinute: limits.requestsPerMinute,
  };
  addPlugins(app, options, live);
  addGates(app, live, limits, log, paths);
  addAudit(app, ports.manage.audit, log);
  let closing = false;
  const endless: (() => void)[] = [];
  const onTokens: (() => void)[] = [];
  app.addHook('onResponse', async (request, reply) => {
    // A connection whose answer began before `close` is kept alive by it, and idle from now on.
    if (closing) setImmediate(() => app.server.closeIdleConnections());
    if (reply.statusCode < 300 && !READS.has(request.method)) outages.over();
    log.debug('http request', {
      request: request.id,
      from: request.ip,
      method: request.method,
      path: pathOf(request.url),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    });
  });
  // After the plugins, whose hooks see every route.
  app.register((scope: HttpApp, _, done) => {
    const context = {
      ports,
      log,
      options: {
        version: options.version,
        scrapes: limits.scrapes,
        scrapeMs: limits.scrapeMs,
        streams: limits.streams,
      },
      onClosing: (end: () => void) => {
        endless.push(end);
      },
      onTokens: (changed: () => void) => {
        onTokens.push(changed);
      },
      isStillLetIn: (request: FastifyRequest) => isStillLetIn(request, tokens),
    };
    for (const addRoutes of ROUTES) addRoutes(scope, context);
    done();
  });

  return {
    apply: (changed) => {
      tokens.setConfigured(changed.tokens);
      live.guard = guardOf(options, changed.allowedHosts);
      live.requestsPerMinute = changed.requestsPerMinute;
      for (const recheck of onTokens) recheck();
    },
    setStoredTokens: (stored) => {
      tokens.setStored(stored);
      for (const recheck of onTokens) recheck();
    },
    listen: () => listen(app, options.host, options.port),
    close: () => {
      closing = true;
      for (const end of endless) end();
      return close(app, limits.closeMs);
    },
    inject: (request) => app.inject(request),
  };
}

function createApp(options: HttpOptions, limits: HttpLimits, parts: ProblemParts): HttpApp {
  const { trustedProxies } = options;
  const app = Fastify({
    logger: false,
    genReqId: () => randomBytes(6).toString('hex'),
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    http: {
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs),
      maxHeaderSize: 16_384,
    },
    schemaController: { compilersFactory: lazySchemas() },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    trustProxy: trustedProxies === undefined ? false : (address) => trustedProxies.has(address),
    // Requests that arrive on an open connection while closing are still answered.
    return503OnClosing: false,
    ajv: AJV,
    frameworkErrors: (error, request, reply) => {
      sendProblem(request, reply, toApiError(error, request, parts));
    },
    clientErrorHandler: answerUnreadable,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = limits.connections;
  return app;
}

function guardOf({ host }: HttpOptions, allowedHosts: readonly string[]): BrowserGuard {
  return new BrowserGuard({ listenHost: host, allowedHosts });
}

function parseBody(request: FastifyRequest, body: Buffer): unknown {
  const { body: kind } = request.routeOptions.config;
  if (request.method === 'DELETE' || kind === 'none') return undefined;
  return kind === 'lines' ? readText(body) : parseJsonBody(body);
}

function addPlugins(app: HttpApp, options: HttpOptions, live: { readonly requestsPerMinute: number }): void {
  app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // The server speaks plain HTTP; whoever puts TLS before it decides on this.
    strictTransportSecurity: false,
  });
  app.register(rateLimit, {
    allowList: () => live.requestsPerMinute === 0,
    max: () => live.requestsPerMinute,
    timeWindow: 60_000,
    enableDraftSpec: true,
    errorResponseBuilder: (_, context) =>
      new ApiError(
        'rate-limited',
        `more than ${context.max} requests in a minute: try again in ${context.after}`,
      ),
  });
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'stratum-proxy',
        description: 'REST API of the Stratum mining proxy.',
        version: options.version,
      },
      tags: [
        { name: 'users', description: 'Registered pool credentials.' },
        { name: 'pools', description: 'The pool list and what pools may mine.' },
        { name: 'miners', description: 'Sessions, workers, and what they have mined.' },
        { name: 'events', description: 'What has happened, and everything as it happens.' },
        { name: 'tokens', description: 'Who may use the API.' },
        { name: 'management', description: 'The audit log and the configuration.' },
        { name: 'mining', description: 'What is and was mined.' },
        { name: 'health', description: 'Liveness, readiness, version.' },
        { name: 'metrics', description: 'For Prometheus.' },
      ],
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'Only where tokens are configured (`web.tokens`).',
          },
        },
      },
      security: [{ token: [] }],
    },
  });
}

async function close(app: HttpApp, closeMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), closeMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
