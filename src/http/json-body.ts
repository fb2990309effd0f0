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

/** Beside those, where a body is lines of JSON. */
const LINE_TYPES = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl']);

/**
 * Refuses a body that cannot be JSON by what its headers say, before it is read.
 *
 * @throws {ApiError} `unsupported-media-type`
 */
export function checkBodyHeaders(
  contentType: string | undefined,
  contentEncoding: string | undefined,
  kind: 'json' | 'lines' | 'none' = 'json',
): void {
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
    !(kind === 'lines' && LINE_TYPES.has(mediaType)) &&
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
  return parseJsonText(readText(body));
}

/** A body as text. @throws {ApiError} `malformed-json` where it is not UTF-8. */
export function readText(body: Buffer): string {
  try {
    return decoder.decode(body);
  } catch {
    throw new ApiError('malformed-json', 'the body is not valid UTF-8');
  }
}

/** Reads a text as JSON; the rest as {@link parseJsonBody}. @throws {ApiError} `malformed-json` */
export function parseJsonText(text: string): unknown {
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
