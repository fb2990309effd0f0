import * as fc from 'fast-check';
import { Check } from 'typebox/schema';
import { type ApiRequest, requestsOf } from './api-requests.ts';
import { type OpenApiDocument, operationsOf } from './openapi.ts';

/** Refusals that any call can be answered with before it is looked at, whether its description says so or not. */
const ANYWHERE = new Set([400, 404, 405, 408, 413, 414, 415, 429, 431]);
/** An answer that has no end is read this long. */
const READ_MS = 10_000;

export interface ApiFuzzOptions {
  /** `http://host:port`. */
  readonly web: string;
  /** Sent with every request that has no other. */
  readonly token: string;
  readonly requests: number;
  readonly seed: number;
}

export interface ApiFuzzReport {
  /** Answers by call and status. */
  readonly answers: ReadonlyMap<string, number>;
  /** What was wrong with the first answer that was, and the smallest request that had it; null where nothing was. */
  readonly failure: string | null;
}

/** Sends requests made from the server's own description of its API, and holds every answer against that. */
export async function fuzzApi(options: ApiFuzzOptions): Promise<ApiFuzzReport> {
  const described = await fetch(`${options.web}/api/v1/openapi.json`, {
    headers: { authorization: `Bearer ${options.token}` },
  });
  const operations = operationsOf((await described.json()) as OpenApiDocument);
  const answers = new Map<string, number>();
  const property = fc.asyncProperty(requestsOf(operations), async (request) => {
    const problem = await send(request, options, answers);
    if (problem !== null) throw new Error(problem);
  });
  const { failed, error, counterexample } = await fc
    .check(property, { numRuns: options.requests, seed: options.seed })
    .then(({ failed: hasFailed, errorInstance, counterexample: example }) => ({
      failed: hasFailed,
      error: errorInstance,
      counterexample: example,
    }));
  if (!failed) return { answers, failure: null };
  const [request] = counterexample ?? [];
  const what = error instanceof Error ? error.message : String(error);
  return {
    answers,
    failure: `${what}\nseed ${options.seed}: ${request === undefined ? '' : describe(request)}`,
  };
}

function describe({ operation, url, headers, body }: ApiRequest): string {
  return `${operation.method} ${url} ${JSON.stringify(headers)} ${JSON.stringify(body)}`;
}

/** What is wrong with the answer; null where nothing is. */
async function send(
  { operation, url, headers, body }: ApiRequest,
  { web, token }: ApiFuzzOptions,
  answers: Map<string, number>,
): Promise<string | null> {
  const response = await fetch(web + url, {
    method: operation.method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: AbortSignal.timeout(READ_MS),
    ...(body === null ? {} : { body: body.toWellFormed() }),
  });
  const { status } = response;
  const call = `${operation.method} ${operation.path} ${status}`;
  answers.set(call, (answers.get(call) ?? 0) + 1);
  const type = (response.headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
  if (type === 'text/event-stream') {
    await response.body?.cancel();
    return null;
  }
  const text = await response.text();
  // Not ready, too much at once, or a store that is locked: all of them are described.
  if (status >= 500 && status !== 503) return `${call}: ${text.slice(0, 500)}`;
  const content = operation.responses[String(status)]?.content;
  if (operation.responses[String(status)] === undefined)
    return ANYWHERE.has(status) ? null : `${call} is not described: ${text.slice(0, 500)}`;
  const schema = content?.[type]?.schema;
  if (schema === undefined)
    return status === 204 || content === undefined ? null : `${call}: answered with the type "${type}"`;
  if (type !== 'application/json') return null;
  return Check(schema as object, JSON.parse(text))
    ? null
    : `${call} is not as described: ${text.slice(0, 500)}`;
}
