import type { MixQuestion } from '../wire/dialect.ts';

/** Computes what shares lack that pools want with them. Slow, and off the event loop. */
export interface ShareMix {
  /** True where shares of this algorithm, by its name in the catalogue, can be completed. */
  canMix(algorithm: string): boolean;
  /**
   * True where the shares of a job with this seed hash would be computed at once, or never. Else what takes seconds is begun, and `then` called when there is nothing to wait for
   * any more, never within the call.
   */
  prepare(algorithm: string, seed: string, then: () => void): boolean;
  /**
   * `then` is called once, never within the call; with null where it cannot be done. Hex of 64 digits each; the result, read as a big-endian number, is what must not
   * be above the target.
   */
  compute(
    question: MixQuestion & { readonly algorithm: string },
    then: (answer: { readonly mix: string; readonly result: string } | null) => void,
  ): void;
}

/** Where nothing is computed. */
export const NO_MIX: ShareMix = {
  canMix: () => false,
  prepare: () => true,
  compute: (_question, then) => setImmediate(then, null),
};
