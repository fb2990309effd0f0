import type { ShareCounts } from '../../domain/report.ts';
import { SHARE_RESULTS, type ShareResult } from '../../domain/result.ts';

/**
 * What up to {@link BLOCK_SERIES} neighbouring series did in one bucket, as bytes: a row of its own for each would be several times as large,
 * since most of a row is its key. After a byte for the version of the form there are, for each series that did something,
 *
 * | bytes | |
 * |---|---|
 * | varint | its place in the block, less the place after the one before |
 * | 5 | work: the first five bytes of a big-endian double, so nine digits are exact |
 * | varint | which results occurred: by {@link BITS} |
 * | varint each | how many shares of each of these |
 *
 * A varint is LEB128: seven bits a byte, the lowest first, the top bit set on all but the last.
 */
export interface BlockEntry {
  /** From 0 to {@link BLOCK_SERIES} − 1. */
  readonly place: number;
  readonly work: number;
  readonly counts: Partial<ShareCounts>;
}

export const BLOCK_SERIES = 128;

const VERSION = 1;
const WORK_BYTES = 5;
/** Longest entry: place, work, mask, and a varint below 2^53 for each result. */
const MOST_ENTRY_BYTES = 2 + WORK_BYTES + 2 + 11 * 8;

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

const scratch = Buffer.alloc(1 + BLOCK_SERIES * MOST_ENTRY_BYTES);
const double = new DataView(new ArrayBuffer(8));

/** `entries` in ascending order of their places. */
export function encodeBlock(entries: readonly BlockEntry[]): Buffer {
  scratch[0] = VERSION;
  let at = 1;
  let next = 0;
  for (const { place, work, counts } of entries) {
    at = writeVarint(place - next, at);
    next = place + 1;
    double.setFloat64(0, work);
    scratch.writeUInt32BE(double.getUint32(0), at);
    scratch[at + 4] = double.getUint8(4);
    at += WORK_BYTES;
    let mask = 0;
    for (let bit = 0; bit < RESULTS.length; bit += 1) if (countOf(counts, bit) > 0) mask |= 1 << bit;
    at = writeVarint(mask, at);
    for (let bit = 0; mask >> bit > 0; bit += 1)
      if (((mask >> bit) & 1) === 1) at = writeVarint(countOf(counts, bit), at);
  }
  return Buffer.from(scratch.subarray(0, at));
}

/** Calls `onEntry` for each entry, in order of their places. Throws where the bytes are not a block of this version. */
export function decodeBlock(
  data: Uint8Array,
  onEntry: (place: number, work: number, counts: Partial<Record<ShareResult, number>>) => void,
): void {
  if (data[0] !== VERSION)
    throw new Error(`a block of the history has the form ${String(data[0])}, not ${VERSION}`);
  const reader = { data, at: 1 };
  let next = 0;
  while (reader.at < data.length) {
    const place = next + readVarint(reader);
    next = place + 1;
    double.setUint32(4, 0);
    for (let byte = 0; byte < WORK_BYTES; byte += 1) double.setUint8(byte, byteAt(data, reader.at + byte));
    reader.at += WORK_BYTES;
    const work = double.getFloat64(0);
    const mask = readVarint(reader);
    const counts: Partial<Record<ShareResult, number>> = {};
    for (const [bit, result] of RESULTS.entries())
      if (((mask >> bit) & 1) === 1) counts[result] = readVarint(reader);
    onEntry(place, work, counts);
  }
}

function countOf(counts: Partial<ShareCounts>, bit: number): number {
  const result = RESULTS[bit];
  return result === undefined ? 0 : (counts[result] ?? 0);
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
