import { difficultyOfTarget, targetOfDifficulty } from '../../../domain/difficulty.ts';
import { seedOfEpoch } from '../../../domain/ethash-seeds.ts';
import type { RelayedWork, Work } from '../../../domain/job.ts';
import type { JobView, PoolShare, RelayedShare } from '../../dialect.ts';
import { readMore as readElements, readHex, readHexOf } from '../mining-methods/fields.ts';

export { readHex, readTarget } from '../mining-methods/fields.ts';

/**
 * The parts of work and shares of the ethash family, the same in its four dialects. Hex is lower case without `0x` whatever the wire had; each dialect
 * writes it in its own form.
 *
 * Of work:
 * - `header`: 64 digits, the hash that is mined on, bytes as hashed;
 * - `seed`: 64 digits, the seed hash of the epoch, which 1.0.0, EthProxy and plain say;
 * - `epoch`: a number without leading zeros, which 2.0.0 says instead;
 * - `height`: a number without leading zeros, of the block that is mined;
 * - `more:<dialect>`: JSON text of what a pool of that dialect wrote behind the parameters that are known, to be repeated to miners of the same.
 * All but `header` may be missing.
 *
 * Of a submit, as the miner wrote it but for case and `0x`, and of a share: `nonce` (a share's is whole: 16 digits, big-endian), `header`, and `mix` (64 digits),
 * the last two missing where the miner's dialect does not submit them.
 *
 * The text of a target is 64 digits, big-endian.
 */
export type EthashParts = Readonly<Record<string, string>>;

/** Digits of a whole nonce. */
export const NONCE_DIGITS = 16;
const MAX_HEIGHT_DIGITS = 12;
const MAX_MORE = 1024;

/** A hash of 32 bytes. */
export function readHash(value: unknown): string | null {
  return readHexOf(value, 32);
}

/** A number that is written in hex, its leading zeros left out. */
export function readHexNumber(value: unknown): string | null {
  const text = readHex(value, MAX_HEIGHT_DIGITS);
  return text === null ? null : text.replace(/^0+(?=.)/, '');
}

/** A block height: a JSON number, or hex. */
export function readHeight(value: unknown): string | null {
  if (typeof value !== 'number') return readHexNumber(value);
  return Number.isSafeInteger(value) && value >= 0 ? value.toString(16) : null;
}

/** Parts without those that are null. */
export function partsOf(parts: Readonly<Record<string, string | null>>): EthashParts {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(parts)) if (value !== null) kept[name] = value;
  return kept;
}

/** {@link EthashParts} `more:`: elements of a list as JSON text with a comma before each, or null where there are none that could be repeated. */
export function readMore(rest: readonly unknown[]): string | null {
  return rest.length === 0 ? null : readElements(rest, MAX_MORE);
}

/** 64 digits: what the miner's shares must meet, in the pool's words where they are the pool's. */
export function targetTextOf({ target, difficulty, divider }: JobView): string {
  return target?.text ?? Buffer.from(targetOfDifficulty(difficulty, divider)).toString('hex');
}

/** The same as a difficulty, for miners that make the target `0xffff × 2^208 / difficulty` of it. */
export function difficultyOf({ target, difficulty }: JobView): number {
  return target === null ? difficulty : difficultyOfTarget(Buffer.from(target.text, 'hex'), 1);
}

/** 64 digits: what the pool said, else what follows from the epoch that it said; zeros, which are the first epoch's, where it said neither. */
export function seedOf(parts: EthashParts): string {
  return parts['seed'] ?? seedOfEpoch(parts['epoch'] ?? '0') ?? '0'.repeat(64);
}

/** Work of this family. Throws for another's. */
export function ethashWork(work: Work): RelayedWork {
  if (work.family !== 'ethash') throw new Error(`work of ${work.family} in an ethash dialect`);
  return work;
}

/** A share of this family. Throws for another's. */
export function ethashShare(share: PoolShare): RelayedShare {
  if (share.family !== 'ethash') throw new Error(`a share of ${share.family} in an ethash dialect`);
  return share;
}

/** A part that has to be there. Throws where it is not: a dialect was handed what it does not work with. */
export function part(parts: EthashParts, name: string): string {
  const value = parts[name];
  if (value === undefined) throw new Error(`ethash without ${name}`);
  return value;
}
