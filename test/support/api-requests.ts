import * as fc from 'fast-check';
import type { JsonSchema, Operation } from './openapi.ts';

/** A request that was made from the description of a call, good or not. */
export interface ApiRequest {
  readonly operation: Operation;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/**
 * Values that lead further than ones made by chance, by the name of their key. Addresses are of this machine only: some calls connect to what they are given, so
 * a pool is one of these or none at all.
 */
export const KNOWN: Readonly<Record<string, readonly unknown[]>> = {
  pool: [
    '127.0.0.1:1',
    '127.0.0.1:2',
    'stratum+ssl://127.0.0.1:1',
    '[::1]:1',
    '127.0.0.1:1,2',
    '*.localhost:1',
    '',
  ],
  via: ['socks5://127.0.0.1:1', 'http://127.0.0.1:1', 'socks5://', null],
  algorithm: ['sha256d', 'scrypt', 'SHA-256', 'fuzz-hash', 'randomx', 'nope'],
  dialect: ['bitcoin-v1', 'cryptonote', 'nope', null],
  dialects: [['bitcoin-v1'], ['kawpow', 'bitcoin-v1'], []],
  name: ['fuzz-hash', 'sha256d', '00000000000000aa', '00000000000000bb', '00000000000000AA'],
  aliases: [['fh'], ['scrypt'], [], null],
  address: ['127.0.0.9', '127.0.0.0/8', '::1'],
  id: ['1', '2', '999999999999999', '0', '-1'],
};

/** Keys whose values are never made by chance. */
const ONLY_KNOWN = new Set(['pool', 'via', 'address']);

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '\u0000',
    '\ud800',
    '..',
    '%',
    '%2F',
    "' or 1=1 --",
    '__proto__',
    'a'.repeat(5000),
    '\u202e',
    'null',
  ),
);
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  anyText,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, true, -1, 1e308, 2 ** 53, 0.1, [], {}, [[]], { toString: 1 }),
);

/** Values that fit, for the most part, what is described under the key of this name. */
function valueOf(schema: JsonSchema, name: string): fc.Arbitrary<unknown> {
  const known = KNOWN[name];
  if (known !== undefined && ONLY_KNOWN.has(name)) return fc.constantFrom(...known);
  const made = madeOf(schema, name);
  return known === undefined
    ? made
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: made });
}

function madeOf(schema: JsonSchema, name: string): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => valueOf(one, name)));
  switch (schema.type ?? 'string') {
    case 'object':
      return objectOf(schema);
    case 'array':
      return fc.array(valueOf(schema.items ?? {}, name), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      });
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? -10, -1_000_000),
        max: Math.min(schema.maximum ?? 1000, 1_000_000_000),
      });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return textOf(schema);
  }
}

function textOf({ pattern, format, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<unknown> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  if (format === 'date-time')
    return fc.constantFrom('2099-01-01T00:00:00Z', '2001-01-01T00:00:00Z', '2099-13-01T00:00:00Z', 'soon');
  return fc.string({ minLength, maxLength: Math.min(maxLength, 40) });
}

function objectOf({ properties = {}, required = [] }: JsonSchema): fc.Arbitrary<unknown> {
  const model = Object.fromEntries(
    Object.entries(properties).map(([key, schema]) => [key, valueOf(schema, key)]),
  );
  const requiredKeys = required.filter((key) => Object.hasOwn(model, key));
  const least = Object.fromEntries(Object.entries(model).filter(([key]) => requiredKeys.includes(key)));
  return fc.oneof(
    { weight: 1, arbitrary: fc.record(least) },
    { weight: 2, arbitrary: fc.record(model, { requiredKeys }) },
  );
}

/** With one thing about it that is most likely wrong. A pool stays one of those that are known, or none. */
function spoilt(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return anyValue;
  const keys = Object.keys(value).filter((key) => !ONLY_KNOWN.has(key));
  const others = [fc.constant({ ...value, [`x${keys.length}`]: 1 }), fc.constant([value]), fc.jsonValue()];
  if (keys.length === 0) return fc.oneof(...others);
  const replaced = fc
    .tuple(fc.constantFrom(...keys), anyValue)
    .map(([key, other]) => Object.assign({}, value, { [key]: other }));
  const dropped = fc
    .constantFrom(...keys)
    .map((key) => Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)));
  return fc.oneof({ weight: 4, arbitrary: replaced }, dropped, ...others);
}

