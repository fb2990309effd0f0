import type { FastifyRequest } from 'fastify';
import { shownVia } from '../domain/via.ts';
import type { Log } from '../kit/log.ts';
import type { HttpApp } from './app.ts';
import type { AuditPort } from './ports/manage.ts';

/** Methods that change nothing. */
export const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Longer ones are cut down to the names of what was given. */
const MOST_CHANGE_CHARACTERS = 8192;
const SECRET_KEYS = new Set(['password', 'token', 'secret']);
/** In the place of a secret that was given. */
const GIVEN = '(given)';

/** Who sent a request, for the audit log: a token by its id and label, or `local` where none is needed. */
export const LOCAL = 'local';

/**
 * Writes an entry for every request that has changed something, before its answer goes out. The change itself is on disk by then, so where the entry cannot
 * be written that is logged, and the answer stays what it was.
 */
export function addAudit(app: HttpApp, audit: AuditPort, log: Log): void {
  app.decorateRequest('audited', undefined);
  app.decorateRequest('caller', LOCAL);
  app.decorateRequest('token', null);
  app.addHook('onSend', async (request, reply, payload) => {
    const action = actionOf(request);
    if (action === null || reply.statusCode >= 300 || request.audited === null) return payload;
    const { target = targetOf(request), change = changeOf(request.body) } = request.audited ?? {};
    try {
      await audit.record({ who: request.caller, from: request.ip, action, target, change: bounded(change) });
    } catch (error) {
      log.error('a change could not be noted in the audit log', {
        action,
        target,
        who: request.caller,
        from: request.ip,
        error: error instanceof Error ? error.message : String(error),
      });
    }
    return payload;
  });
}

function actionOf({ method, routeOptions }: FastifyRequest): string | null {
  const { audit } = routeOptions.config;
  if (READS.has(method) || audit === false) return null;
  return audit ?? `${method} ${routeOptions.url ?? ''}`;
}

function targetOf({ params }: FastifyRequest): string {
  return typeof params === 'object' && params !== null ? Object.values(params).map(String).join(' ') : '';
}

function changeOf(body: unknown): Readonly<Record<string, unknown>> {
  return isRecord(body) ? (withoutSecrets(body) as Readonly<Record<string, unknown>>) : {};
}

/** A copy in which every password and the like is replaced, however deep it stands. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, shown(key.toLowerCase(), inner)]),
  );
}

function shown(key: string, value: unknown): unknown {
  if (SECRET_KEYS.has(key) && value !== null) return GIVEN;
  // The proxy on the way to a pool may have a login.
  if (key === 'via' && typeof value === 'string') return shownVia(value);
  return withoutSecrets(value);
}

function bounded(change: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.stringify(change).length <= MOST_CHANGE_CHARACTERS ? change : { given: Object.keys(change) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
