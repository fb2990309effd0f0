import { isIP, SocketAddress } from 'node:net';

/**
 * An IP address in the one spelling used as a key and a label: IPv6 in lower case and shortest form (RFC 5952), an IPv4 address that came
 * inside of an IPv6 one (`::ffff:10.0.0.1`, as dual-stack sockets report) as IPv4, a zone (`%eth0`) dropped. Null where `text` is no address.
 */
export function canonicalAddress(text: string): string | null {
  const zone = text.indexOf('%');
  const bare = zone < 0 ? text : text.slice(0, zone);
  switch (isIP(bare)) {
    case 4:
      return bare;
    case 6:
      return unmapped(new SocketAddress({ address: bare, family: 'ipv6' }).address);
    default:
      return null;
  }
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

function unmapped(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}
