/** Version rolling as one miner asked for it, and what it was told of the bits that it may roll. */
export class VersionOffer {
  /** The mask that the miner asked for; null where it did not negotiate. */
  asked: number | null = null;
  #told: number | null = null;
  #wasGranted = false;

  /** What the miner may roll of the bits that are on offer; null where it did not negotiate. */
  within(offered: number): number | null {
    return this.asked === null ? null : (this.asked & offered) >>> 0;
  }

  /** The mask stands in an answer. `holds`: it is the pool's, so it need not be told again unless it changes. */
  noteAnswered(mask: number, holds: boolean): void {
    this.#told = holds ? mask : null;
    if (mask !== 0) this.#wasGranted = true;
  }

  /** True where the miner has to be told this mask, and counts as told. Of no use to one that was never granted a bit: it has nothing to be taken away. */
  takeNews(mask: number | null): mask is number {
    if (mask === null || mask === this.#told || (mask === 0 && !this.#wasGranted)) return false;
    this.#told = mask;
    this.#wasGranted = true;
    return true;
  }
}
