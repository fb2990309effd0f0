import { signal } from '@preact/signals';

/** What the API says of a request that it does not do. */
export class ApiProblem extends Error {
  readonly status: number;
  /** A stable word, as in docs/errors.md; `unreachable` where nobody answered. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
  }
}

const ROOT = '/api/v1';
const KEPT_UNDER = 'stratum-proxy.token';

/** The token that requests carry; empty where the API is open. */
export const token = signal(readToken());
/** The API has asked for a token, or for another one. */
export const isLoginNeeded = signal(false);

function readToken(): string {
  return sessionStorage.getItem(KEPT_UNDER) ?? localStorage.getItem(KEPT_UNDER) ?? '';
}

/** Keeps a token for this tab, or for this browser. */
export function logIn(text: string, isKept: boolean): void {
  forgetToken();
  (isKept ? localStorage : sessionStorage).setItem(KEPT_UNDER, text);
  token.value = text;
  isLoginNeeded.value = false;
}

/** The API does not take the token that was sent. By the time it says so the page may have another, of which that says nothing. */
export function askForLogin(sent: string): void {
  if (sent === token.peek()) isLoginNeeded.value = true;
}

export function logOut(): void {
  forgetToken();
  token.value = '';
  isLoginNeeded.value = true;
}

function forgetToken(): void {
  sessionStorage.removeItem(KEPT_UNDER);
  localStorage.removeItem(KEPT_UNDER);
}

/** Why the API could not do something that it should (503), by the call; gone once it can. */
export const faults = signal<ReadonlyMap<string, string>>(new Map());
/** What is not asked again is not known to last. */
const FAULT_LASTS_MS = 30_000;

function noteFault(called: string, status: number, why: () => string): void {
  if (status === 503) {
    const message = why();
    faults.value = new Map(faults.peek()).set(called, message);
    setTimeout(() => {
      if (faults.peek().get(called) === message) dropFault(called);
    }, FAULT_LASTS_MS);
  } else if (faults.peek().has(called)) {
    dropFault(called);
  }
}

function dropFault(called: string): void {
  const next = new Map(faults.peek());
  next.delete(called);
  faults.value = next;
}

export function headersOf(kept: string): Record<string, string> {
  return kept === '' ? {} : { authorization: `Bearer ${kept}` };
}

/** What can stand in a query; what is undefined does not. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function pathWith(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return `${ROOT}${path}${text === '' ? '' : `?${text}`}`;
}

/**
 * Makes one call of the API, `path` below `/api/v1`; its answer is of the shape that docs/rest-api.md gives.
 * @throws {ApiProblem} where it was refused, or nobody answered.
 */
export async function call<Answer>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  parts: {
    readonly query?: Query;
    readonly body?: unknown;
    readonly signal?: AbortSignal;
    /** Another token than the page's, which is being tried. */
    readonly as?: string;
  } = {},
): Promise<Answer> {
  const { query, body, signal: aborted, as } = parts;
  const sent = as ?? token.peek();
  let response: Response;
  try {
    response = await fetch(pathWith(path, query), {
      method,
      headers: {
        accept: 'application/json',
        ...headersOf(sent),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(aborted === undefined ? {} : { signal: aborted }),
    });
  } catch (error) {
    if (aborted?.aborted === true) throw error;
    throw new ApiProblem(0, 'unreachable', String(error));
  }
  const text = await response.text();
  noteFault(`${method} ${path}`, response.status, () => problemOf(response, text).message);
  if (response.ok) return (text === '' ? {} : JSON.parse(text)) as Answer;
  if (response.status === 401 && as === undefined) askForLogin(sent);
  throw problemOf(response, text);
}

function problemOf(response: Response, text: string): ApiProblem {
  const code = response.headers.get('x-error-code') ?? 'internal';
  let told: unknown;
  try {
    told = (JSON.parse(text) as { error?: unknown }).error;
  } catch {
    told = text.slice(0, 200);
  }
  // The registration call has the form of the original program: the text itself.
  const message = typeof told === 'string' ? told : String((told as { message?: unknown } | null)?.message);
  return new ApiProblem(response.status, code, message);
}

/** Reads with GET. */
export function read<Answer>(
  path: string,
  query?: Query,
  aborted?: AbortSignal,
  as?: string,
): Promise<Answer> {
  return call('GET', path, {
    ...(as === undefined ? {} : { as }),
    ...(query === undefined ? {} : { query }),
    ...(aborted === undefined ? {} : { signal: aborted }),
  });
}
