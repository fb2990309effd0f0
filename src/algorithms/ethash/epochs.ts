import { epochOfSeed, seedOfEpoch } from '../../domain/ethash-seeds.ts';

/** What a cache is made from. */
export interface CacheEpoch {
  /** Sizes of cache and data set follow from it. */
  readonly number: number;
  /** 64 hex digits. */
  readonly seed: string;
}

/** [ECIP-1099] From block 11,700,000 on an epoch is 60,000 blocks long, while seed hashes go on counting 30,000. */
const FIRST_LONG_SEED = 390;

/** Epoch and cache's seed hash, by the number of the seed hash that a job says. */
const RULES: Readonly<Record<string, (seed: number) => { readonly number: number; readonly seed: number }>> =
  {
    ethash: (seed) => ({ number: seed, seed }),
    // [core-geth#236] Its nodes once said the odd seed hashes too: the cache is the even one's.
    etchash: (seed) =>
      seed < FIRST_LONG_SEED ? { number: seed, seed } : { number: seed >> 1, seed: seed & ~1 },
  };

/** True for the algorithms, by their name in the catalogue, whose mix hash can be computed here. */
export function isMixable(algorithm: string): boolean {
  return Object.hasOwn(RULES, algorithm);
}

/** What the shares of a job with this seed hash (64 hex digits) are hashed with; null where it belongs to no epoch, or the algorithm is not mixable. */
export function cacheEpochOf(algorithm: string, seed: string): CacheEpoch | null {
  const counted = epochOfSeed(seed);
  const rule = RULES[algorithm];
  if (counted === null || rule === undefined) return null;
  const { number, seed: cacheSeed } = rule(Number.parseInt(counted, 16));
  const text = seedOfEpoch(cacheSeed.toString(16));
  return text === null ? null : { number, seed: text };
}
