/** The items in parts of at most `size`: bound parameters of one statement stay below what every engine takes. */
export function* slices<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
