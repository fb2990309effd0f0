import { hash } from 'node:crypto';

/**
 * Ethash by its cache, as nodes verify it: 16 MB and more for an epoch, out of which the 128 rows of the gigabytes that one hash looks at are made as they are asked for.
 * [ethereum/wiki Ethash, of whose terms these are; vectors: test/vectors/ethash-nicehash-v1.json]
 */

const CACHE_BYTES_INIT = 2 ** 24;
const CACHE_BYTES_GROWTH = 2 ** 17;
const DATASET_BYTES_INIT = 2 ** 30;
const DATASET_BYTES_GROWTH = 2 ** 23;
const ROW_BYTES = 64;
const ROW_WORDS = 16;
const MIX_BYTES = 128;
const MIX_WORDS = 32;
const CACHE_ROUNDS = 3;
const DATASET_PARENTS = 256;
const ACCESSES = 64;
const FNV_PRIME = 0x01000193;

/** What one epoch is hashed with. */
export interface LightCache {
  /** Rows of 16 words. */
  readonly words: Uint32Array;
  /** Bytes of the whole data set. */
  readonly datasetBytes: number;
}

export interface LightHash {
  /** 32 bytes, as they are submitted. */
  readonly mix: Uint8Array;
  /** 32 bytes; read as a big-endian number it must not be above the target. */
  readonly result: Uint8Array;
}

/** Bytes of the cache of an epoch: the size that grows with it, cut down to a prime number of rows. */
export function cacheBytes(epoch: number): number {
  return primeSize(CACHE_BYTES_INIT + CACHE_BYTES_GROWTH * epoch, ROW_BYTES);
}

/** Bytes of the data set of an epoch. */
export function datasetBytes(epoch: number): number {
  return primeSize(DATASET_BYTES_INIT + DATASET_BYTES_GROWTH * epoch, MIX_BYTES);
}

function primeSize(bytes: number, rowBytes: number): number {
  let rows = bytes / rowBytes - 1;
  while (!isPrime(rows)) rows -= 2;
  return rows * rowBytes;
}

function isPrime(number: number): boolean {
  for (let divisor = 3; divisor * divisor <= number; divisor += 2) if (number % divisor === 0) return false;
  return number % 2 === 1;
}

/** The cache of an epoch, from its seed hash (32 bytes). Seconds of work; synchronous. */
export function makeCache(epoch: number, seed: Uint8Array): LightCache {
  const bytes = Buffer.alloc(cacheBytes(epoch));
  const rows = bytes.length / ROW_BYTES;
  let row = hash('keccak-512', seed, 'buffer');
  bytes.set(row, 0);
  for (let i = 1; i < rows; i += 1) {
    row = hash('keccak-512', row, 'buffer');
    bytes.set(row, i * ROW_BYTES);
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const scratch = new Uint32Array(ROW_WORDS);
  const scratchBytes = new Uint8Array(scratch.buffer);
  for (let round = 0; round < CACHE_ROUNDS; round += 1) {
    for (let i = 0; i < rows; i += 1) {
      const before = ((i + rows - 1) % rows) * ROW_WORDS;
      const other = (wordAt(words, i * ROW_WORDS) % rows) * ROW_WORDS;
      for (let w = 0; w < ROW_WORDS; w += 1)
        scratch[w] = wordAt(words, before + w) ^ wordAt(words, other + w);
      bytes.set(hash('keccak-512', scratchBytes, 'buffer'), i * ROW_BYTES);
    }
  }
  return { words, datasetBytes: datasetBytes(epoch) };
}

/** Hashes a header (32 bytes) with a nonce (8 bytes, big-endian): some milliseconds. */
export function hashLight(cache: LightCache, header: Uint8Array, nonce: Uint8Array): LightHash {
  const start = Buffer.concat([header, Buffer.from(nonce).swap64()]);
  const seed = hash('keccak-512', start, 'buffer');
  const seedWords = wordsOf(seed);
  const first = wordAt(seedWords, 0);
  const mix = new Uint32Array(MIX_WORDS);
  mix.set(seedWords, 0);
  mix.set(seedWords, ROW_WORDS);
  const pages = cache.datasetBytes / MIX_BYTES;
  for (let i = 0; i < ACCESSES; i += 1) {
    const page = fnv((i ^ first) >>> 0, wordAt(mix, i % MIX_WORDS)) % pages;
    for (let half = 0; half < 2; half += 1) {
      const item = datasetRow(cache.words, page * 2 + half);
      for (let w = 0; w < ROW_WORDS; w += 1) {
        const at = half * ROW_WORDS + w;
        mix[at] = fnv(wordAt(mix, at), wordAt(item, w));
      }
    }
  }
  const compressed = new Uint32Array(MIX_WORDS / 4);
  for (let i = 0; i < compressed.length; i += 1) {
    const at = i * 4;
    const half = fnv(fnv(wordAt(mix, at), wordAt(mix, at + 1)), wordAt(mix, at + 2));
    compressed[i] = fnv(half, wordAt(mix, at + 3));
  }
  const digest = new Uint8Array(compressed.buffer);
  return { mix: digest, result: hash('keccak-256', Buffer.concat([seed, digest]), 'buffer') };
}

/** A row of the data set that nobody here keeps. */
function datasetRow(cache: Uint32Array, index: number): Uint32Array {
  const rows = cache.length / ROW_WORDS;
  const own = (index % rows) * ROW_WORDS;
  const start = Uint32Array.from(cache.subarray(own, own + ROW_WORDS));
  start[0] = (wordAt(start, 0) ^ index) >>> 0;
  const row = wordsOf(hash('keccak-512', new Uint8Array(start.buffer), 'buffer'));
  for (let parent = 0; parent < DATASET_PARENTS; parent += 1) {
    const from = (fnv((index ^ parent) >>> 0, wordAt(row, parent % ROW_WORDS)) % rows) * ROW_WORDS;
    for (let w = 0; w < ROW_WORDS; w += 1) row[w] = fnv(wordAt(row, w), wordAt(cache, from + w));
  }
  return wordsOf(hash('keccak-512', new Uint8Array(row.buffer), 'buffer'));
}

function fnv(a: number, b: number): number {
  return (Math.imul(a, FNV_PRIME) ^ b) >>> 0;
}

/** In memory of its own: what the runtime hands out need not lie on a word. */
function wordsOf(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}

function wordAt(words: Uint32Array, index: number): number {
  return words[index] ?? 0;
}
