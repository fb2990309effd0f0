/** A query is all texts; those that are whole numbers become numbers before the schema sees them. */
export function readNumbers(query: Record<string, unknown>, keys: readonly string[]): void {
  for (const key of keys) {
    const value = query[key];
    if (typeof value === 'string' && /^\d{1,15}$/.test(value)) query[key] = Number(value);
  }
}
