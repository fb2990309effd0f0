import { hashesOfDifficulty } from './difficulty.ts';

/**
 * A pool's unit of work of the bitcoin-v1 family ("coinbase + merkle branch + 80-byte header"), as received. Frozen once parsed.
 * All hex as the pool wrote it.
 */
export interface BitcoinWork {
  readonly family: 'bitcoin';
  /** The pool's own job id; opaque, may repeat. */
  readonly poolJobId: string;
  /** 64 hex digits, each 4-byte word of the header's bytes swapped. */
  readonly prevHash: string;
  readonly coinb1: string;
  readonly coinb2: string;
  /** Each 64 hex digits, bytes as hashed. */
  readonly branch: readonly string[];
  /** Block version, unsigned 32 bits. */
  readonly version: number;
  /** Compact target, 8 hex digits big-endian. */
  readonly nbits: string;
  /** Block time in seconds, unsigned 32 bits. */
  readonly ntime: number;
  /** True where everything older is void. */
  readonly clean: boolean;
}

/** What a share must meet, as a pool said it by a target. */
export interface ShareTarget {
  /** Expected hashes behind a share: `2^256 / (target + 1)`, or what the dialect says. */
  readonly hashes: number;
  /** As the pool wrote it, to be repeated to the letter. */
  readonly text: string;
}

/** Kinds of work that are handed on without being taken apart. Dialects of one family can work for each other's pools. */
export const RELAYED_FAMILIES = ['cryptonote', 'ethash', 'kawpow', 'equihash', 'kaspa', 'autolykos'] as const;

export type RelayedFamily = (typeof RELAYED_FAMILIES)[number];

/**
 * A unit of work whose proof the proxy does not compute: its parts by name, each as the text that the pool wrote, so that what passes through loses nothing
 * (64-bit integers, leading zeros). Which parts there are is the family's own; see the dialects' pages.
 */
export interface RelayedWork {
  readonly family: RelayedFamily;
  /** The pool's own job id; opaque, may repeat. */
  readonly poolJobId: string;
  /** The same for jobs on the same block, whose shares are paid side by side. */
  readonly block: string;
  /** True where everything older is void. */
  readonly clean: boolean;
  /** What the job itself demands of its shares; null where the pool says it apart. */
  readonly target: ShareTarget | null;
  /** The algorithm that the job names, in the pool's spelling; null where it names none. */
  readonly algorithm: string | null;
  readonly parts: Readonly<Record<string, string>>;
}

export type Work = BitcoinWork | RelayedWork;

/** What a pool says once and means for all jobs that follow. */
export interface StandingParts {
  readonly parts: Readonly<Record<string, string>>;
  /** Null: not said. */
  readonly algorithm: string | null;
}

/** The two together, the newer before the older. */
export function joinStanding(older: StandingParts | null, newer: StandingParts): StandingParts {
  if (older === null) return newer;
  return { parts: { ...older.parts, ...newer.parts }, algorithm: newer.algorithm ?? older.algorithm };
}

/** A job with what its pool has said apart from it. What the job says itself goes before. */
export function withStanding(work: Work, standing: StandingParts | null): Work {
  if (standing === null || work.family === 'bitcoin') return work;
  const parts = { ...standing.parts, ...work.parts };
  return { ...work, parts, algorithm: work.algorithm ?? standing.algorithm };
}

/** The same for jobs on the same block. */
export function blockOf(work: Work): string {
  return work.family === 'bitcoin' ? work.prevHash : work.block;
}

/** The difficulty that stands for so many expected hashes: the inverse of {@link hashesOfDifficulty}. */
export function difficultyOfHashes(hashes: number, divider: number): number {
  return hashes / hashesOfDifficulty(1, divider);
}

/** True where a job repeats the one before to the letter; false where that is not known any more. The branch is usually the same array, since equal ones are shared. */
export function isSameWork(known: Work | null, work: Work): boolean {
  if (known === null || known.poolJobId !== work.poolJobId) return false;
  if (known.family !== 'bitcoin' || work.family !== 'bitcoin') return isSameRelayed(known, work);
  return (
    known.ntime === work.ntime &&
    known.prevHash === work.prevHash &&
    known.coinb1 === work.coinb1 &&
    known.coinb2 === work.coinb2 &&
    known.version === work.version &&
    known.nbits === work.nbits &&
    (known.branch === work.branch ||
      (known.branch.length === work.branch.length &&
        known.branch.every((hash, i) => hash === work.branch[i])))
  );
}

function isSameRelayed(known: Work, work: Work): boolean {
  if (known.family === 'bitcoin' || work.family === 'bitcoin' || known.target?.text !== work.target?.text)
    return false;
  const names = Object.keys(work.parts);
  return (
    names.length === Object.keys(known.parts).length &&
    names.every((name) => known.parts[name] === work.parts[name])
  );
}
