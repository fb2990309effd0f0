/** What the first bytes of a connection show it to be. */
export type FirstBytes = 'json' | 'http' | 'unknown' | 'more';

const HTTP = /^(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|PATCH|TRACE|PRI) /;
const HTTP_LONGEST = 8;
const SPACE = 0x20;

/**
 * Tells a line-JSON miner from a browser or scanner by the first bytes (docs/protocols: detecting the dialect).
 * `more`: not certain yet, and nothing has been spent. White space before the first `{` is allowed.
 */
export function detectFirstBytes(bytes: Buffer): FirstBytes {
  let start = 0;
  while (start < bytes.length && isSpace(bytes[start] ?? 0)) start += 1;
  if (start === bytes.length) return start > 64 ? 'unknown' : 'more';
  if (bytes[start] === 0x7b) return 'json';
  if (start > 0) return 'unknown';
  const head = bytes.toString('latin1', 0, HTTP_LONGEST);
  if (HTTP.test(head)) return 'http';
  return head.length < HTTP_LONGEST && /^[A-Z]+$/.test(head) ? 'more' : 'unknown';
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** The answer to a browser on the Stratum port. */
export function httpNotice(hint: string): string {
  const body = `This is a Stratum mining port, not a web server. ${hint}\n`;
  return `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}
