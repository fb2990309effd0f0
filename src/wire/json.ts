/**
 * What both directions of the dialect share: reading one line as a JSON object and writing ASCII-only JSON.
 */

export type JsonObject = { readonly [key: string]: unknown };

/** A line as a JSON object, or null where it is not one. */
export function parseObject(line: string): JsonObject | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/**
 * The raw JSON text of the member `id` of a line that has been parsed to `value`. Only numbers that are no safe integers lose digits in
 * parsing; for them the source text is taken. A missing id reads as `null`, and so does one nested too deeply to be written again.
 */
export function rawId(value: unknown, line: string): string {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : sourceOfId(value, line);
  return typeof value === 'object' ? nestedId(value) : jsonText(value ?? null);
}

/** An array or object is no JSON-RPC id, yet a client that sends one waits for it. */
function nestedId(value: object | null): string {
  try {
    return jsonText(value);
  } catch {
    // Serialising recurses, parsing does not: a line of brackets alone exhausts the stack.
    return 'null';
  }
}

const ID_NUMBER = /"id"\s*:\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/**
 * The digits of a numeric id as they stand in its line. A search, not `JSON.parse` with a reviver, which recurses and so could be made
 * to exhaust the stack. Whatever is found equals `id`, so a member `id` of a nested object at worst gives another spelling of it.
 */
function sourceOfId(id: number, line: string): string {
  for (const [, source = ''] of line.matchAll(ID_NUMBER)) if (Number(source) === id) return source;
  return Number.isFinite(id) ? jsonNumber(id) : 'null';
}

/** Escapes what is not ASCII in JSON text, which is only ever inside strings. */
function asciiJson(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** JSON text of a value, ASCII only. */
export function jsonText(value: unknown): string {
  return asciiJson(JSON.stringify(value));
}

const PLAIN = /^[ !#-[\]-~]*$/;

/** A JSON string; the common case of plain ASCII without quotes and backslashes costs no serialisation. */
export function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : jsonText(text);
}

/** A number as JSON: the shortest text that reads back as the same double, so 2.3e-10 passes unrounded. */
export function jsonNumber(value: number): string {
  return String(value);
}

/** At most `max` characters, control characters replaced by blanks. */
export function clip(text: string, max: number): string {
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  // A slice would keep the whole of what it was cut from alive.
  return plain.length <= max ? plain : Buffer.from(plain.slice(0, max), 'utf8').toString('utf8');
}
