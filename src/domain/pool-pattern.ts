import { isIPv4, isIPv6 } from 'node:net';
import { type Endpoint, isHost } from './endpoint.ts';

/**
 * Which addresses an entry of the pool list stands for. `host` is a concrete host or an IP address (as in `Endpoint`), or a
 * wildcard `*.suffix` that stands for every host below `suffix` at any depth, never for `suffix` itself and never for an IP address.
 */
export interface PoolPattern {
  readonly host: string;
  /** At least one, ascending, no duplicates. */
  readonly ports: readonly number[];
}

/** What decides between several entries that match one address. */
export interface PoolRule {
  readonly host: string;
  readonly port: number;
  /** `catalogue`: shipped with the program. `operator`: added by whoever runs it. */
  readonly source: PoolSource;
}

export type PoolSource = 'catalogue' | 'operator';

const WILDCARD = '*.';

/**
 * One spelling per host, so that two ways to write an address are one pool and one registration: lower case, without the
 * trailing dot of a fully qualified name, IPv6 in its compressed form. Does not check that it is a host.
 */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  if (isIPv6(lower) && !lower.includes('%')) return new URL(`http://[${lower}]/`).hostname.slice(1, -1);
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** True for a canonical host, and for `*.` followed by a host name that is not an IP address. */
export function isHostPattern(host: string): boolean {
  if (host !== canonicalHost(host)) return false;
  if (!host.startsWith(WILDCARD)) return isHost(host);
  const suffix = host.slice(WILDCARD.length);
  return isHost(suffix) && !isIPv6(suffix) && !isIPv4(suffix);
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

/**
 * Reads `host:port`, `*.suffix:port` or `[IPv6]:port`, each with one port or a comma-separated list of them; a leading
 * `stratum+tcp://` and its like is dropped as in `parseEndpoint`. Returns null where it is none of them.
 */
export function parsePoolPattern(text: string): PoolPattern | null {
  const bare = text
    .trim()
    .replace(/^(?:stratum(?:\+(?:tcp|ssl|tls))?|tcp|ssl):\/\//i, '')
    .replace(/\/$/, '');
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]+)):(\d{1,5}(?:\s*,\s*\d{1,5})*)$/i.exec(bare);
  if (match === null) return null;
  const bracketed = match[1];
  if (bracketed !== undefined && !isIPv6(bracketed)) return null;
  const host = canonicalHost(bracketed ?? match[2] ?? '');
  const ports = [...new Set((match[3] ?? '').split(',').map(Number))].sort((a, b) => a - b);
  return isHostPattern(host) && ports.every(isPort) ? { host, ports } : null;
}

/** The inverse of `parsePoolPattern`: `host:port`, `*.suffix:port,port`, `[IPv6]:port`. */
export function formatPoolPattern(pattern: PoolPattern): string {
  const host = pattern.host.includes(':') ? `[${pattern.host}]` : pattern.host;
  return `${host}:${pattern.ports.join(',')}`;
}

/**
 * Every pattern that could stand for this (canonical) host, the most specific first: the host itself, then the wildcards from
 * the longest suffix to the shortest. Bounded by the labels of a host name, so a store can look them all up at once.
 */
export function hostPatternsFor(host: string): readonly string[] {
  if (isIPv6(host) || isIPv4(host)) return [host];
  const labels = host.split('.');
  return [host, ...labels.slice(1).map((_, index) => WILDCARD + labels.slice(index + 1).join('.'))];
}

/** Whether `pattern` (a host or `*.suffix`) stands for the canonical `host`. */
export function matchesHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith(WILDCARD)) return pattern === host;
  return !isIPv6(host) && !isIPv4(host) && host.length >= pattern.length && host.endsWith(pattern.slice(1));
}

/**
 * The one rule that decides what the pool at `endpoint` is, or null when none matches. What the operator said wins over the
 * catalogue, so that an update of the catalogue never overrides an operator; after that the exact host wins over a wildcard, and
 * the longer suffix over the shorter.
 */
export function selectRule<Rule extends PoolRule>(rules: Iterable<Rule>, endpoint: Endpoint): Rule | null {
  const host = canonicalHost(endpoint.host);
  let best: Rule | null = null;
  for (const rule of rules) {
    if (rule.port !== endpoint.port || !matchesHost(rule.host, host)) continue;
    if (best === null || outranks(rule, best)) best = rule;
  }
  return best;
}

function outranks(rule: PoolRule, other: PoolRule): boolean {
  if (rule.source !== other.source) return rule.source === 'operator';
  const isExact = !rule.host.startsWith(WILDCARD);
  const isOtherExact = !other.host.startsWith(WILDCARD);
  return isExact === isOtherExact ? rule.host.length > other.host.length : isExact;
}
