import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { API_ERRORS, type ApiErrorCode } from './errors.ts';

/** Values longer than these are refused; real ones are far below. */
export const MAX_POOL = 300;
export const MAX_USER = 512;
export const MAX_PASSWORD = 512;
export const MAX_LABEL = 128;
export const MAX_TEMPLATE = 256;
/** Real difficulties are between: a share below the one is less than a hash, one above the other is found by nobody. */
export const MIN_DIFFICULTY = 1e-12;
export const MAX_DIFFICULTY = 1e18;
/** As `vardiff.sharesPerMinute`. */
export const MIN_SHARES_PER_MINUTE = 1;
export const MAX_SHARES_PER_MINUTE = 600;

/** An object that takes no other keys. */
export function strictObject<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

/** A string that is one of a few. */
export function oneOf<const Word extends string>(words: readonly Word[], description: string) {
  return Type.Unsafe<Word>(Type.String({ enum: [...words], description }));
}

/** What may be null. */
export function orNull<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}

/** An array of an answer, which is handed over as it is. */
export function listOf<Item extends TSchema>(item: Item, options: { readonly description?: string } = {}) {
  return Type.Unsafe<readonly Static<Item>[]>(Type.Array(item, options));
}

export const ProblemSchema = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: 'Stable; see the list of error codes.' }),
      message: Type.String({ description: 'For people: what is wrong and how to mend it.' }),
      problems: Type.Optional(
        Type.Array(Type.String(), { description: 'Single faults, where there are several.' }),
      ),
    }),
  },
  { description: 'An error.' },
);

/**
 * The error answers of a route for its documentation and its serializer: a schema per status, whose description lists
 * the codes that come with it.
 */
export function errorResponses<Schema extends TSchema>(
  schema: Schema,
  ...codes: readonly ApiErrorCode[]
): Record<number, Schema> {
  const responses: Record<number, Schema> = {};
  const all: readonly ApiErrorCode[] = [...codes, ...ALWAYS];
  for (const code of all) {
    const { status } = API_ERRORS[code];
    const alike = all.filter((other) => API_ERRORS[other].status === status);
    responses[status] = {
      ...schema,
      description: alike.map((other) => `\`${other}\`: ${API_ERRORS[other].meaning}`).join(' '),
    };
  }
  return responses;
}

/** Errors of every route that asks the store. */
export const STORE_ERRORS = [
  'store-busy',
  'store-full',
  'store-down',
] as const satisfies readonly ApiErrorCode[];

/** Errors of every route that changes something and is told what by its path. */
export const CHANGE_ERRORS = [
  'foreign-origin',
  'unsupported-media-type',
  'invalid-value',
] as const satisfies readonly ApiErrorCode[];

/** Errors of every route that takes a body of JSON. */
export const BODY_ERRORS = [
  'malformed-json',
  'invalid-request',
  'body-too-large',
  ...CHANGE_ERRORS,
] as const satisfies readonly ApiErrorCode[];

/** Errors that any route can answer. */
const ALWAYS: readonly ApiErrorCode[] = [
  'malformed-request',
  'unauthorized',
  'insufficient-scope',
  'wrong-host',
  'rate-limited',
  'internal',
];
