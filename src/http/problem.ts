import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../kit/log.ts';
import { API_ERRORS, ApiError, type ApiErrorCode } from './errors.ts';
import type { OutageLog } from './outage-log.ts';
import { pathOf, USERS_PATH } from './paths.ts';
import type { FaultsPort, StoreOutage } from './ports.ts';
import { redact } from './redact.ts';
import { validationError } from './validation.ts';

/** The body of every error but those of the registration call. */
export interface Problem {
  readonly error: {
    readonly code: ApiErrorCode;
    readonly message: string;
    /** Single faults, where there are several. */
    readonly problems?: readonly string[];
  };
}

/** The body of every answer of the registration call, as the original program has it: these two keys, both always there. */
export interface RegistrationAnswer {
  /** Empty when there is an error. */
  readonly name: string;
  /** Empty when there is none. */
  readonly error: string;
}

/** Answers a request with an error in the form of its path. The code stands in a header too: the registration call has no key for it. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: ApiError): FastifyReply {
  const { code, message, problems } = error;
  if (code === 'body-too-large') discardBody(request, reply);
  const body: Problem | RegistrationAnswer = isRegistration(request)
    ? { name: '', error: message }
    : { error: { code, message, ...(problems.length === 0 ? {} : { problems }) } };
  return reply
    .code(error.status)
    .headers({ ...error.headers, 'x-error-code': code, 'content-type': 'application/json; charset=utf-8' })
    .send(body);
}

function isRegistration({ method, url }: FastifyRequest): boolean {
  return (method === 'POST' || method === 'PUT') && pathOf(url) === USERS_PATH;
}

/**
 * The framework closes the connection here. A client that still sends would then lose the answer to the reset that its
 * next packet earns; so the rest is read and dropped, for as long as a request may take.
 */
function discardBody(request: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection');
  request.raw.resume();
}

export interface ProblemParts {
  readonly log: Log;
  readonly faults: FaultsPort;
  readonly outages: OutageLog;
}

/** What the client is told of anything that was thrown. What is our own fault is logged, without the request's body. */
export function toApiError(
  thrown: unknown,
  request: FastifyRequest,
  { log, faults, outages }: ProblemParts,
): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (isFrameworkError(thrown)) {
    if (thrown.validation !== undefined) {
      return validationError(thrown.validation, thrown.validationContext ?? 'request');
    }
    const known = describeFrameworkError(thrown, request);
    if (known !== null) return known;
  }
  const outage = faults.outageOf(thrown);
  if (outage !== null) return outageError(outage, outages.note(outage, thrown, request));
  log.error('api request failed', {
    request: request.id,
    method: request.method,
    path: pathOf(request.url),
    error: redact(describeFault(thrown), request.body),
  });
  return new ApiError(
    'internal',
    `something went wrong inside the proxy; its log has the cause under request ${request.id}`,
  );
}

/** After these times, in seconds, another attempt makes sense: a lock goes by itself, a disk is emptied by people. */
const RETRY_AFTER_SECONDS: Readonly<Record<StoreOutage, number>> = { busy: 5, full: 60, down: 30 };

/** `logged`: id of the request under which the log has the cause. */
function outageError(outage: StoreOutage, logged: string): ApiError {
  const headers = { 'retry-after': String(RETRY_AFTER_SECONDS[outage]) };
  switch (outage) {
    case 'busy':
      return new ApiError(
        'store-busy',
        'another process holds the data locked: try again in a moment',
        headers,
      );
    case 'full':
      return new ApiError(
        'store-full',
        "the disk of the proxy's data is full: free some space there, then try again",
        headers,
      );
    case 'down':
      return new ApiError(
        'store-down',
        `the proxy's data cannot be used at the moment; its log has the cause under request ${logged}`,
        headers,
      );
  }
}

interface FrameworkError extends Error {
  readonly code?: string;
  readonly statusCode?: number;
  readonly validation?: Parameters<typeof validationError>[0];
  readonly validationContext?: string;
}

function isFrameworkError(thrown: unknown): thrown is FrameworkError {
  return thrown instanceof Error && ('statusCode' in thrown || 'validation' in thrown);
}

/** Client faults that fastify finds by itself. */
function describeFrameworkError(error: FrameworkError, request: FastifyRequest): ApiError | null {
  switch (error.statusCode ?? 500) {
    case 400:
      return new ApiError('malformed-request', `the request cannot be read: ${error.message}`);
    case 413:
      return new ApiError(
        'body-too-large',
        `the body is longer than ${request.routeOptions.bodyLimit} bytes`,
      );
    case 414:
      return new ApiError('url-too-long', 'a part of the path is too long');
    case 415:
      return new ApiError(
        'unsupported-media-type',
        'the content type is not a valid one: send JSON with "Content-Type: application/json"',
      );
    default:
      return null;
  }
}

/** The whole cause, for the log: every error of the chain with its stack. */
function describeFault(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  return thrown.cause === undefined ? own : `${own}\ncaused by ${describeFault(thrown.cause)}`;
}

/** The JSON that a connection without a readable request gets. */
export function rawProblem(code: ApiErrorCode, message: string): { status: number; body: string } {
  const problem: Problem = { error: { code, message } };
  return { status: API_ERRORS[code].status, body: JSON.stringify(problem) };
}
