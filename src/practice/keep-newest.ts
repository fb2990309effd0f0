/** Takes the oldest out of a map or set until there are no more than `most`. */
export function keepNewest<K>(
  all: { readonly size: number; keys(): Iterable<K>; delete(key: K): boolean },
  most: number,
): void {
  for (const oldest of all.keys()) {
    if (all.size <= most) return;
    all.delete(oldest);
  }
}
