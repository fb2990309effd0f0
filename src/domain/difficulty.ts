/**
 * Difficulty ↔ target. A target is 32 bytes, big-endian: a hash meets it when the hash, read as a little-endian number,
 * is not above it. Difficulty 1 is the target `0xffff × 2^208 × divider` ("bdiff"; the divider is 1 for sha256d, 65536 for
 * scrypt), so `target = floor(0xffff × 2^208 × divider / difficulty)`.
 *
 * Conversions are exact and happen once per difficulty; comparing a hash allocates nothing.
 */

const DIFFICULTY_ONE = 0xffffn << 208n;
const DIFFICULTY_ONE_NUMBER = 0xffff * 2 ** 208;
const MAX_TARGET = (1n << 256n) - 1n;

const DECIMAL = /^\+?(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i;

/** Above this the decimal text of a difficulty is no number that any pool means, only a way to make us compute. */
const MAX_DECIMAL_LENGTH = 400;

/**
 * Reads a difficulty as pools write it: a JSON number or the text of one (`"1024.0"`, `"2.3e-10"`).
 * Returns null unless it is a finite number above zero.
 */
export function parseDifficulty(value: unknown): number | null {
  if (typeof value === 'string' && (value.length > MAX_DECIMAL_LENGTH || !DECIMAL.test(value.trim())))
    return null;
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const difficulty = Number(value);
  return Number.isFinite(difficulty) && difficulty > 0 ? difficulty : null;
}

/** The number as an exact fraction of its shortest decimal text: what the sender wrote, not the nearest double to it. */
function toFraction(difficulty: number | string): { numerator: bigint; denominator: bigint } {
  const text = String(difficulty).trim();
  const match = text.length > MAX_DECIMAL_LENGTH ? null : DECIMAL.exec(text);
  const whole = match?.[1] ?? '';
  const part = match?.[2] ?? '';
  const exponent = Number(match?.[3] ?? 0) - part.length;
  const digits = BigInt(`0${whole}${part}`);
  if (
    match === null ||
    digits === 0n ||
    exponent > MAX_DECIMAL_LENGTH ||
    exponent < -2 * MAX_DECIMAL_LENGTH
  ) {
    throw new RangeError(`difficulty must be a finite number above 0, not ${text.slice(0, 40)}`);
  }
  const scale = 10n ** BigInt(Math.abs(exponent));
  return exponent < 0
    ? { numerator: digits, denominator: scale }
    : { numerator: digits * scale, denominator: 1n };
}

function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
}

function toBigInt(target: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(target.buffer, target.byteOffset, 32).toString('hex')}`);
}

/**
 * The target of a difficulty, by exact rational arithmetic on its decimal text, capped at `2^256 − 1`: a difficulty so low
 * that every hash meets it gives that cap. Throws RangeError where `difficulty` is not a finite number above zero.
 */
export function targetOfDifficulty(difficulty: number | string, divider: number): Uint8Array {
  const { numerator, denominator } = toFraction(difficulty);
  const target = (DIFFICULTY_ONE * BigInt(divider) * denominator) / numerator;
  return toBytes(target > MAX_TARGET ? MAX_TARGET : target);
}

/** Quotient of two positive integers as the nearest double or the one beside it. */
function divide(numerator: bigint, denominator: bigint): number {
  const shift = Math.max(0, 64 - (numerator.toString(2).length - denominator.toString(2).length));
  return Number((numerator << BigInt(shift)) / denominator) / 2 ** shift;
}

/** The difficulty whose target this is; Infinity for a target of zero. */
export function difficultyOfTarget(target: Uint8Array, divider: number): number {
  const value = toBigInt(target);
  return value === 0n ? Infinity : divide(DIFFICULTY_ONE * BigInt(divider), value);
}

/** How many hashes it takes on average to meet a target: `2^256 / (target + 1)`. */
export function hashesOfTarget(target: Uint8Array): number {
  return divide(MAX_TARGET + 1n, toBigInt(target) + 1n);
}

/** The highest target that takes so many hashes on average to meet, by {@link hashesOfTarget}: `2^256 / hashes − 1`, to a millionth of a hash. */
export function targetOfHashes(hashes: number): Uint8Array {
  if (!(hashes > 0 && Number.isFinite(hashes)))
    throw new RangeError(`hashes must be a finite number above 0, not ${hashes}`);
  const scaled = hashes < 2 ** 32 ? BigInt(Math.round(hashes * 2 ** 20)) : BigInt(Math.round(hashes)) << 20n;
  const target = scaled === 0n ? MAX_TARGET : ((MAX_TARGET + 1n) << 20n) / scaled - 1n;
  return toBytes(target > MAX_TARGET ? MAX_TARGET : target < 0n ? 0n : target);
}

/**
 * The hashes that a share of this difficulty stands for, by the convention of all pools and of the metrics:
 * `difficulty × 2^32 / divider`. It is 1/65536 below {@link hashesOfTarget}.
 */
export function hashesOfDifficulty(difficulty: number, divider: number): number {
  return (difficulty * 2 ** 32) / divider;
}

/**
 * The target behind the compact form of a block header (`nbits`, 8 hex digits as a number), or null where it is none:
 * negative or above 256 bits (Bitcoin Core, `arith_uint256::SetCompact`).
 */
export function targetOfCompact(nbits: number): Uint8Array | null {
  const exponent = nbits >>> 24;
  const mantissa = nbits & 0x007fffff;
  if ((nbits & 0x00800000) !== 0 && mantissa !== 0) return null;
  const value =
    exponent <= 3
      ? BigInt(mantissa >>> (8 * (3 - exponent)))
      : BigInt(mantissa) << BigInt(8 * (exponent - 3));
  return value > MAX_TARGET ? null : toBytes(value);
}

/** True when `hash` (32 bytes as hashed, little-endian) is at or below `target` (32 bytes, big-endian). */
export function hashMeetsTarget(hash: Uint8Array, target: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = hash[31 - i]! - target[i]!;
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/** The highest difficulty that `hash` (32 bytes as hashed, little-endian) meets, as a double; Infinity for all zeros. */
export function difficultyOfHash(hash: Uint8Array, divider: number): number {
  let value = 0;
  for (let i = 31; i >= 0; i--) value = value * 256 + hash[i]!;
  return value === 0 ? Infinity : (DIFFICULTY_ONE_NUMBER * divider) / value;
}
