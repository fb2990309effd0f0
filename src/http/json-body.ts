import { ApiError } from './errors.ts';

/**
 * Media types under which JSON is accepted. The original program read the body whatever its type, and its clients are
 * `curl -d` lines, which say that they send a form.
 */
const ACCEPTED = new Set([
  'application/json',
  'text/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  'application/octet-stream',
  '*/*',
]);

/**
 * Refuses a body that cannot be JSON by what its headers say, before it is read.
 *
 * @throws {ApiError} `unsupported-media-type`
 */
export function checkBodyHeaders(contentType: string | undefined, contentEncoding: string | undefined): void {
  if (contentEncoding !== undefined && !/^\s*(?:identity\s*)?$/i.test(contentEncoding)) {
    throw new ApiError(
      'unsupported-media-type',
      'a compressed body (Content-Encoding) is not accepted: send it as it is',
    );
  }
  if (contentType === undefined) return;
  const mediaType = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (
    mediaType !== '' &&
    !ACCEPTED.has(mediaType) &&
    !/^[\w!#$&^.*-]+\/[\w!#$&^.*-]+\+json$/.test(mediaType)
  ) {
    throw new ApiError(
      'unsupported-media-type',
      `the content type ${JSON.stringify(mediaType.slice(0, 80))} is not accepted: send JSON with "Content-Type: application/json"`,
    );
  }
  if (/charset\s*=\s*"?(?:utf-?(?:16|32)|ucs)/i.test(contentType)) {
    throw new ApiError('unsupported-media-type', 'the body must be UTF-8 [RFC 8259 8.1]');
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a body as JSON. A byte order mark before it is dropped, since some shells and editors write one.
 * The messages hold nothing of the body: it has passwords in it.
 *
 * @throws {ApiError} `malformed-json`
 */
export function parseJsonBody(body: Buffer): unknown {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    throw new ApiError('malformed-json', 'the body is not valid UTF-8');
  }
  if (text.trim() === '') throw new ApiError('malformed-json', 'the body is empty: send a JSON object');
  try {
    return JSON.parse(text);
  } catch (error) {
    const where = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
    const place = where === undefined ? '' : ` (at character ${Number(where) + 1})`;
    const hint = /^\s*[\w.-]+=/.test(text)
      ? 'it looks like form fields: send a JSON object'
      : 'send one JSON object, with " around keys and texts';
    throw new ApiError('malformed-json', `the body is not valid JSON${place}: ${hint}`);
  }
}
