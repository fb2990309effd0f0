import { isIPv6 } from 'node:net';

/** A pool's address as users write it. `host` is lower case, an IPv6 address without brackets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const HOST_LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** True for a host name (a name without a dot too), an IPv4 address or a bare IPv6 address, in lower case. */
export function isHost(host: string): boolean {
  if (host.includes(':')) return isIPv6(host);
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return name.length > 0 && name.length <= 253 && name.split('.').every((label) => HOST_LABEL.test(label));
}

/**
 * Reads `host:port` or `[IPv6]:port`; a leading `stratum+tcp://`, `stratum+ssl://`, `stratum://` or `tcp://` is dropped,
 * since users paste what their pool's page shows. Returns null where it is neither.
 */
export function parseEndpoint(text: string): Endpoint | null {
  const trimmed = text
    .trim()
    .toLowerCase()
    .replace(/^(?:stratum(?:\+(?:tcp|ssl|tls))?|tcp|ssl):\/\//, '')
    .replace(/\/$/, '');
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(trimmed);
  if (match === null) return null;
  const bracketed = match[1];
  const host = bracketed ?? match[2] ?? '';
  const port = Number(match[3]);
  if (port < 1 || port > 65535) return null;
  if (bracketed !== undefined ? !isIPv6(host) : !isHost(host)) return null;
  return { host, port };
}

/** `host:port`, or `[host]:port` for an IPv6 address: the form of every label, log line and API answer. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}
