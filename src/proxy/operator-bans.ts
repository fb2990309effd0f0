import type { Ban } from '../domain/ban.ts';
import type { Clock } from '../kit/clock.ts';
import { type IpNetwork, parseNetwork } from '../kit/ip-network.ts';
import { Networks } from '../net/networks.ts';

interface Kept {
  readonly ban: Ban;
  readonly network: IpNetwork;
  /** Monotonic; infinite: without end. */
  readonly endsMs: number;
}

/** The addresses and networks that the operator has banned. Whoever hands them in bounds them. */
export class OperatorBans {
  readonly #clock: Clock;
  readonly #bans = new Map<string, Kept>();
  #networks = Networks.none;
  #nextEndMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    this.#expire();
    return this.#bans.size;
  }

  has(ip: string): boolean {
    if (this.#bans.size === 0) return false;
    this.#expire();
    return this.#networks.has(ip);
  }

  /** Each takes the place of one of the same address. */
  add(...bans: readonly Ban[]): void {
    const aheadMs = this.#clock.monotonicMs() - this.#clock.wallMs();
    for (const ban of bans) {
      const network = parseNetwork(ban.address);
      if (network === null) continue;
      const endsMs = ban.untilMs === null ? Infinity : ban.untilMs + aheadMs;
      this.#bans.set(ban.address, { ban, network, endsMs });
    }
    this.#changed();
  }

  remove(address: string): boolean {
    const wasThere = this.#bans.delete(address);
    if (wasThere) this.#changed();
    return wasThere;
  }

  list(): readonly Ban[] {
    this.#expire();
    return Array.from(this.#bans.values(), ({ ban }) => ban);
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#nextEndMs) return;
    for (const [address, { endsMs }] of this.#bans) if (endsMs <= nowMs) this.#bans.delete(address);
    this.#changed();
  }

  #changed(): void {
    const kept = [...this.#bans.values()];
    this.#networks = Networks.of(kept.map(({ network }) => network));
    this.#nextEndMs = kept.reduce((least, { endsMs }) => Math.min(least, endsMs), Infinity);
  }
}
