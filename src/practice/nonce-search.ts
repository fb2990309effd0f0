import type { Algorithm } from '../algorithms/algorithm.ts';
import { HEADER_BYTES } from '../domain/block-header.ts';
import { hashMeetsTarget } from '../domain/difficulty.ts';
import { compress, newState, pad, readWords, resetState, writeDigest } from '../kit/sha256.ts';

/** Tries nonces of one header against one target. */
export interface NonceSearch {
  /** Takes over the first 80 bytes of `header` and the 32 of `target` (big-endian); neither is kept. */
  load(header: Uint8Array, target: Uint8Array): void;
  /** Tries `count` nonces from `from` on, at most up to 2^32 − 1; the first that meets the target, or −1. */
  run(from: number, count: number): number;
}

/** By any algorithm: the whole header hashed for each nonce. */
export class PlainSearch implements NonceSearch {
  readonly #algorithm: Algorithm;
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #target = new Uint8Array(32);
  readonly #hash = new Uint8Array(32);

  constructor(algorithm: Algorithm) {
    this.#algorithm = algorithm;
  }

  load(header: Uint8Array, target: Uint8Array): void {
    this.#header.set(header.subarray(0, HEADER_BYTES));
    this.#target.set(target);
  }

  run(from: number, count: number): number {
    const header = this.#header;
    const end = Math.min(from + count, 2 ** 32);
    for (let nonce = from; nonce < end; nonce++) {
      header[76] = nonce;
      header[77] = nonce >>> 8;
      header[78] = nonce >>> 16;
      header[79] = nonce >>> 24;
      this.#algorithm.hashHeader(header, this.#hash);
      if (hashMeetsTarget(this.#hash, this.#target)) return nonce;
    }
    return -1;
  }
}

/**
 * Double SHA-256 with the state after the first 64 bytes kept: a nonce costs two blocks instead of three, and the digest is looked at as
 * a whole only when its highest word fits.
 */
export class Sha256dSearch implements NonceSearch {
  readonly #midstate = newState();
  readonly #tail = new Int32Array(16);
  readonly #state = newState();
  readonly #digest = new Int32Array(16);
  readonly #target = new Uint8Array(32);
  readonly #hash = new Uint8Array(32);
  #highest = 0;

  constructor() {
    pad(this.#digest, 8, 32);
  }

  load(header: Uint8Array, target: Uint8Array): void {
    resetState(this.#midstate);
    readWords(this.#tail, 0, header, 0, 16);
    compress(this.#midstate, this.#tail);
    readWords(this.#tail, 0, header, 64, 4);
    pad(this.#tail, 4, HEADER_BYTES);
    this.#target.set(target);
    this.#highest = new DataView(target.buffer, target.byteOffset, 4).getUint32(0);
  }

  run(from: number, count: number): number {
    const tail = this.#tail;
    const state = this.#state;
    const digest = this.#digest;
    const highest = this.#highest;
    const end = Math.min(from + count, 2 ** 32);
    for (let nonce = from; nonce < end; nonce++) {
      tail[3] = swap(nonce);
      state.set(this.#midstate);
      compress(state, tail);
      digest.set(state);
      resetState(state);
      compress(state, digest);
      // The last digest word holds the highest bytes of the little-endian number.
      if (swap(state[7]!) >>> 0 <= highest) {
        writeDigest(state, this.#hash, 0);
        if (hashMeetsTarget(this.#hash, this.#target)) return nonce;
      }
    }
    return -1;
  }
}

function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** The fastest search there is for an algorithm. */
export function searchFor(algorithm: Algorithm): NonceSearch {
  return algorithm.name === 'sha256d' ? new Sha256dSearch() : new PlainSearch(algorithm);
}
