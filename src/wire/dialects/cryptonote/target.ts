import { hex32, isHex } from '../../../kit/hex.ts';
import { hasPlainTargets } from './algorithms.ts';

/**
 * Targets of the cryptonote family. A share meets `t64` when the last 8 bytes of its hash, as a little-endian number, are below it
 * (xmrig/xmrig src/backend/cpu/CpuWorker.cpp); `t64` stands for `floor((2^64 − 1) / t64)` hashes (Job.cpp).
 */

const MAX_64 = (1n << 64n) - 1n;
const MAX_32 = (1n << 32n) - 1n;

/** What a target's text means, or null where it is none. `algorithm` as the job names it. */
export function readTarget(text: string, algorithm: string | null): bigint | null {
  if (!isHex(text)) return null;
  if (hasPlainTargets(algorithm)) {
    return text.length === 0 || text.length > 16 ? null : aboveZero(BigInt(`0x${text}`));
  }
  if (text.length === 16) return aboveZero(Buffer.from(text, 'hex').readBigUInt64LE());
  if (text.length !== 8) return null;
  const t32 = BigInt(Buffer.from(text, 'hex').readUInt32LE());
  return t32 === 0n ? null : MAX_64 / (MAX_32 / t32);
}

function aboveZero(value: bigint): bigint | null {
  return value === 0n ? null : value;
}

/** The hashes that a share of this target takes on average, as every pool counts them. */
export function hashesOfT64(t64: bigint): number {
  return Number(MAX_64 / t64);
}

/**
 * Four bytes are understood by every miner but come in steps of `hashes / 2^32` of their value. Beyond this, which is the most that rented hashrate is given and more than
 * a processor of today wants, 8 bytes say it exactly.
 */
const MOST_BY_4_BYTES = 1 << 22;
/** No double above it is below 2^64. */
const MOST = 2 ** 63;

/** A target that takes no less than `hashes` hashes. */
export function writeTarget(hashes: number, algorithm: string | null): string {
  const whole = Math.max(1, Math.ceil(Math.min(hashes, MOST)));
  if (hasPlainTargets(algorithm)) return (MAX_64 / BigInt(whole)).toString(16).padStart(16, '0');
  return whole <= MOST_BY_4_BYTES ? target4(whole) : target8(BigInt(whole));
}

/** `floor((2^32 − 1) / hashes)`, little-endian. */
export function target4(hashes: number): string {
  return hex32(swap32(Math.floor(0xffffffff / hashes)));
}

/** `floor((2^64 − 1) / hashes)`, little-endian. */
export function target8(hashes: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(MAX_64 / hashes);
  return bytes.toString('hex');
}

/** The bytes of a 32-bit number in the other order. */
export function swap32(value: number): number {
  return (
    ((value >>> 24) | ((value >>> 8) & 0xff00) | ((value << 8) & 0xff0000) | ((value & 0xff) << 24)) >>> 0
  );
}
