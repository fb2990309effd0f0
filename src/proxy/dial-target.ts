import type { Pool } from '../domain/account.ts';
import { parseVia } from '../domain/via.ts';
import type { DialTarget } from '../net/tcp-dialer.ts';

/** How a pool is dialled: its address with what its options say about TLS and the proxy on the way. */
export function dialTargetOf({
  host,
  port,
  tls,
  options,
}: Pick<Pool, 'host' | 'port' | 'tls' | 'options'>): DialTarget {
  return {
    host,
    port,
    tls,
    fingerprint: options.tlsFingerprint,
    verify: options.tlsVerify ?? true,
    proxy: options.via === null ? null : parseVia(options.via),
  };
}
