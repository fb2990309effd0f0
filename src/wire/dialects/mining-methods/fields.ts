import { hashesOfTarget } from '../../../domain/difficulty.ts';
import type { ShareTarget } from '../../../domain/job.ts';
import { isHex } from '../../../kit/hex.ts';
import { jsonText } from '../../json.ts';

/** Hex digits of `value` in lower case, a `0x` before them left out; null where it is anything else, no digits, or more than `most`. */
export function readHex(value: unknown, most: number): string | null {
  if (typeof value !== 'string' || value.length > most + 2) return null;
  const text = value.startsWith('0x') || value.startsWith('0X') ? value.slice(2) : value;
  return text.length > 0 && text.length <= most && isHex(text) ? text.toLowerCase() : null;
}

/** Exactly `bytes` bytes of hex. */
export function readHexOf(value: unknown, bytes: number): string | null {
  const text = readHex(value, bytes * 2);
  return text?.length === bytes * 2 ? text : null;
}

/** What shares must meet, 64 hex digits big-endian. [quirk: coinmine.pl leaves out leading zeros] A target of zero is none: nothing meets it. */
export function readTarget(value: unknown): ShareTarget | null {
  const digits = readHex(value, 64)?.padStart(64, '0');
  if (digits === undefined || /^0+$/.test(digits)) return null;
  return { hashes: hashesOfTarget(Buffer.from(digits, 'hex')), text: digits };
}

/** Elements of a list as JSON text, a comma before each; null where they cannot be repeated: too long, or nested too deeply. */
export function readMore(rest: readonly unknown[], most: number): string | null {
  try {
    const text = rest.map((value) => `,${jsonText(value ?? null)}`).join('');
    return text.length <= most ? text : null;
  } catch {
    // Serialising recurses, parsing does not.
    return null;
  }
}
