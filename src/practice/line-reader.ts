/**
 * Cuts what arrives on a socket into lines. Written for the practice pool and miner alone, apart from the proxy's own framing,
 * so that a mistake there is not made here as well.
 */
export class LineReader {
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  /** `maxBytes` is the longest line taken, its end not counted. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Hands each complete line to `onLine`, without its end and blank lines left out; false as soon as a line is too long, after
   * which the reader is of no further use. `onLine` returns false to stop (the rest of the chunk is dropped).
   */
  push(chunk: Buffer, onLine: (line: string) => boolean): boolean {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (;;) {
      const end = data.indexOf(10, from);
      if (end < 0) break;
      if (end - from > this.#maxBytes) return false;
      const line = data.toString('utf8', from, end).trim();
      from = end + 1;
      if (line !== '' && !onLine(line)) {
        this.#rest = Buffer.alloc(0);
        return true;
      }
    }
    // A copy, so that a short rest does not keep a whole chunk alive.
    this.#rest = Buffer.from(data.subarray(from));
    return this.#rest.length <= this.#maxBytes;
  }
}
