export const API_ROOT = '/api/v1';
export const USERS_PATH = `${API_ROOT}/users`;
/** One of them. */
export const USER_PATH = `${USERS_PATH}/:name`;
export const POOLS_PATH = `${API_ROOT}/pools`;
export const POOL_TEST_PATH = `${POOLS_PATH}/test`;
/** One of its entries. */
export const POOL_PATH = `${POOLS_PATH}/:pool`;
export const SESSIONS_PATH = `${API_ROOT}/sessions`;
/** One of them. */
export const SESSION_PATH = `${SESSIONS_PATH}/:id`;
export const SESSION_LINES_PATH = `${SESSION_PATH}/lines`;
export const SESSION_RECORDING_PATH = `${SESSION_PATH}/recording`;
export const RECORDINGS_PATH = `${API_ROOT}/recordings`;
export const REFUSED_LOGINS_PATH = `${API_ROOT}/logins/refused`;
export const WHOAMI_PATH = `${API_ROOT}/whoami`;
export const BANS_PATH = `${API_ROOT}/bans`;
/** One of them. */
export const BAN_PATH = `${BANS_PATH}/:address`;
export const WORKERS_PATH = `${API_ROOT}/workers`;
export const TOTALS_PATH = `${API_ROOT}/totals`;
export const SERVER_PATH = `${API_ROOT}/server`;
export const EVENTS_PATH = `${API_ROOT}/events`;
export const STREAM_PATH = `${API_ROOT}/stream`;
export const POOLS_STATE_PATH = `${POOLS_PATH}/state`;
export const ALGORITHMS_PATH = `${API_ROOT}/algorithms`;
/** One of them. */
export const ALGORITHM_PATH = `${ALGORITHMS_PATH}/:name`;
export const USERS_EXPORT_PATH = `${USERS_PATH}/export`;
export const USERS_IMPORT_PATH = `${USERS_PATH}/import`;
export const USERS_MOVE_PATH = `${USERS_PATH}/move`;
export const TOKENS_PATH = `${API_ROOT}/tokens`;
export const TOKEN_PATH = `${TOKENS_PATH}/:id`;
export const AUDIT_PATH = `${API_ROOT}/audit`;
export const RELOAD_PATH = `${API_ROOT}/reload`;
export const HISTORY_PATH = `${API_ROOT}/history`;
export const OPENAPI_PATH = `${API_ROOT}/openapi.json`;
export const METRICS_PATH = '/metrics';

/** The path of a request's URL: without the query, and without the slash at its end. */
export function pathOf(url: string): string {
  const query = url.search(/[?#;]/);
  const path = query < 0 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** What the router serves, to tell "no such path" from "not with this method". */
export class PathTable {
  /** Methods by path pattern. */
  readonly #methods = new Map<string, Set<string>>();

  add(pattern: string, methods: readonly string[]): void {
    const known = this.#methods.get(pattern) ?? new Set();
    for (const method of methods) known.add(method);
    this.#methods.set(pattern, known);
  }

  get patterns(): readonly string[] {
    return [...this.#methods.keys()];
  }

  /** The methods a path answers, `OPTIONS` included; empty where there is nothing. A pattern that is the path itself goes before one with steps for anything. */
  methodsOf(path: string): readonly string[] {
    const pattern = this.#methods.has(path) ? path : this.patterns.find((one) => matches(one, path));
    const methods = pattern === undefined ? undefined : this.#methods.get(pattern);
    return methods === undefined ? [] : [...methods, 'OPTIONS'].sort((a, b) => (a < b ? -1 : 1));
  }
}

/** `pattern` is a path in which a step `:name` stands for any one step. */
function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const steps = path.split('/');
  return (
    wanted.length === steps.length &&
    wanted.every((step, at) => (step.startsWith(':') ? steps[at] !== '' : step === steps[at]))
  );
}
