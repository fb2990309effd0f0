import type { Pool } from '../domain/account.ts';
import { parseVia } from '../domain/pool-options.ts';
import type { DialTarget } from '../net/tcp-dialer.ts';

/** How a pool is dialled: its address with what its options say about TLS and the proxy on the way. */
export function dialTargetOf({
  host,
  port,
  tls,
  options,
}: Pick<Pool, 'host' | 'port' | 'tls' | 'options'>): DialTarget {
  const via = options.via === null ? null : parseVia(options.via);
  return {
    host,
    port,
    tls,
    fingerprint: options.tlsFingerprint,
    verify: options.tlsVerify ?? true,
    proxy: via === null ? null : { ...via, login: null },
  };
}
