import { isRentalAgent } from './rental.ts';

/**
 * How a session's search space is cut. By its coinbase, decided when the miner subscribes and kept for the life of its connection:
 * `inject`: the miner gets our own extranonce1 (`prefixBytes`) and `sizeBytes` of extranonce2; the pool's extranonce1 goes into the coinbase.
 * `relay`: the miner gets the pool's extranonce one to one.
 * By its nonce, as the pool and the account's mode have it:
 * `prefix`: the miner's nonces begin with the pool's prefix and `ownBytes` of ours, which tell the miners of one connection apart; 0: it has the connection to itself.
 * `byte`: each job carries a byte of the nonce that is the miner's.
 * `open`: nothing is cut; a connection takes any number of miners.
 */
export type LanePlan =
  | CoinbasePlan
  | { readonly kind: 'prefix'; readonly ownBytes: 0 | 1 }
  | { readonly kind: 'byte' }
  | { readonly kind: 'open' };

export type CoinbasePlan =
  | { readonly kind: 'inject'; readonly prefixBytes: number; readonly sizeBytes: number }
  | { readonly kind: 'relay' };

/** True where what the miner is told is the pool's own, so that it changes with the pool. */
export function isOfPool(plan: LanePlan): boolean {
  return plan.kind === 'relay' || plan.kind === 'prefix';
}

/** True where a session of this plan needs a connection to the pool that nobody else is on. */
export function takesWhole(plan: LanePlan | null): boolean {
  return plan !== null && (plan.kind === 'relay' || (plan.kind === 'prefix' && plan.ownBytes === 0));
}

/** What is known of a miner when it subscribes. */
export interface LaneFacts {
  readonly agent: string;
  /** Extranonce2 size in bytes of the pool this miner was too wide for before, or null. */
  readonly poolExtranonce2Bytes: number | null;
}

export interface LaneDefaults {
  readonly prefixBytes: number;
  readonly sizeBytes: number;
}

/** cgminer refuses less than 2 bytes of extranonce2 (ckolivas/cgminer util.c). */
const MIN_SIZE_BYTES = 2;
/** Buyers of rented hashrate and firmware that assumes 4 (NiceHash: "minimum is 4"; cgminer 3.7.2; Bitaxe before ESP-Miner#658). */
const WIDE_SIZE_BYTES = 4;
const WIDE_AGENTS = /^(?:cgminer\/[123]\.|bitaxe v?[12]\.[0-2]\b)/i;

/**
 * The widest lane that fits what is known (docs/protocols/bitcoin-v1.md, choosing p and d). Without knowledge of the pool the defaults hold;
 * with it, `prefixBytes + sizeBytes` never exceeds the pool's extranonce2, and a pool that leaves no room is relayed.
 */
export function planLane(facts: LaneFacts, defaults: LaneDefaults): CoinbasePlan {
  const wantsWide = isRentalAgent(facts.agent) || WIDE_AGENTS.test(facts.agent);
  const wanted = wantsWide ? Math.max(WIDE_SIZE_BYTES, defaults.sizeBytes) : defaults.sizeBytes;
  const least = wantsWide ? WIDE_SIZE_BYTES : MIN_SIZE_BYTES;
  const room = facts.poolExtranonce2Bytes;
  if (room === null) return { kind: 'inject', prefixBytes: defaults.prefixBytes, sizeBytes: wanted };
  for (let prefixBytes = defaults.prefixBytes; prefixBytes >= 1; prefixBytes -= 1) {
    const sizeBytes = Math.min(wanted, room - prefixBytes);
    if (sizeBytes >= least) return { kind: 'inject', prefixBytes, sizeBytes };
  }
  return { kind: 'relay' };
}

/** True where a session of this plan can mine at a pool with `poolExtranonce2Bytes` of extranonce2. */
export function planFits(plan: LanePlan, poolExtranonce2Bytes: number): boolean {
  return plan.kind !== 'inject' || plan.prefixBytes + plan.sizeBytes <= poolExtranonce2Bytes;
}

/** Slots looked at for one session: as many with one prefix on one upstream are beyond every cap. */
const MAX_TRIED = 65_536;
/** What a session of an open plan gets: nothing of its own. */
const OPEN: Lane = { bytes: '', slot: '' };

