import { EVENTS_PATH, POOLS_STATE_PATH, SERVER_PATH, STREAM_PATH, WORKERS_PATH } from '../http/paths.ts';
import { EventStreamParser, type StreamMessage } from './event-stream.ts';
import { readProblem } from './read-json.ts';

/** Paths of the API that `top` reads. */
export const PATHS = {
  workers: WORKERS_PATH,
  pools: POOLS_STATE_PATH,
  events: EVENTS_PATH,
  stream: STREAM_PATH,
  server: SERVER_PATH,
} as const;

const TIMEOUT_MS = 10_000;

/** The API cannot be asked, or answers with an error. The message says what to do. */
export class ApiClientError extends Error {
  override readonly name = 'ApiClientError';
  /** HTTP status; null where there was no answer. */
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

export interface ApiClientOptions {
  /** `http://host:port`, with the path before `/api/v1` if there is one. */
  readonly url: string;
  readonly token: string | null;
}

/** Reads the REST API of a running proxy. */
export class ApiClient {
  /** Without credentials and without a slash at the end. */
  readonly url: string;
  readonly #token: string | null;

  constructor({ url, token }: ApiClientOptions) {
    this.url = url.replace(/\/+$/, '');
    this.#token = token;
  }

  /** The JSON of an answer. Rejects with an {@link ApiClientError}. */
  async get(
    path: string,
    query: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<unknown> {
    const search = new URLSearchParams(query).toString();
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await this.#fetch(search === '' ? path : `${path}?${search}`, {
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    try {
      return await response.json();
    } catch (error) {
      throw new ApiClientError(`${this.url} does not answer in JSON: ${reasonOf(error)}`, response.status);
    }
  }

  /** Messages of the event stream until it ends. Rejects with an {@link ApiClientError} where it does not begin, or breaks off. */
  async *stream(signal: AbortSignal, lastEventId: string): AsyncGenerator<StreamMessage, void, void> {
    const response = await this.#fetch(STREAM_PATH, {
      signal,
      headers: {
        accept: 'text/event-stream',
        ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
      },
    });
    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? [])
        yield* parser.push(decoder.decode(chunk, { stream: true }));
    } catch (error) {
      if (!signal.aborted) throw this.#unreachable(error);
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#token !== null) headers.set('authorization', `Bearer ${this.#token}`);
    let response: Response;
    try {
      response = await fetch(this.url + path, { ...init, headers, redirect: 'error' });
    } catch (error) {
      throw this.#unreachable(error);
    }
    if (response.ok) return response;
    throw this.#refused(response.status, readProblem(await response.text().catch(() => '')), path);
  }

  #unreachable(error: unknown): ApiClientError {
    return new ApiClientError(
      `no answer from ${this.url}: ${reasonOf(error)}. Is the proxy running, and is its web.addr this? Name another with --url http://HOST:PORT`,
      null,
    );
  }

  #refused(status: number, problem: string | null, path: string): ApiClientError {
    if (status === 401) {
      const what = this.#token === null ? 'asks for a token' : 'does not know this token';
      return new ApiClientError(
        `${this.url} ${what}. Make one with "stratum-proxy token add read top", with the proxy's --db.path, and give it here in the variable ` +
          'STRATUM_PROXY_TOKEN or with --token-file FILE',
        status,
      );
    }
    if (status === 403) {
      return new ApiClientError(`${this.url}: the token needs scope read or admin, and has another`, status);
    }
    if (status === 404 && problem === null) {
      return new ApiClientError(`${this.url} is no stratum-proxy: it has no ${path}`, status);
    }
    return new ApiClientError(
      `${this.url} answers ${status}${problem === null ? '' : `: ${problem}`}`,
      status,
    );
  }
}

/** `fetch` says that it failed, and its cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  // A name with several addresses: the reasons of all of them.
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(', ');
  if (cause instanceof Error) return cause.message === '' ? error.message : cause.message;
  return error.message;
}
