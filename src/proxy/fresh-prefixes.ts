import { randomBytes } from 'node:crypto';
import { hexOf } from '../kit/hex.ts';

/** Beginnings of nonces for newcomers: each another than those before it, as long as its size has any left. */
export class FreshPrefixes {
  /** Two processes begin at different places. */
  #last: number;

  constructor(last = randomBytes(4).readUInt32BE()) {
    this.#last = last;
  }

  /** Of `bytes` bytes, hex. */
  next(bytes: number): string {
    this.#last = (this.#last + 1) >>> 0;
    return hexOf(this.#last % 256 ** bytes, bytes);
  }
}
