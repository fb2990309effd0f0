import { hashesOfDifficulty, targetOfHashes } from '../../../domain/difficulty.ts';
import type { RelayedFamily, RelayedWork, Work } from '../../../domain/job.ts';
import type { JobView, PoolShare, RelayedShare } from '../../dialect.ts';
import { readHex } from '../mining-methods/fields.ts';

export { readHex, readHexOf, readMore, readTarget } from '../mining-methods/fields.ts';

/** Parts of work or of a share by name. */
export type Parts = Readonly<Record<string, string>>;

/** A whole number from zero on, as a JSON number or as decimal digits, in decimal digits. */
export function readCount(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : null;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? value.replace(/^0+(?=.)/, '') : null;
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
