/** Version rolling on one upstream: what the pool has granted, and what holds for the jobs that are out. */
export class VersionRolling {
  /** Bits that we would roll. */
  readonly #wanted: number;
  #granted = { mask: 0, isRolling: false };
  #inForce = this.#granted;

  /** `wanted`: hex. */
  constructor(wanted: string) {
    this.#wanted = Number.parseInt(wanted, 16);
  }

  /** Bits to ask a pool for. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Bits that may be rolled at the pool; 0 where rolling was not granted. Holds for kept jobs while the connection is down. */
  get mask(): number {
    return this.#inForce.mask;
  }

  /** The pool granted rolling, whatever the mask is now. */
  get isRolling(): boolean {
    return this.#inForce.isRolling;
  }

  /** A login was granted this; it is in force from {@link putInForce} on. */
  grant(mask: number): void {
    const usable = mask & this.#wanted;
    this.#granted = { mask: usable, isRolling: usable !== 0 };
  }

  /** The pool changes the mask. Returns false where it has granted no rolling. */
  change(mask: number): boolean {
    if (!this.#granted.isRolling) return false;
    this.#granted = { mask: mask & this.#wanted, isRolling: true };
    return true;
  }

  /** What was granted last holds from now on. While a connection is not live it does not: kept jobs were sent under the mask of before. */
  putInForce(): void {
    this.#inForce = this.#granted;
  }
}
