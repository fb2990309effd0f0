/** Some miners that take another prefix say so only when their login has been answered (nheqminer, nicehash/nheqminer StratumClient): so long after it they are waited for. */
const ANNOUNCED_WITHIN_MS = 1000;

/** Whether one miner takes another prefix than it was told: what it has said of that, and for how long that is waited for. */
export class PrefixAnnouncement {
  /** It has said that it takes another at any time. */
  isMade = false;
  /** Until then one that has not may still do so. */
  #untilMs = 0;
  #isAwaited = false;

  /** The miner has to be told another prefix, and whether it takes one is waited for. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  /** Its login has been answered. */
  expect(nowMs: number): void {
    this.#untilMs = nowMs + ANNOUNCED_WITHIN_MS;
  }

  /** The miner has to be told another prefix. False where it has had its time to say that it takes one. */
  wait(nowMs: number): boolean {
    this.#isAwaited = true;
    return nowMs < this.#untilMs;
  }

  /** There is nothing that it would have to be told, or it takes it. */
  settle(): void {
    this.#isAwaited = false;
  }

  /** True once, when it has been waited for in vain. */
  giveUp(nowMs: number): boolean {
    if (!this.#isAwaited || nowMs < this.#untilMs) return false;
    this.#isAwaited = false;
    return true;
  }
}
