import type { ShareCounts } from '../../domain/report.ts';
import { SHARE_RESULTS, type ShareResult } from '../../domain/result.ts';

/** Series of one block. */
export const BLOCK_SERIES = 128;

const VERSION = 1;
const WORK_BYTES = 5;

/** Part of the form: a new result takes the next bit. */
const BITS: Readonly<Record<ShareResult, number>> = {
  accepted: 0,
  'accepted-local': 1,
  stale: 2,
  'low-difficulty': 3,
  duplicate: 4,
  rejected: 5,
  'unknown-job': 6,
  unauthorized: 7,
  malformed: 8,
  unanswered: 9,
  lost: 10,
};
const RESULTS = SHARE_RESULTS.toSorted((a, b) => BITS[a] - BITS[b]);

/** Longest entry: place, work, mask, and a varint below 2^53 for each result. */
const MOST_ENTRY_BYTES = 2 + WORK_BYTES + 2 + RESULTS.length * 8;
const scratch = Buffer.alloc(1 + BLOCK_SERIES * MOST_ENTRY_BYTES);
const double = new DataView(new ArrayBuffer(8));

/** What a series did: hashes, and shares by the bit of their result. */
export interface BlockEntry {
  readonly work: number;
  readonly counts: Float64Array;
}

/**
 * What up to {@link BLOCK_SERIES} neighbouring series did in one bucket, and its form as bytes. A row of its own for each would be several times as
 * large, since most of a row is its key. After a byte for the version of the form there are, for each series that did something,
 *
 * | bytes | |
 * |---|---|
 * | varint | its place in the block, less the place after the one before |
 * | 5 | work: the first five bytes of a big-endian double, so eight digits are exact |
 * | varint | which results occurred, by {@link BITS} |
 * | varint each | how many shares of each of these |
 *
 * A varint is LEB128: seven bits a byte, the lowest first, the top bit set on all but the last. Sums stand in typed arrays: there are
 * tens of thousands of them, and as objects they are work for the garbage collector while miners wait.
 */
export class BlockSum {
  readonly #work = new Float64Array(BLOCK_SERIES);
  readonly #counts = new Float64Array(BLOCK_SERIES * RESULTS.length);

  add(place: number, work: number, counts: Partial<ShareCounts>): void {
    addTo(this.#work, place, work);
    for (let bit = 0; bit < RESULTS.length; bit += 1) {
      const result = RESULTS[bit];
      const count = result === undefined ? undefined : counts[result];
      if (count !== undefined) addTo(this.#counts, place * RESULTS.length + bit, count);
    }
  }

  addSum(other: BlockSum): void {
    for (let at = 0; at < BLOCK_SERIES; at += 1) addTo(this.#work, at, other.#work[at] ?? 0);
    for (let at = 0; at < this.#counts.length; at += 1) addTo(this.#counts, at, other.#counts[at] ?? 0);
  }

  /** Throws where the bytes are no block of this version. */
  addBlock(data: Uint8Array): void {
    decodeBlock(data, (place, { work, counts }) => {
      addTo(this.#work, place, work);
      for (let bit = 0; bit < RESULTS.length; bit += 1)
        addTo(this.#counts, place * RESULTS.length + bit, counts[bit] ?? 0);
    });
  }

  clear(): void {
    this.#work.fill(0);
    this.#counts.fill(0);
  }

  encode(): Buffer {
    scratch[0] = VERSION;
    let at = 1;
    let next = 0;
    for (let place = 0; place < BLOCK_SERIES; place += 1) {
      const work = this.#work[place] ?? 0;
      const from = place * RESULTS.length;
      let mask = 0;
      for (let bit = 0; bit < RESULTS.length; bit += 1)
        if ((this.#counts[from + bit] ?? 0) > 0) mask |= 1 << bit;
      if (mask === 0 && work === 0) continue;
      at = writeVarint(place - next, at);
      next = place + 1;
      double.setFloat64(0, work);
      scratch.writeUInt32BE(double.getUint32(0), at);
      scratch[at + 4] = double.getUint8(4);
      at = writeVarint(mask, at + WORK_BYTES);
      for (let bit = 0; mask >> bit > 0; bit += 1)
        if (((mask >> bit) & 1) === 1) at = writeVarint(this.#counts[from + bit] ?? 0, at);
    }
    return Buffer.from(scratch.subarray(0, at));
  }
}

/** The sum of some series. */
export class SeriesSum {
  work = 0;
  readonly #counts = new Float64Array(RESULTS.length);

  add({ work, counts }: BlockEntry): void {
    this.work += work;
    for (let bit = 0; bit < RESULTS.length; bit += 1) addTo(this.#counts, bit, counts[bit] ?? 0);
  }

  /** Without results that did not occur. */
  counts(): Partial<ShareCounts> {
    const counts: Partial<Record<ShareResult, number>> = {};
    for (const [bit, result] of RESULTS.entries()) {
      const count = this.#counts[bit] ?? 0;
      if (count > 0) counts[result] = count;
    }
    return counts;
  }
}

/**
 * Calls `onEntry` for each series that did something, by place; the entry is good within the call only. Throws where the bytes are no block
 * of this version.
 */
export function decodeBlock(data: Uint8Array, onEntry: (place: number, entry: BlockEntry) => void): void {
  if (data[0] !== VERSION)
    throw new Error(`a block of the history has the form ${String(data[0])}, not ${VERSION}`);
  const entry = { work: 0, counts: new Float64Array(RESULTS.length) };
  const reader = { data, at: 1 };
  let next = 0;
  while (reader.at < data.length) {
    const place = next + readVarint(reader);
    next = place + 1;
    double.setUint32(4, 0);
    for (let byte = 0; byte < WORK_BYTES; byte += 1) double.setUint8(byte, byteAt(data, reader.at + byte));
    reader.at += WORK_BYTES;
    entry.work = double.getFloat64(0);
    const mask = readVarint(reader);
    for (let bit = 0; bit < RESULTS.length; bit += 1)
      entry.counts[bit] = ((mask >> bit) & 1) === 1 ? readVarint(reader) : 0;
    onEntry(place, entry);
  }
}

function addTo(sums: Float64Array, at: number, value: number): void {
  sums[at] = (sums[at] ?? 0) + value;
}

function writeVarint(value: number, at: number): number {
  let rest = value;
  let to = at;
  while (rest >= 0x80) {
    scratch[to] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
    to += 1;
  }
  scratch[to] = rest;
  return to + 1;
}

function readVarint(reader: { readonly data: Uint8Array; at: number }): number {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = byteAt(reader.data, reader.at);
    reader.at += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
}

function byteAt(data: Uint8Array, at: number): number {
  const byte = data[at];
  if (byte === undefined) throw new Error('a block of the history ends too soon');
  return byte;
}
