/**
 * The candidate that was most likely meant, or null where none is close. Names have the form `section.leaf`
 * (or `leaf` alone; the separator is a parameter) and are compared without case, `-` and `_` inside a leaf.
 *
 * Close means: a few edits away in section and leaf together; or the right leaf under another section or without one;
 * or a leaf in the right section with the same beginning.
 */
export function nearest(word: string, candidates: Iterable<string>, separator = '.'): string | null {
  if (word.length > LONGEST) return null;
  const typed = split(word, separator);
  let best: string | null = null;
  let bestCost = Infinity;
  for (const candidate of candidates) {
    const cost = distance(typed, split(candidate, separator));
    if (cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  // Any two words of three letters are close.
  const close = typed.whole.length < 4 ? 1 : Math.max(2, Math.floor(typed.whole.length / 4));
  return bestCost <= close ? best : null;
}

/** Longer words are no misspelt names, and comparing takes time by the square. */
const LONGEST = 100;

interface Name {
  readonly section: string;
  readonly leaf: string;
  readonly whole: string;
}

function split(name: string, separator: string): Name {
  const at = name.indexOf(separator);
  const section = at < 0 ? '' : plain(name.slice(0, at));
  const leaf = plain(name.slice(at + 1));
  return { section, leaf, whole: section + leaf };
}

function plain(part: string): string {
  return part.toLowerCase().replace(/[-_.]/g, '');
}

function distance(typed: Name, candidate: Name): number {
  const inSection = editDistance(typed.section, candidate.section);
  // A leaf of one or two letters says nothing without its section.
  const elsewhere = typed.leaf.length > 2 ? 1 + 1.5 * editDistance(typed.leaf, candidate.leaf) : Infinity;
  const joined = typed.whole.length > 2 ? 1 + 1.5 * editDistance(typed.whole, candidate.leaf) : Infinity;
  const inSections = typed.section !== '' && candidate.section !== '';
  const begun = inSections && isSameBeginning(typed.leaf, candidate.leaf) ? inSection + 1.5 : Infinity;
  return Math.min(editDistance(typed.whole, candidate.whole), elsewhere, joined, begun);
}

/** `bans.duration` for `durationSeconds`, `handshakeTimeout` for `handshakeMs`. */
function isSameBeginning(typed: string, leaf: string): boolean {
  let shared = 0;
  while (shared < typed.length && typed[shared] === leaf[shared]) shared++;
  return shared >= 4 && shared >= Math.min(typed.length, leaf.length) * 0.6;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
 * (Damerau–Levenshtein, letters between swapped ones allowed: every slip of the pen counts once).
 */
export function editDistance(a: string, b: string): number {
  const far = a.length + b.length;
  // Row and column 0 are a border that nothing crosses; row and column 1 stand for the empty beginning.
  const rows: number[][] = [Array.from({ length: b.length + 2 }, () => far)];
  rows.push([far, ...Array.from({ length: b.length + 1 }, (_, column) => column)]);
  const lastRowWith = new Map<string, number>();
  for (let row = 1; row <= a.length; row++) {
    const current = [far, row];
    rows.push(current);
    let lastMatch = 0;
    for (let column = 1; column <= b.length; column++) {
      const letter = b.charAt(column - 1);
      const same = a.charAt(row - 1) === letter;
      const swapRow = lastRowWith.get(letter) ?? 0;
      const swap = cell(rows, swapRow, lastMatch) + (row - swapRow - 1) + 1 + (column - lastMatch - 1);
      const replace = cell(rows, row, column) + (same ? 0 : 1);
      current.push(Math.min(swap, replace, cell(rows, row, column + 1) + 1, cell(rows, row + 1, column) + 1));
      if (same) lastMatch = column;
    }
    lastRowWith.set(a.charAt(row - 1), row);
  }
  return cell(rows, a.length + 1, b.length + 1);
}

function cell(rows: readonly (readonly number[])[], row: number, column: number): number {
  return rows[row]?.[column] ?? Infinity;
}
