import { BoundedMap } from '../kit/bounded-map.ts';

interface Address {
  connections: number;
  authorized: number;
}

/**
 * What is known of the addresses miners come from: how many connections each has, and how often each named an unknown account.
 * An address with failures above the threshold is banned for a while, unless one of its miners is authorised at the moment:
 * a farm behind one address must not be cut off for one misconfigured device.
 */
export class AddressBook {
  readonly #addresses = new Map<string, Address>();
  readonly #failures: BoundedMap<string, { count: number }>;
  /** The end of each; monotonic. */
  readonly #bans: BoundedMap<string, number>;
  #banMs: number;
  #threshold: number;
  #authorized = 0;

  constructor(limits: { threshold: number; windowSeconds: number; durationSeconds: number }) {
    this.#threshold = limits.threshold;
    this.#banMs = limits.durationSeconds * 1000;
    this.#failures = new BoundedMap({ capacity: 65_536, ttlMs: limits.windowSeconds * 1000 });
    this.#bans = new BoundedMap({ capacity: 65_536, ttlMs: this.#banMs });
  }

  /** Counts for failures and bans from now on. */
  setLimits(limits: { threshold: number; windowSeconds: number; durationSeconds: number }): void {
    this.#threshold = limits.threshold;
    this.#failures.ttlMs = limits.windowSeconds * 1000;
    this.#banMs = limits.durationSeconds * 1000;
    this.#bans.ttlMs = this.#banMs;
  }

  isBanned(ip: string, nowMs: number): boolean {
    return this.#bans.get(ip, nowMs) !== undefined;
  }

  bannedCount(nowMs: number): number {
    this.#bans.expire(nowMs);
    return this.#bans.size;
  }

  /** Addresses that are banned, each with the monotonic time of its end. */
  bans(nowMs: number): Iterable<readonly [ip: string, untilMs: number]> {
    this.#bans.expire(nowMs);
    return this.#bans.entries();
  }

  /** True where it was banned. */
  unban(ip: string): boolean {
    return this.#bans.delete(ip);
  }

  /** Connections of all addresses that are authorised at the moment. */
  get authorizedConnections(): number {
    return this.#authorized;
  }

  connections(ip: string): number {
    return this.#addresses.get(ip)?.connections ?? 0;
  }

  connected(ip: string): void {
    const address = this.#addresses.get(ip);
    if (address === undefined) this.#addresses.set(ip, { connections: 1, authorized: 0 });
    else address.connections += 1;
  }

  disconnected(ip: string, wasAuthorized: boolean): void {
    const address = this.#addresses.get(ip);
    if (address === undefined) return;
    address.connections -= 1;
    if (wasAuthorized) this.#changeAuthorized(address, -1);
    if (address.connections <= 0) this.#addresses.delete(ip);
  }

  authorized(ip: string): void {
    const address = this.#addresses.get(ip);
    if (address !== undefined) this.#changeAuthorized(address, 1);
    this.#failures.delete(ip);
  }

  /** A connection that stays open is no longer authorised. */
  unauthorized(ip: string): void {
    const address = this.#addresses.get(ip);
    if (address !== undefined) this.#changeAuthorized(address, -1);
  }

  #changeAuthorized(address: Address, change: 1 | -1): void {
    address.authorized += change;
    this.#authorized += change;
  }

  /** An unknown account was named. Returns true where this was one too many and the address is banned now. */
  failed(ip: string, nowMs: number): boolean {
    if (this.#threshold === 0 || (this.#addresses.get(ip)?.authorized ?? 0) > 0) return false;
    const entry = this.#failures.get(ip, nowMs);
    const count = (entry?.count ?? 0) + 1;
    if (entry === undefined) this.#failures.set(ip, { count }, nowMs);
    else entry.count = count;
    if (count < this.#threshold) return false;
    this.#failures.delete(ip);
    this.#bans.set(ip, nowMs + this.#banMs, nowMs);
    return true;
  }
}
