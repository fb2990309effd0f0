import { editDistance } from '../kit/edit-distance.ts';

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
