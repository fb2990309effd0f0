import { isIP } from 'node:net';
import { hostname } from 'node:os';

export interface BrowserGuardOptions {
  /** The host the server listens on; null for all addresses. */
  readonly listenHost: string | null;
  /** Further names the API is called by: `proxy.example`, or `*.example` for everything below. */
  readonly allowedHosts: readonly string[];
}

/**
 * Tells requests that web pages make from those of programs. An API on a loopback address without tokens is open to every
 * page that the operator's browser shows. Two ways lead in: a page posts to `http://127.0.0.1:…` itself (a form, or a
 * fetch with a simple content type, needs no permission), or the page's own host name is made to resolve to 127.0.0.1,
 * so that the browser takes the API for the page's own origin (DNS rebinding).
 */
export class BrowserGuard {
  readonly #own: HostNames;
  readonly #configured: HostNames;

  constructor(options: BrowserGuardOptions) {
    const machine = hostname();
    const listen = options.listenHost === null ? [] : [options.listenHost];
    this.#configured = new HostNames(options.allowedHosts);
    this.#own = new HostNames(['localhost', '*.localhost', machine, `${machine}.local`, ...listen]);
  }

  /** The operator has said by which names it is called from outside. */
  get hasNames(): boolean {
    return this.#configured.size > 0;
  }

  /**
   * True when a `Host` header names this server. An IP address always does: rebinding needs a name. So does a request
   * without the header, which no browser sends.
   */
  isOwnHost(header: string | undefined): boolean {
    if (header === undefined || header === '') return true;
    const name = hostOf(header);
    return name !== null && (isIP(name) !== 0 || this.#own.has(name) || this.#configured.has(name));
  }

  /**
   * True when a request comes from a web page of another origin, told by `Origin` and `Sec-Fetch-Site` [Fetch Metadata].
   * Programs send neither. An origin of another port is another origin: it is another program's page.
   */
  isForeign(request: {
    readonly host: string | undefined;
    readonly origin: string | undefined;
    readonly fetchSite: string | undefined;
  }): boolean {
    const { host, origin, fetchSite } = request;
    if (origin !== undefined) {
      const url = URL.canParse(origin) ? new URL(origin) : null;
      if (url === null || !/^https?:$/.test(url.protocol)) return true;
      // A reverse proxy may put its own address into Host: then the page's origin is a configured name on a usual port.
      if (url.port === '' && this.#configured.has(canonical(url.hostname))) return false;
      if (url.host !== host?.toLowerCase()) return true;
    }
    return fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none';
  }
}

/** A set of host names, some of them `*.suffix`. */
class HostNames {
  readonly #exact: ReadonlySet<string>;
  readonly #suffixes: readonly string[];

  constructor(names: readonly string[]) {
    const all = names.map(canonical);
    this.#exact = new Set(all.filter((name) => !name.startsWith('*.')));
    this.#suffixes = all.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  }

  get size(): number {
    return this.#exact.size + this.#suffixes.length;
  }

  has(name: string): boolean {
    return this.#exact.has(name) || this.#suffixes.some((suffix) => name.endsWith(suffix));
  }
}

/** Lower case, without brackets or the dot of a fully qualified name. */
function canonical(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

/** The host of `host[:port]` or `[IPv6][:port]`; null where it is neither. */
function hostOf(header: string): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/i.exec(header);
  return match?.[1] === undefined ? null : canonical(match[1]);
}
