/**
 * Every error code of the API: the status it is answered with and what it means. `docs/errors.md` lists the same, and a
 * test compares the two. Codes are stable: clients match on them, people read the message.
 */
export const API_ERRORS = {
  'malformed-request': {
    status: 400,
    meaning: 'The request is not valid HTTP, or its URL cannot be decoded.',
  },
  'malformed-json': { status: 400, meaning: 'The body is missing, not UTF-8 or not JSON.' },
  'invalid-request': {
    status: 400,
    meaning: 'A key of the body or of the query is missing, unknown or of the wrong type.',
  },
  unauthorized: { status: 401, meaning: 'The bearer token is missing, malformed or not a known one.' },
  'insufficient-scope': { status: 403, meaning: 'The token is known but may not do this.' },
  'foreign-origin': { status: 403, meaning: 'A web page of another origin tried to change something.' },
  forwarded: {
    status: 403,
    meaning:
      'There is no token, and the request came through a reverse proxy: everybody behind that could do everything.',
  },
  'not-found': { status: 404, meaning: 'There is nothing at this path.' },
  'unknown-user': {
    status: 404,
    meaning: 'No user has this name; `GET /api/v1/users` lists those there are.',
  },
  'unknown-pool': { status: 404, meaning: 'The pool is not in the pool list; `POST /api/v1/pools` adds it.' },
  'unknown-token': {
    status: 404,
    meaning: 'No stored token has this id; `GET /api/v1/tokens` lists those there are.',
  },
  'unknown-algorithm': {
    status: 404,
    meaning: 'The algorithm is not in the list; `GET /api/v1/algorithms` shows it.',
  },
  'unknown-session': {
    status: 404,
    meaning: 'No session has this id; `GET /api/v1/sessions` lists those there are.',
  },
  'unknown-ban': {
    status: 404,
    meaning: 'This address is not banned; `GET /api/v1/bans` lists those that are.',
  },
  'method-not-allowed': {
    status: 405,
    meaning: 'The path exists but not with this method; the header `Allow` names those it has.',
  },
  'request-timeout': { status: 408, meaning: 'The request did not arrive in time.' },
  conflict: { status: 409, meaning: 'The same thing exists already with other properties.' },
  'in-use': {
    status: 409,
    meaning: 'Something depends on it, so that it cannot go; the message says how much and what.',
  },
  'catalogue-entry': {
    status: 409,
    meaning: 'It ships with the program and cannot be deleted.',
  },
  'needs-force': {
    status: 409,
    meaning:
      'It is hardly what is meant, and the message says why; with `"force": true` it is done all the same.',
  },
  'needs-admin-token': {
    status: 409,
    meaning:
      'There would be tokens, but none of scope `admin` that is valid, or none at all where other machines can reach the API.',
  },
  'body-too-large': { status: 413, meaning: 'The body is longer than the limit.' },
  'url-too-long': { status: 414, meaning: 'A part of the path is longer than the limit.' },
  'unsupported-media-type': {
    status: 415,
    meaning: 'The content type cannot hold JSON, or the body is compressed.',
  },
  'wrong-host': {
    status: 421,
    meaning: 'The header `Host` names a host that is not this one; `web.allowedHosts` adds names.',
  },
  'invalid-value': { status: 422, meaning: 'A value is of the right type but not possible.' },
  'not-available': { status: 422, meaning: 'The request asks for what this version cannot do.' },
  'mixed-algorithms': {
    status: 422,
    meaning:
      'A backup mines another algorithm than the pools before it, or the pool that users are moved to than the one they leave; miners could not follow.',
  },
  'undetermined-pool': {
    status: 422,
    meaning:
      'The pool was asked for its algorithm, and either could not be reached or has not made it clear; the message says what to give.',
  },
  'invalid-settings': {
    status: 422,
    meaning:
      'The configuration that was to be read again is wrong; `problems` has a line for each fault, and what was in force stays.',
  },
  'unknown-dialect': { status: 422, meaning: 'The algorithm is not mined with this dialect.' },
  'rate-limited': {
    status: 429,
    meaning: 'Too many requests from this address; the header `Retry-After` says when to go on.',
  },
  'headers-too-large': { status: 431, meaning: 'The request headers are longer than the limit.' },
  internal: { status: 500, meaning: 'A fault inside; the log has the cause under the request id.' },
  'store-busy': {
    status: 503,
    meaning: 'Another process holds the data locked; `Retry-After` says when to try again.',
  },
  'store-full': {
    status: 503,
    meaning:
      'The disk of the data is full; nothing has been stored, and miners go on. `Retry-After` says when to try again.',
  },
  'store-down': {
    status: 503,
    meaning:
      'The data cannot be read or written, or the proxy is stopping; the log has the cause under the request id that the message names. `Retry-After` says when to try again.',
  },
  busy: {
    status: 503,
    meaning:
      'Too many scrapes of `/metrics`, listeners of `/stream`, recordings or tests of pools at once; `Retry-After` says when to go on.',
  },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly meaning: string }>>;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** A refusal that is answered to the client: its message is shown, so it names what is wrong and how to mend it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Single faults, where there are several. */
  readonly problems: readonly string[];

  constructor(
    code: ApiErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    problems: readonly string[] = [],
  ) {
    super(message);
    this.code = code;
    this.headers = headers;
    this.problems = problems;
  }

  get status(): number {
    return API_ERRORS[this.code].status;
  }
}

/** `listen` failed. `message` is one line that says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** Node's code: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND`, … */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
