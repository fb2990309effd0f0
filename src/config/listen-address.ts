import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Where a server listens. `host` null means every address of the machine; port 0 means any free port. */
export interface ListenAddress {
  readonly host: string | null;
  readonly port: number;
}

/** The text is no listen address; the message says what one looks like. */
export class ListenAddressError extends Error {
  override readonly name = 'ListenAddressError';
}

const FORMS = ':port, host:port or [IPv6]:port';
const HOST_LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * Reads an address the way Go programs write it (package net, `Listen`): `:9332`, `127.0.0.1:12743`, `[::1]:9332`,
 * `localhost:0`. A host name comes back in lower case, an IPv6 address without its brackets.
 *
 * @throws {ListenAddressError} where the text is none of these.
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text.trim());
  if (match === null) throw new ListenAddressError(`not ${FORMS}: ${JSON.stringify(text)}`);
  const bracketed = match[1];
  const host = bracketed ?? (match[2] ?? '').toLowerCase();
  const port = Number(match[3]);
  if (port > 65535) throw new ListenAddressError(`port ${port} is above 65535`);
  if (bracketed !== undefined ? !isIPv6(host) : host !== '' && !isHostName(host)) {
    throw new ListenAddressError(`${JSON.stringify(host)} is no host name or address`);
  }
  return { host: host === '' ? null : host, port };
}

/** The form that `parseListenAddress` reads. */
export function formatListenAddress(address: ListenAddress): string {
  const host = address.host ?? '';
  return host.includes(':') ? `[${host}]:${address.port}` : `${host}:${address.port}`;
}

/** True for a host name in lower case (one without a dot too) or an IPv4 address. */
export function isHostName(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return isIPv4(host);
  return host.length <= 253 && host.split('.').every((label) => HOST_LABEL.test(label));
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True where only programs on the same machine can reach the address. A name other than `localhost` counts as reachable. */
export function isLoopback(address: ListenAddress): boolean {
  const { host } = address;
  if (host === null) return false;
  if (isIPv4(host)) return loopback.check(host, 'ipv4');
  if (isIPv6(host)) return loopback.check(host, 'ipv6');
  return host === 'localhost';
}

const EVERY_ADDRESS: ReadonlySet<string | null> = new Set([null, '0.0.0.0', '::']);

/** True where two servers could not both listen: the same port on the same host, or on every address. Port 0 never collides. */
export function isSameListener(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || EVERY_ADDRESS.has(a.host) || EVERY_ADDRESS.has(b.host);
}
