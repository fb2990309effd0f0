import type { MinerWishes } from '../domain/start-difficulty.ts';

/** What difficulty a miner would like: by number, or as a target, which is a difficulty only with the algorithm's divider. */
export type Wish =
  | { readonly kind: 'difficulty'; readonly difficulty: number }
  /** The difficulty that the target stands for with a divider of 1. */
  | { readonly kind: 'target'; readonly difficulty: number };

/** As a difficulty of an algorithm with this divider. */
export function wishedDifficulty({ kind, difficulty }: Wish, divider: number): number {
  return kind === 'target' ? difficulty * divider : difficulty;
}

/** Of a miner that says nothing of it. */
export const NO_WISHES: MinerWishes = { floor: null, fixed: null };

/** What one miner has said of the difficulty it wants: in its password, in its configure, and since then. */
export class Wishes {
  password: MinerWishes = NO_WISHES;
  minimum: number | null = null;
  /** What has still to be passed on to the pool. */
  open: Wish | null = null;
  #last: Wish | null = null;

  get last(): Wish | null {
    return this.#last;
  }

  /** [quirk: NerdMiner repeats the same wish every 30 s as a keepalive] False for one that is no news. */
  note(wish: Wish): boolean {
    if (this.#last?.kind === wish.kind && this.#last.difficulty === wish.difficulty) return false;
    this.#last = wish;
    return true;
  }

  /** The difficulty below which the miner is of no use; null where any will do. `rental`: what a market needs, or null. */
  least(rental: number | null): number | null {
    const asked = this.password.floor ?? this.minimum;
    return rental === null || asked === null ? (rental ?? asked) : Math.max(rental, asked);
  }
}
