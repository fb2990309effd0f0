import type { Dialect } from '../wire/dialect.ts';

/** What a miner's nonces, or its extranonce, begin with (hex), and the bytes behind it that are its own. */
export interface NoncePart {
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
}

/** Shares found under one of these are known for what they are. */
const EARLIER_KEPT = 4;

/** What one miner has been told over one connection of the nonces that are its own. */
export class ToldPrefix {
  #newest: NoncePart | null = null;
  /** Oldest first; null while there is none. */
  #earlier: NoncePart[] | null = null;

  /** Null before anything was told. */
  get newest(): NoncePart | null {
    return this.#newest;
  }

  note(part: NoncePart): void {
    if (this.is(part)) return;
    if (this.#newest !== null) this.#earlier = [...(this.#earlier ?? []), this.#newest].slice(-EARLIER_KEPT);
    this.#newest = part;
  }

  /** True where the miner has nothing else to go by. */
  is({ extranonce1, extranonce2Bytes }: NoncePart): boolean {
    const { newest } = this;
    return newest?.extranonce1 === extranonce1 && newest.extranonce2Bytes === extranonce2Bytes;
  }

  /** True where `fits` holds for one of those that the miner was told. */
  some(fits: (part: NoncePart) => boolean): boolean {
    return (this.#newest !== null && fits(this.#newest)) || this.#earlier?.some(fits) === true;
  }
}

/** What {@link partAtPool} goes by of a miner. */
export interface PrefixReader {
  readonly agent: string;
  readonly dialect: Dialect;
  readonly told: ToldPrefix;
}

/**
 * What the miner has to go by at this pool: the pool's prefix and its lane's byte. A pool that fixes nothing takes whatever nonces the miner that has the connection to itself
 * begins with: it keeps what it was told, or is given a prefix of ours where its program is of no use without. `newPrefix`: a fresh one of so many bytes.
 */
export function partAtPool(
  { agent, dialect, told }: PrefixReader,
  pool: NoncePart,
  lane: string,
  newPrefix: (bytes: number) => string,
): NoncePart {
  const { nonces, ownJobIds } = dialect.miner;
  const extranonce1 = pool.extranonce1 + lane;
  const extranonce2Bytes = pool.extranonce2Bytes - lane.length / 2;
  if (extranonce1 !== '' || nonces.kind !== 'prefix') return { extranonce1, extranonce2Bytes };
  const { newest } = told;
  // Where jobs of two pools may have the same name, a prefix of its own tells which of them a share is for.
  if (newest !== null && (ownJobIds || newest.extranonce1 === '')) return newest;
  const isNeeded = nonces.told === 'at-subscribe' || nonces.isNeededBy?.(agent) === true;
  const prefixBytes = (newest?.extranonce1.length ?? (isNeeded ? nonces.placeholderBytes * 2 : 0)) / 2;
  if (prefixBytes === 0) return { extranonce1, extranonce2Bytes };
  let fresh = newPrefix(prefixBytes);
  while (told.some((part) => part.extranonce1 === fresh)) fresh = newPrefix(prefixBytes);
  return { extranonce1: fresh, extranonce2Bytes: nonces.nonceBytes - prefixBytes };
}
