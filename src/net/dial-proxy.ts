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
