import { Type } from 'typebox';

/** Entries per page of a list. */
export const LimitField = Type.Integer({
  minimum: 1,
  maximum: 1000,
  default: 100,
  description: 'Entries per page.',
});

/** Where a page of a list by id begins. */
export const AfterField = Type.Optional(
  Type.Integer({ minimum: 0, description: '`next` of the page before.' }),
);

/** A query is all texts; those that are whole numbers become numbers before the schema sees them. */
export function readNumbers(query: Record<string, unknown>, keys: readonly string[]): void {
  for (const key of keys) {
    const value = query[key];
    if (typeof value === 'string' && /^\d{1,15}$/.test(value)) query[key] = Number(value);
  }
}

/** The words of a search in lower case; null where nothing is searched for. */
export function searchOf(text: string | undefined): string | null {
  const wanted = text?.trim().toLowerCase() ?? '';
  return wanted === '' ? null : wanted;
}
