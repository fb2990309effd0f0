import type { Ban, BanRequest } from '../domain/ban.ts';
import type { Clock } from '../kit/clock.ts';
import { type IpNetwork, parseNetwork } from '../kit/ip-network.ts';
import { Networks } from '../net/networks.ts';

interface Kept {
  readonly ban: Ban;
  readonly network: IpNetwork;
  /** Monotonic; infinite: without end. */
  readonly endsMs: number;
}

const MOST = 1000;

/** The addresses and networks that the operator has banned, in memory. */
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

  /** One of the same address takes the place of the one before. Null where there are too many, or it is no network. */
  add({ address, seconds, reason }: BanRequest): Ban | null {
    this.#expire();
    const network = parseNetwork(address);
    if (network === null || (this.#bans.size >= MOST && !this.#bans.has(address))) return null;
    const untilMs = seconds === null ? null : this.#clock.wallMs() + seconds * 1000;
    const endsMs = seconds === null ? Infinity : this.#clock.monotonicMs() + seconds * 1000;
    const ban: Ban = { address, untilMs, reason, by: 'operator' };
    this.#bans.set(address, { ban, network, endsMs });
    this.#changed();
    return ban;
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
