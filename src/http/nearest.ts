import { editDistance } from '../kit/edit-distance.ts';

/** The candidate that was most likely meant by a misspelt word: at most a third of its letters off; null where none is. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > LONGEST) return null;
  let best: string | null = null;
  let bestCost = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const cost = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best;
}

/** Longer words are no misspelt names, and comparing takes time by the square. */
const LONGEST = 64;
