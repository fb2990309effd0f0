import { hashesOfDifficulty, hashesOfTarget, targetOfHashes } from '../../../domain/difficulty.ts';
import type { RelayedFamily, RelayedWork, ShareTarget, Work } from '../../../domain/job.ts';
import { isHex } from '../../../kit/hex.ts';
import type { JobView, PoolShare, RelayedShare } from '../../dialect.ts';
import { jsonText } from '../../json.ts';

/** Parts of work or of a share by name. */
export type Parts = Readonly<Record<string, string>>;

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

/** A whole number from zero on, as a JSON number or as decimal digits, in decimal digits. */
export function readCount(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : null;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? value.replace(/^0+(?=.)/, '') : null;
}

/** What shares must meet, 64 hex digits big-endian. [quirk: coinmine.pl leaves out leading zeros] A target of zero is none: nothing meets it. */
export function readTarget(value: unknown): ShareTarget | null {
  const digits = readHex(value, 64)?.padStart(64, '0');
  if (digits === undefined || /^0+$/.test(digits)) return null;
  return { hashes: hashesOfTarget(Buffer.from(digits, 'hex')), text: digits };
}

/** 64 digits: what the miner's shares must meet, in the pool's words where they are the pool's. */
export function targetTextOf({ target, difficulty, divider }: JobView): string {
  return target?.text ?? Buffer.from(targetOfHashes(hashesOfDifficulty(difficulty, divider))).toString('hex');
}

/** What the pool fixes of a nonce of so many bytes, empty where it fixes nothing; null where it cannot be used: half bytes, or nothing left. */
export function readPrefix(
  value: unknown,
  nonceBytes: number,
): { readonly extranonce1: string; readonly extranonce2Bytes: number } | null {
  const isEmpty = value === '' || value === '0x' || value === null || value === undefined;
  const prefix = isEmpty ? '' : readHex(value, nonceBytes * 2 - 2);
  if (prefix === null || prefix.length % 2 !== 0) return null;
  return { extranonce1: prefix, extranonce2Bytes: nonceBytes - prefix.length / 2 };
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

/** Work of `family`. Throws for another's: a dialect was handed what is not its own. */
export function workIn(family: RelayedFamily, work: Work): RelayedWork {
  if (work.family !== family) throw new Error(`work of ${work.family} in a dialect of ${family}`);
  return work;
}

/** A share of `family`. Throws for another's. */
export function shareIn(family: RelayedFamily, share: PoolShare): RelayedShare {
  if (share.family !== family) throw new Error(`a share of ${share.family} in a dialect of ${family}`);
  return share;
}

/** A part that has to be there. Throws where it is not. */
export function part(parts: Parts, name: string): string {
  const value = parts[name];
  if (value === undefined) throw new Error(`no part ${name}`);
  return value;
}
