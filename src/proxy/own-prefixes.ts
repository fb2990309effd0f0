import { type Lane, LaneSpace } from '../domain/lane.ts';

/** Bytes of a nonce; with fewer a prefix would be told apart from others just the same. */
const NONCE_BYTES = 8;

/**
 * What miners that search behind a prefix have been told at pools that leave all of the nonce to them. Such a pool may give every connection the same work, and these miners begin
 * where their prefix ends, so no two prefixes of a process overlap, wherever their miners are.
 */
export class OwnPrefixes {
  readonly #space = new LaneSpace(NONCE_BYTES);

  /** Null where it overlaps with another's. `prefix`: hex, a byte at least. */
  claim(prefix: string): Lane | null {
    const prefixBytes = prefix.length / 2;
    return this.#space.lease({ kind: 'inject', prefixBytes, sizeBytes: NONCE_BYTES - prefixBytes }, prefix);
  }

  release(lane: Lane): void {
    this.#space.release(lane);
    // Who comes next gets one that has long not been given out, so none has to rest.
    this.#space.renew();
  }
}
