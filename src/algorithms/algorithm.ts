import type { CoinbaseHash } from '../domain/block-header.ts';

/** A proof of work over an 80-byte header that this program can compute, so that it can judge a share by itself. */
export interface Algorithm {
  /** Lower case, as in the catalogue. */
  readonly name: string;
  /**
   * Hashes the first 80 bytes of `header` into the first 32 of `out`, in the order hashed: read as a little-endian number it is
   * what a target is held against. Synchronous; keeps neither array.
   */
  readonly hashHeader: (header: Uint8Array, out: Uint8Array) => void;
  /**
   * The same off the event loop, for a hash that would hold it too long; null where it does not. `header` is copied within the call;
   * answers may come in any order.
   */
  readonly hashHeaderLater: ((header: Uint8Array, then: (hash: Uint8Array) => void) => void) | null;
  /** Microseconds per call on a server core of the 2020s, measured: whoever hashes decides by it where. */
  readonly costUs: number;
  readonly coinbaseHash: CoinbaseHash;
}