/** The body as text: of the type that is described, or not. */
function bodyOf(
  bodies: Operation['bodies'],
): fc.Arbitrary<{ readonly type: string; readonly text: string } | null> {
  const [type, schema] = Object.entries(bodies)[0] ?? [];
  if (type === undefined || schema === undefined)
    return fc.oneof(
      { weight: 5, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constant({ type: 'application/json', text: '{' }) },
    );
  const good = type.includes('json') && schema.type !== 'string' ? valueOf(schema, '') : null;
  // Lines that are registrations, for what takes lines.
  const lines = fc
    .array(
      fc.oneof(
        fc.record({
          pool: fc.constantFrom('127.0.0.1:1', '127.0.0.1:2'),
          user: fc.string({ minLength: 1, maxLength: 8 }),
          name: fc.constantFrom('00000000000000aa', '00000000000000bb', 'x'),
        }),
        anyValue,
      ),
      { maxLength: 4 },
    )
    .map((values) => values.map((value) => JSON.stringify(value)).join('\n'));
  const text =
    good === null
      ? fc.oneof(lines, anyText)
      : fc.oneof(
          { weight: 6, arbitrary: good.map((value) => JSON.stringify(value)) },
          { weight: 5, arbitrary: good.chain(spoilt).map((value) => JSON.stringify(value) ?? '') },
          { weight: 1, arbitrary: anyText },
        );
  const types = fc.oneof(
    { weight: 12, arbitrary: fc.constant(type) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('text/plain', 'image/png', 'application/json; charset=utf-16', 'x'),
    },
  );
  return fc.record({ type: types, text });
}

/** Requests made from a description. */
export function requestsOf(operations: readonly Operation[]): fc.Arbitrary<ApiRequest> {
  return fc.constantFrom(...operations).chain((operation) => {
    const inPath = operation.parameters.filter((one) => one.in === 'path');
    const inQuery = operation.parameters.filter((one) => one.in === 'query');
    const steps = fc.tuple(
      ...inPath.map(({ name, schema }) =>
        fc.oneof(
          { weight: 6, arbitrary: valueOf(schema, name).map((value) => encodeText(String(value))) },
          { weight: 1, arbitrary: ONLY_KNOWN.has(name) ? fc.constant('x') : anyText.map(encodeText) },
          { weight: 1, arbitrary: fc.constantFrom('%', '%00', '%2F', 'a%FF') },
        ),
      ),
    );
    const query = fc.tuple(
      ...inQuery.map(({ name, schema }) =>
        fc.oneof(
          { weight: 2, arbitrary: fc.constant(null) },
          { weight: 3, arbitrary: valueOf(schema, name).map((value) => [name, String(value)] as const) },
          { weight: 1, arbitrary: anyText.map((value) => [name, value] as const) },
          { weight: 1, arbitrary: anyText.map((value) => [`${name}x`, value] as const) },
        ),
      ),
    );
    const headers = fc.oneof(
      { weight: 12, arbitrary: fc.constant({}) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Record<string, string>>(
          { authorization: 'Bearer nope' },
          { authorization: 'Basic eDp4' },
          { origin: 'https://evil.example' },
          { accept: 'text/html' },
          { 'content-encoding': 'gzip' },
          { 'last-event-id': 'x' },
        ),
      },
    );
    return fc.tuple(steps, query, headers, bodyOf(operation.bodies)).map(([path, pairs, given, body]) => {
      let next = 0;
      const filled = operation.path.replace(/\{\w+\}/g, () => stepOf(path[next++] ?? ''));
      const search = pairs
        .filter((pair) => pair !== null)
        .map(([key, value]) => `${encodeText(key)}=${encodeText(value)}`)
        .join('&');
      return {
        operation,
        url: search === '' ? filled : `${filled}?${search}`,
        headers: { ...given, ...(body === null ? {} : { 'content-type': body.type }) },
        body: operation.method === 'GET' ? null : (body?.text ?? null),
      };
    });
  });
}

/** A step of a path that is empty or of dots alone is another path. */
function stepOf(text: string): string {
  return /^\.{0,2}$/.test(text) ? 'x' : text;
}

/** Half a surrogate pair has no bytes in UTF-8: its place is taken, as by any client. */
function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed()).slice(0, 2000);
}
