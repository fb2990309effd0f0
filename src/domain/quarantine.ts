/**
 * Tells a broken device from bad luck by its last 32 shares. A miner most of whose shares are invalid is kept away from the pool, which would otherwise
 * ban the address of the whole farm; once its shares are clean again it is let back. Stale shares do not count: they are the network's fault.
 */
export class Conduct {
  /** One bit per share, 1 for invalid, the newest lowest. */
  #history = 0;
  #known = 0;
  #isQuarantined = false;
  #quarantines = 0;

  get isQuarantined(): boolean {
    return this.#isQuarantined;
  }

  /** How often it has been put in quarantine. */
  get quarantines(): number {
    return this.#quarantines;
  }

  /** Returns what has changed by this share. */
  note(isValid: boolean): 'unchanged' | 'quarantined' | 'released' {
    this.#history = (this.#history << 1) | (isValid ? 0 : 1);
    if (this.#known < WINDOW) this.#known += 1;
    if (!this.#isQuarantined && this.#known >= LEAST && bitsSet(this.#history) * 2 > this.#known) {
      this.#isQuarantined = true;
      this.#quarantines += 1;
      return 'quarantined';
    }
    if (this.#isQuarantined && bitsSet(this.#history & RECENT_MASK) === 0) {
      this.#isQuarantined = false;
      this.#history = 0;
      this.#known = 0;
      return 'released';
    }
    return 'unchanged';
  }
}

const WINDOW = 32;
/** Fewer shares than this prove nothing. */
const LEAST = 8;
/** So many valid ones in a row end a quarantine. */
const RECENT_MASK = 0xff;

function bitsSet(value: number): number {
  let n = value >>> 0;
  let count = 0;
  while (n !== 0) {
    n &= n - 1;
    count += 1;
  }
  return count;
}