/**
 * A leased part of an upstream's extranonce2 space: every value that begins with `bytes`.
 * What the miner hashes is coinb1 ‖ X1 ‖ slot ‖ its extranonce1 ‖ its extranonce2 ‖ coinb2; what the pool sees as extranonce2 is `bytes` ‖ the miner's.
 */
export interface Lane {
  /** Hex of slot ‖ prefix; empty for a relayed lane, which is the whole space. */
  readonly bytes: string;
  /** Hex of the slot alone. */
  readonly slot: string;
}

/**
 * The lanes of one upstream. Invariant: no two lanes that are leased or resting share a value, that is, none begins with another.
 * A released lane rests until {@link LaneSpace.renew}, when every job its former owner could have worked on is void.
 */
export class LaneSpace {
  readonly #extranonce2Bytes: number;
  /** The one taken lane while there is at most one, as on a dedicated upstream: that case costs no more than this. */
  #only: string | null = null;
  /** Every lane that is leased or resting, from the second on. */
  #taken: TakenLanes | null = null;
  /** Released lanes, as their last owners had them. */
  #resting: Map<string, Lane> | null = null;
  #leased = 0;

  constructor(extranonce2Bytes: number) {
    this.#extranonce2Bytes = extranonce2Bytes;
  }

  get leased(): number {
    return this.#leased;
  }

  /** Nothing is leased and nothing rests: the whole space may be taken, as a relayed lane is. */
  get isWhole(): boolean {
    return this.#leased === 0 && (this.#resting?.size ?? 0) === 0;
  }

  /**
   * A free lane for a session of this plan whose extranonce1 is `prefix` (hex), or null where there is none.
   * Low slots are filled first, so that many sessions share one job line. `preferred`, as it was leased before, is taken if it rests since then: a returning session.
   */
  lease(plan: LanePlan, prefix: string, preferred: Lane | null = null): Lane | null {
    if (plan.kind === 'open') return OPEN;
    if (takesWhole(plan)) {
      if (!this.#isFree('')) return null;
      this.#take('');
      return { bytes: '', slot: '' };
    }
    if (plan.kind !== 'inject') {
      const lane = this.#searchByte(plan);
      if (lane !== null) this.#take(lane.bytes);
      return lane;
    }
    const slotBytes = this.#extranonce2Bytes - plan.prefixBytes - plan.sizeBytes;
    if (slotBytes < 0 || prefix.length !== plan.prefixBytes * 2) return null;
    if (preferred !== null && this.#mayReturn(preferred, slotBytes, prefix)) {
      this.#resting?.delete(preferred.bytes);
      this.#leased += 1;
      return preferred;
    }
    const lane = this.#search(slotBytes, prefix);
    if (lane !== null) this.#take(lane.bytes);
    return lane;
  }

  /** True where {@link LaneSpace.lease} would find a lane for these. */
  hasRoomFor(plan: LanePlan, prefix: string, preferred: Lane | null = null): boolean {
    if (plan.kind === 'open') return true;
    if (takesWhole(plan)) return this.isWhole;
    if (plan.kind !== 'inject') return this.#searchByte(plan) !== null;
    const slotBytes = this.#extranonce2Bytes - plan.prefixBytes - plan.sizeBytes;
    if (slotBytes < 0) return false;
    const mayReturn = preferred !== null && this.#mayReturn(preferred, slotBytes, prefix);
    return mayReturn || this.#search(slotBytes, prefix) !== null;
  }

  /** The lane rests, nobody has had it since, and it is one of this width and prefix: its former owner may have it back. */
  #mayReturn(lane: Lane, slotBytes: number, prefix: string): boolean {
    return (
      this.#resting?.get(lane.bytes) === lane &&
      lane.bytes === lane.slot + prefix &&
      lane.slot.length === slotBytes * 2
    );
  }

