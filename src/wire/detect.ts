import { V1_PREFIX, V2_SIGNATURE } from './framing/proxy-protocol.ts';

/** What a connection begins with. `more`: not certain yet, and nothing has been spent. */
export type Opening =
  | 'more'
  | 'proxy-v1'
  | 'proxy-v2'
  | 'tls'
  | 'http'
  | 'json'
  /** 64 bytes that are nothing else: the first act of Stratum V2's handshake is a random-looking key. */
  | 'sv2'
  /** Stratum V2 without encryption: the frame of a SetupConnection. */
  | 'sv2-plaintext'
  /** Text that no miner writes. */
  | 'text';

const HTTP = /^(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|PATCH|TRACE|PRI) /;
const HTTP_LONGEST = 8;
/** A TLS record's head and the type of its first message. */
const TLS_BYTES = 6;
const TLS_MOST_RECORD_BYTES = 16_384;
/** How many bytes after the brace have to be text: a key of Stratum V2 may begin with a brace too. */
const JSON_TEXT_BYTES = 6;
const MOST_SPACES = 64;
const SV2_ACT_BYTES = 64;
const SV2_SETUP_BYTES = 11;
/** A key is text so far by chance once in 100,000 times, and a short line of it once in some thousands: it comes again with another key. */
const TEXT_BYTES = 12;
const LEAST_LINE_BYTES = 4;

/**
 * Tells what the first bytes of a connection are (docs/protocols/one-port.md). Every protocol here has the client speak first. Decides by
 * a prefix alone, so that it does not matter how the bytes were cut: what is not `more` stays so however many follow. At most 64 bytes of no known kind,
 * or 64 white spaces, are `more`.
 */
export function detectOpening(bytes: Buffer): Opening {
  // Before white space is skipped: the signature begins with two blank lines.
  if (startsWith(bytes, V2_SIGNATURE)) return 'proxy-v2';
  if (startsWith(bytes, V1_PREFIX)) return 'proxy-v1';
  const tls = detectTls(bytes);
  if (tls !== null) return tls;
  const start = spacesOf(bytes);
  if (start > MOST_SPACES) return 'text';
  if (start === bytes.length) return 'more';
  if (bytes[start] === 0x7b) {
    const json = detectJson(bytes, start + 1);
    if (json !== null) return json;
  }
  const head = bytes.toString('latin1', 0, HTTP_LONGEST);
  if (HTTP.test(head)) return 'http';
  if (isSv2Setup(bytes)) return 'sv2-plaintext';
  if (isText(bytes, start)) return 'text';
  return bytes.length >= SV2_ACT_BYTES ? 'sv2' : 'more';
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.length >= prefix.length && bytes.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

/** A handshake record of version 3.0 to 3.4 with a ClientHello in it; null where it is none. [RFC 8446 section 5.1] */
function detectTls(bytes: Buffer): 'tls' | 'more' | null {
  if (bytes[0] !== 0x16) return null;
  if (bytes.length < TLS_BYTES) return 'more';
  const isHello =
    bytes[1] === 0x03 &&
    (bytes[2] ?? 0) <= 0x04 &&
    bytes.readUInt16BE(3) <= TLS_MOST_RECORD_BYTES &&
    bytes[5] === 0x01;
  return isHello ? 'tls' : null;
}

/** White space at the beginning, as far as it may decide anything. */
function spacesOf(bytes: Buffer): number {
  let start = 0;
  while (start < bytes.length && start <= MOST_SPACES && isSpace(bytes[start] ?? 0)) start += 1;
  return start;
}

/** What follows a brace is text for a few bytes, or a whole line of it; null where it is not. */
function detectJson(bytes: Buffer, from: number): 'json' | 'more' | null {
  for (let at = from; at < from + JSON_TEXT_BYTES; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return 'more';
    if (byte === 0x0a) return 'json';
    if (!isTextByte(byte)) return null;
  }
  return 'json';
}

/** Extension 0, message 0, the mining protocol, version 2 and on. [Stratum V2, SetupConnection] */
function isSv2Setup(bytes: Buffer): boolean {
  if (bytes.length < SV2_SETUP_BYTES) return false;
  const isFrame = bytes.readUInt16LE(0) === 0 && bytes[2] === 0;
  const payloadBytes = bytes.readUIntLE(3, 3);
  const isMining = (bytes[6] ?? 0) <= 2;
  const least = bytes.readUInt16LE(7);
  const most = bytes.readUInt16LE(9);
  return isFrame && payloadBytes >= 20 && payloadBytes <= 2048 && isMining && least === 2 && most >= least;
}

/** Text to the end of a short line that begins at `start`, or for some bytes. */
function isText(bytes: Buffer, start: number): boolean {
  const end = bytes.subarray(0, TEXT_BYTES).indexOf(0x0a, start);
  const length = end >= start + LEAST_LINE_BYTES ? end : TEXT_BYTES;
  return bytes.length >= length && bytes.subarray(0, length).every(isTextByte);
}

function isTextByte(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || isSpace(byte);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** What the first bytes of a connection show it to be, where neither a PROXY header nor TLS is served. */
export type FirstBytes = 'json' | 'http' | 'unknown' | 'more';

export function detectFirstBytes(bytes: Buffer): FirstBytes {
  const opening = detectOpening(bytes);
  return opening === 'json' || opening === 'http' || opening === 'more' ? opening : 'unknown';
}

/** The answer to a browser on the Stratum port. */
export function httpNotice(hint: string): string {
  const body = `This is a Stratum mining port, not a web server. ${hint}\n`;
  return `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}
