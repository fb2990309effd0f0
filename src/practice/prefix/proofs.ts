import { createHash } from 'node:crypto';

/**
 * What the practice coins with a nonce prefix hash, pool and miner alike: real pre-images, and for Equihash the real hash of header and solution. Where the coin's own
 * algorithm cannot be had here (ProgPoW, kHeavyHash, Autolykos), sha256d stands in for it. Values are the hash as a number, in the byte order of the coin.
 */
function sha256d(...parts: readonly Buffer[]): Buffer {
  const once = createHash('sha256');
  for (const bytes of parts) once.update(bytes);
  return createHash('sha256').update(once.digest()).digest();
}

const bigEndian = (hash: Buffer): bigint => BigInt(`0x${hash.toString('hex')}`);
const littleEndian = (hash: Buffer): bigint => bigEndian(Buffer.from(hash.toReversed()));

/** Header of 140 bytes, and the solution with its size in front. */
export function equihashValue(header: Buffer, solution: Buffer): bigint {
  return littleEndian(sha256d(header, solution));
}

/** Stands in for ProgPoW's: header hash (32 bytes), nonce (8 bytes, big-endian). */
export function kawpowMix(header: Buffer, nonce: Buffer): Buffer {
  return createHash('sha256').update('mix').update(header).update(nonce).digest();
}

export function kawpowValue(header: Buffer, nonce: Buffer, mix: Buffer): bigint {
  return bigEndian(sha256d(header, nonce, mix));
}

const ZEROS = Buffer.alloc(32);

/** Pre-PoW hash, timestamp in milliseconds, nonce (8 bytes, big-endian as on the wire). */
export function kaspaValue(hash: Buffer, timestamp: bigint, nonce: Buffer): bigint {
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE(timestamp);
  return littleEndian(sha256d(hash, time, ZEROS, Buffer.from(nonce.toReversed())));
}

/** Message of 32 bytes, nonce (8 bytes, big-endian). */
export function autolykosValue(msg: Buffer, nonce: Buffer): bigint {
  return bigEndian(sha256d(msg, nonce));
}

/** Bytes of a solution with parameters `n_k`: `2^k · (n / (k + 1) + 1) / 8`. */
export function solutionBytes(parameters: string): number {
  const [n = 0, k = 0] = parameters.split('_').map(Number);
  return (2 ** k * (n / (k + 1) + 1)) / 8;
}

/** The highest value that meets a share of so many expected hashes. */
export function targetOf(hashesPerShare: number): bigint {
  return 2n ** 256n / BigInt(Math.max(1, Math.round(hashesPerShare))) - 1n;
}