  /**
   * One byte of the nonce. In a job 00 is the last to be given out, since miners that are not told in words that the byte is fixed see it by its not being zero
   * (xmrig src/base/net/stratum/Job.cpp). Where the pool leaves nothing to divide, one session takes it all.
   */
  #searchByte(plan: LanePlan): Lane | null {
    if (this.#extranonce2Bytes === 0)
      return plan.kind === 'byte' && this.#isFree('') ? { bytes: '', slot: '' } : null;
    const first = plan.kind === 'byte' ? 1 : 0;
    for (let tried = 0; tried < 256; tried += 1) {
      const bytes = ((tried + first) % 256).toString(16).padStart(2, '0');
      if (this.#isFree(bytes)) return { bytes, slot: bytes };
    }
    return null;
  }

  #search(slotBytes: number, prefix: string): Lane | null {
    const slots = 1n << BigInt(slotBytes * 8);
    let number = 0n;
    for (let tried = 0; tried < MAX_TRIED && number < slots; tried += 1) {
      const slot = slotBytes === 0 ? '' : number.toString(16).padStart(slotBytes * 2, '0');
      const bytes = slot + prefix;
      if (this.#isFree(bytes)) return { bytes, slot };
      // A lane that is wider than a slot covers all slots that begin like it; this is the first of them.
      const widerBytes = this.#widerBytes(bytes) ?? slotBytes;
      number += widerBytes < slotBytes ? 1n << BigInt((slotBytes - widerBytes) * 8) : 1n;
    }
    return null;
  }

  /** The session is gone; its lane rests. */
  release(lane: Lane): void {
    if (lane === OPEN) return;
    if (!this.#isTaken(lane.bytes) || this.#resting?.has(lane.bytes) === true) return;
    this.#resting ??= new Map();
    this.#resting.set(lane.bytes, lane);
    this.#leased -= 1;
  }

  /** A clean job has voided all earlier work: resting lanes are free again. */
  renew(): void {
    if (this.#resting === null) return;
    for (const bytes of this.#resting.keys()) {
      if (this.#taken !== null) this.#taken.remove(bytes);
      else this.#only = null;
    }
    this.#resting = null;
  }

  /** Length in bytes of the taken lane that `bytes` lies strictly inside of, or null where there is none. */
  #widerBytes(bytes: string): number | null {
    if (this.#taken !== null) return this.#taken.widerBytes(bytes);
    const only = this.#only;
    return only !== null && only.length < bytes.length && bytes.startsWith(only) ? only.length / 2 : null;
  }

  #isTaken(bytes: string): boolean {
    return this.#taken === null ? this.#only === bytes : this.#taken.has(bytes);
  }

  #isFree(bytes: string): boolean {
    if (this.#taken !== null) return !this.#taken.overlaps(bytes);
    return this.#only === null || !(this.#only.startsWith(bytes) || bytes.startsWith(this.#only));
  }

  /** Only for a lane that is free. */
  #take(bytes: string): void {
    this.#leased += 1;
    if (this.#taken === null) {
      if (this.#only === null) {
        this.#only = bytes;
        return;
      }
      this.#taken = new TakenLanes();
      this.#taken.add(this.#only);
      this.#only = null;
    }
    this.#taken.add(bytes);
  }
}

/** A set of byte strings (hex) of mixed lengths that answers whether another would begin, or be begun by, one of them. */
class TakenLanes {
  readonly #lanes = new Set<string>();
  /** How many lanes lie strictly below a prefix, by prefix. */
  readonly #below = new Map<string, number>();

  has(bytes: string): boolean {
    return this.#lanes.has(bytes);
  }

  overlaps(bytes: string): boolean {
    return this.#lanes.has(bytes) || this.#below.has(bytes) || this.widerBytes(bytes) !== null;
  }

  /** Length in bytes of the lane that `bytes` lies strictly inside of, or null where there is none. */
  widerBytes(bytes: string): number | null {
    for (let end = 0; end < bytes.length; end += 2) if (this.#lanes.has(bytes.slice(0, end))) return end / 2;
    return null;
  }

  add(bytes: string): void {
    this.#lanes.add(bytes);
    for (let end = 0; end < bytes.length; end += 2) {
      const above = bytes.slice(0, end);
      this.#below.set(above, (this.#below.get(above) ?? 0) + 1);
    }
  }

  remove(bytes: string): void {
    if (!this.#lanes.delete(bytes)) return;
    for (let end = 0; end < bytes.length; end += 2) {
      const above = bytes.slice(0, end);
      const count = (this.#below.get(above) ?? 1) - 1;
      if (count === 0) this.#below.delete(above);
      else this.#below.set(above, count);
    }
  }
}
