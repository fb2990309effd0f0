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

/** The 16 bytes of an IPv6 address. */
export function ipv6Bytes(address: string): Buffer {
  const [head = '', tail = ''] = new SocketAddress({ address, family: 'ipv6' }).address.split('::');
  const front = groupsOf(head);
  const back = groupsOf(tail);
  return Buffer.concat([front, Buffer.alloc(16 - front.length - back.length), back]);
}

/** The bytes of `2001:db8`, or of `ffff:10.0.0.1`. */
function groupsOf(text: string): Buffer {
  const groups = text === '' ? [] : text.split(':');
  return Buffer.concat(
    groups.map((group) =>
      group.includes('.')
        ? Buffer.from(group.split('.').map(Number))
        : Buffer.from(group.padStart(4, '0'), 'hex'),
    ),
  );
}
