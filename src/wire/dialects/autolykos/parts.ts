import type { ShareTarget } from '../../../domain/job.ts';

/**
 * The parts of the autolykos family (Ergo).
 *
 * Of work: `height` (decimal digits), `msg` (64 hex digits, the header's pre-image), `version` (8 hex digits), and as JSON text, to be repeated: `third`, `fourth` and `seventh` (parameters
 * 3, 4 and 7, empty strings as a rule) and `more` (elements behind `clean`, a comma before each, missing where there are none). The text of the target is the job's decimal number `b`, to
 * be multiplied by the scale that is said apart (JobView.scale).
 *
 * Of a submit: `extranonce2` (hex, as the miner wrote it), `time` (JSON text of parameter 3, which nobody reads) and, where the miner sends it, `nonce` (whole). Of a share: `nonce` (whole: 16
 * digits, big-endian) and `time`.
 */
export const NONCE_BYTES = 8;
export const NONCE_DIGITS = NONCE_BYTES * 2;
export const MAX_MORE = 1024;

/** `2^256` has 78 digits. */
const TARGET = /^\d{1,78}$/;
const SPACE = 2n ** 256n;

/** `b`, which a hash has to be below. Null where it is no number from 1 to 2^256 − 1. */
export function readDecimalTarget(value: unknown): ShareTarget | null {
  if (typeof value !== 'string' || !TARGET.test(value)) return null;
  const target = BigInt(value);
  if (target === 0n || target >= SPACE) return null;
  // Whole hashes and a fraction of 32 bits, far more than a double keeps of large ones.
  return { hashes: Number((SPACE << 32n) / target) / 2 ** 32, text: value };
}
