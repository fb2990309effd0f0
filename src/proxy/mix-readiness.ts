import type { Work } from '../domain/job.ts';
import type { ShareCompletion } from '../wire/dialect.ts';
import type { ShareMix } from './share-mix.ts';

/**
 * Whether one miner's shares of a work could be completed: what that takes is made once for many jobs, in seconds.
 * [quirk: ethminer ends a connection on which a share goes unanswered for 2 seconds; ethereum-mining/ethminer#1615]
 */
export class MixReadiness {
  readonly #mix: ShareMix;
  readonly #onReady: () => void;
  /** The seed hash whose shares can be completed at once; null before the first. */
  #seed: string | null = null;

  /** `onReady` is called when shares can be completed that could not be before. */
  constructor(mix: ShareMix, onReady: () => void) {
    this.#mix = mix;
    this.#onReady = onReady;
  }

  /** False where shares of this work, of this algorithm, could not be completed yet. */
  isReadyFor(algorithm: string, completion: ShareCompletion, work: Work): boolean {
    const seed = completion.seedOf(work);
    if (seed === null || seed === this.#seed) return true;
    const isReady = this.#mix.prepare(algorithm, seed, () => {
      this.#seed = seed;
      this.#onReady();
    });
    if (isReady) this.#seed = seed;
    return isReady;
  }
}
