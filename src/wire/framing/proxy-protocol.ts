import { canonicalAddress } from '../../kit/ip-address.ts';

/**
 * PROXY protocol, versions 1 (text) and 2 (binary): what a load balancer says of the connection it hands on, before its first byte.
 * [haproxy doc/proxy-protocol.txt, sections 2.1 and 2.2]
 */

/** Who connected to the load balancer. `address` in the spelling of `canonicalAddress`. */
export interface ProxySource {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeaderFault =
  | 'v1-too-long'
  | 'v1-malformed'
  | 'v2-too-long'
  | 'v2-version'
  | 'v2-command'
  | 'v2-family'
  | 'v2-too-short'
  | 'v2-malformed-tlv'
  | 'v2-checksum';

/** What the bytes hold. Nothing is read beyond `byteLength`, where the client's own bytes begin. */
export type ProxyHeader =
  | { readonly kind: 'more' }
  | {
      readonly kind: 'header';
      /** Null where the balancer speaks for itself (LOCAL: a health check) or names no IP address (UNKNOWN, UNSPEC, UNIX). */
      readonly source: ProxySource | null;
      /** The server name the client asked for where the balancer has ended its TLS (PP2_TYPE_AUTHORITY); else null. */
      readonly authority: string | null;
      readonly byteLength: number;
    }
  | { readonly kind: 'fault'; readonly fault: ProxyHeaderFault };

/** How a header of version 1 begins. */
export const V1_PREFIX = Buffer.from('PROXY ', 'latin1');
/** How a header of version 2 begins. Its first four bytes are two blank lines. */
export const V2_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** Of a version 1 header, with its line end. */
const V1_MOST_BYTES = 107;
const V2_HEAD_BYTES = 16;
/** Addresses and extensions together; certificates in extensions are longer, but no balancer has to send them. */
const V2_MOST_BODY_BYTES = 4096;

const MORE: ProxyHeader = { kind: 'more' };

const fault = (name: ProxyHeaderFault): ProxyHeader => ({ kind: 'fault', fault: name });

/** Reads a header that begins with {@link V1_PREFIX}, from all bytes so far. */
export function readProxyV1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_MOST_BYTES).indexOf('\r\n', 0, 'latin1');
  if (end < 0) return bytes.length < V1_MOST_BYTES ? MORE : fault('v1-too-long');
  const source = readV1Words(bytes.toString('latin1', 0, end).split(' '));
  return source === undefined
    ? fault('v1-malformed')
    : { kind: 'header', source, authority: null, byteLength: end + 2 };
}

/** Undefined where the words are not those of a header. */
function readV1Words(words: readonly string[]): ProxySource | null | undefined {
  // After UNKNOWN anything may follow, and means nothing.
  if (words[1] === 'UNKNOWN') return null;
  const [, family, from = '', to = '', fromPort = '', toPort = ''] = words;
  if (words.length !== 6 || (family !== 'TCP4' && family !== 'TCP6')) return undefined;
  const isFamily = (address: string): boolean => address.includes(':') === (family === 'TCP6');
  const address = from.includes('%') ? null : canonicalAddress(from);
  if (address === null || !isFamily(from) || canonicalAddress(to) === null || !isFamily(to)) return undefined;
  if (!isPort(fromPort) || !isPort(toPort)) return undefined;
  return { address, port: Number(fromPort) };
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** Bytes of both addresses and ports, by address family. */
const V2_ADDRESS_BYTES: readonly number[] = [0, 12, 36, 216];

/** Reads a header that begins with {@link V2_SIGNATURE}, from all bytes so far. */
export function readProxyV2(bytes: Buffer): ProxyHeader {
  if (bytes.length < V2_HEAD_BYTES) return MORE;
  const versionAndCommand = bytes.readUInt8(12);
  if (versionAndCommand >> 4 !== 2) return fault('v2-version');
  const command = versionAndCommand & 0x0f;
  if (command > 1) return fault('v2-command');
  const byteLength = V2_HEAD_BYTES + bytes.readUInt16BE(14);
  if (byteLength > V2_HEAD_BYTES + V2_MOST_BODY_BYTES) return fault('v2-too-long');
  if (bytes.length < byteLength) return MORE;
  // LOCAL: whatever stands there has to be ignored.
  if (command === 0) return { kind: 'header', source: null, authority: null, byteLength };
  const family = bytes.readUInt8(13) >> 4;
  const transport = bytes.readUInt8(13) & 0x0f;
  const addressBytes = V2_ADDRESS_BYTES[family];
  if (addressBytes === undefined || transport > 2) return fault('v2-family');
  const header = bytes.subarray(0, byteLength);
  if (header.length < V2_HEAD_BYTES + addressBytes) return fault('v2-too-short');
  // Without a family nobody knows where addresses end and extensions begin.
  const extensions = family === 0 ? NO_EXTENSIONS : readExtensions(header, V2_HEAD_BYTES + addressBytes);
  if ('fault' in extensions) return fault(extensions.fault);
  const source = transport === 1 ? readV2Source(header, family) : null;
  return { kind: 'header', source, authority: extensions.authority, byteLength };
}

function readV2Source(header: Buffer, family: number): ProxySource | null {
  if (family === 1) return { address: header.subarray(16, 20).join('.'), port: header.readUInt16BE(24) };
  if (family !== 2) return null;
  const groups = Array.from({ length: 8 }, (_, i) => header.readUInt16BE(16 + 2 * i).toString(16));
  const address = canonicalAddress(groups.join(':')) ?? '';
  return { address, port: header.readUInt16BE(48) };
}

interface Extensions {
  readonly authority: string | null;
}

const NO_EXTENSIONS: Extensions = { authority: null };
const TYPE_AUTHORITY = 0x02;
const TYPE_CRC32C = 0x03;
const MOST_AUTHORITY_BYTES = 255;

/** Walks type, length (16 bits, big-endian), value to the end of the header. [section 2.2.7] */
function readExtensions(header: Buffer, start: number): Extensions | { readonly fault: ProxyHeaderFault } {
  let authority: string | null = null;
  for (let at = start; at < header.length; ) {
    if (at + 3 > header.length) return { fault: 'v2-malformed-tlv' };
    const type = header.readUInt8(at);
    const from = at + 3;
    const to = from + header.readUInt16BE(at + 1);
    if (to > header.length) return { fault: 'v2-malformed-tlv' };
    if (type === TYPE_AUTHORITY && to - from <= MOST_AUTHORITY_BYTES)
      authority = header.toString('latin1', from, to);
    if (type === TYPE_CRC32C && (to - from !== 4 || !isChecked(header, from)))
      return { fault: 'v2-checksum' };
    at = to;
  }
  return { authority };
}

/** The checksum at `at` is that of the whole header with zeros in its place. */
function isChecked(header: Buffer, at: number): boolean {
  const zeroed = Buffer.from(header);
  zeroed.fill(0, at, at + 4);
  return header.readUInt32BE(at) === crc32c(zeroed);
}

/** CRC-32C (Castagnoli, reflected polynomial 82f63b78), an unsigned 32-bit number. [RFC 3720 appendix B.4] */
export function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
