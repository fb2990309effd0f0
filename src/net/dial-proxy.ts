import { HttpConnect } from './http-connect.ts';
import { Socks5Handshake } from './socks5.ts';

/** A proxy that connections to pools go through. */
export interface ProxyServer {
  /** `socks5`: RFC 1928, with user and password by RFC 1929. `http`: CONNECT, RFC 9110 section 9.3.6, with Basic authentication. */
  readonly kind: 'socks5' | 'http';
  readonly host: string;
  readonly port: number;
  /** Null where it asks for none. */
  readonly login: ProxyLogin | null;
}

export interface ProxyLogin {
  readonly user: string;
  readonly password: string;
}

/** Where the proxy is to connect to. A name is resolved by the proxy. */
export interface ProxyDestination {
  readonly host: string;
  readonly port: number;
}

/** What an answer of the proxy leads to. `reply` and the first call are bytes, one character each (latin1); an empty reply is none. */
export type HandshakeStep =
  | { readonly kind: 'more'; readonly reply: string }
  /** The way is open. `rest`: what the destination has already said. */
  | { readonly kind: 'open'; readonly rest: Buffer }
  | { readonly kind: 'failed'; readonly problem: string };

/** Our side of the talk with a proxy: pure, fed with its bytes however they are cut. */
export interface ProxyHandshake {
  start(): string;
  push(chunk: Buffer): HandshakeStep;
}

export function handshakeWith(proxy: ProxyServer, destination: ProxyDestination): ProxyHandshake {
  return proxy.kind === 'socks5'
    ? new Socks5Handshake(proxy.login, destination)
    : new HttpConnect(proxy.login, destination);
}

const MOST_LOGIN_BYTES = 255;

/** Reads `socks5://user:password@host:port` (`socks5h` means the same) or `http://…`. A problem says how it should look, without the password. */
export function parseProxyServer(
  text: string,
): { readonly proxy: ProxyServer } | { readonly problem: string } {
  const url = URL.canParse(text) ? new URL(text) : null;
  const kind = url === null ? null : kindOf(url.protocol);
  if (url === null || kind === null || url.hostname === '' || !/^\/?$/.test(url.pathname + url.search)) {
    return { problem: 'a proxy is written like socks5://127.0.0.1:9050 or http://user:password@host:3128' };
  }
  const user = unescaped(url.username);
  const password = unescaped(url.password);
  if (
    user === null ||
    password === null ||
    bytesOf(user) > MOST_LOGIN_BYTES ||
    bytesOf(password) > MOST_LOGIN_BYTES
  ) {
    return {
      problem: `the proxy's user and password may have ${MOST_LOGIN_BYTES} bytes each, with % and other signs of a URL escaped`,
    };
  }
  return {
    proxy: {
      kind,
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (kind === 'socks5' ? 1080 : 80) : Number(url.port),
      login: user === '' ? null : { user, password },
    },
  };
}

function kindOf(protocol: string): ProxyServer['kind'] | null {
  if (protocol === 'socks5:' || protocol === 'socks5h:') return 'socks5';
  return protocol === 'http:' ? 'http' : null;
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
