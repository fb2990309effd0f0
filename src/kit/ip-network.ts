import { isIP } from 'node:net';
import { canonicalAddress, ipv6Bytes } from './ip-address.ts';

/** An IP network; a single address is one whose length is that of the address. */
export interface IpNetwork {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

const CIDR = /^([^/]+)(?:\/(\d{1,3}))?$/;

/** Reads `10.0.0.0/8`, `192.0.2.7`, `fd00::/8`; null where it is none. Bits beyond the length are as they were written. */
export function parseNetwork(text: string): IpNetwork | null {
  const [, address = '', length] = CIDR.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return null;
  const most = version === 4 ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  if (bits > most) return null;
  const canonical = canonicalAddress(address) ?? '';
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8: that is how addresses are looked up.
  if (version === 6 && isIP(canonical) === 4) {
    return bits < 96 ? null : { address: canonical, bits: bits - 96, family: 'ipv4' };
  }
  return { address: canonical, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** The one spelling of a network: `10.0.0.0/8` of `10.1.2.3/8`, and the bare address where it is only one. */
export function formatNetwork({ address, bits, family }: IpNetwork): string {
  const most = family === 'ipv4' ? 32 : 128;
  if (bits === most) return address;
  const bytes = family === 'ipv4' ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address);
  for (let at = 0; at < bytes.length; at += 1) {
    const kept = Math.min(8, Math.max(0, bits - at * 8));
    bytes[at] = (bytes[at] ?? 0) & (0xff << (8 - kept));
  }
  const first =
    family === 'ipv4' ? [...bytes].join('.') : bytes.toString('hex').replace(/(.{4})(?!$)/g, '$1:');
  return `${canonicalAddress(first) ?? first}/${bits}`;
}

/** Whether the address is in the network. An IPv4 address is the same inside of an IPv6 one. False where it is no address. */
export function isWithin(address: string, network: IpNetwork): boolean {
  const one = parseNetwork(canonicalAddress(address) ?? '');
  if (one === null || one.family !== network.family) return false;
  return formatNetwork({ ...one, bits: network.bits }) === formatNetwork(network);
}
