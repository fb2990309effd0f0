import { isOfPool, type Lane, type LanePlan, type LaneSpace, planLane } from '../domain/lane.ts';
import type { Dialect, NonceSpace } from '../wire/dialect.ts';
import type { PoolSubscription } from '../wire/messages.ts';
import type { Group } from './group.ts';
import type { OwnPrefixes } from './own-prefixes.ts';
import { PrefixAnnouncement } from './prefix-announcement.ts';
import { Seat } from './seat.ts';
import { openingPlan, planInGroup } from './session-plan.ts';
import type { ProxySettings } from './settings.ts';
import { type NoncePart, partAtPool, ToldPrefix } from './told-prefix.ts';

/** A miner as its search space depends on it. */
export interface SearchingMiner {
  readonly agent: string;
  readonly dialect: Dialect;
  readonly context: {
    readonly settings: ProxySettings;
    readonly prefixes: OwnPrefixes;
    newPrefix(bytes: number): string;
  };
}

/** Of ours that are no other miner's yet, half of them of the usual length, half of the longest. */
const PREFIXES_TRIED = 512;

/**
 * What one miner searches: how the space is cut, what its own part of it begins with, the lane that this is at the pool, and what the miner has been told of it.
 * The extranonce given at subscribe stays for the life of the connection, but where the miner takes another.
 */
export class SearchSpace {
  readonly #miner: SearchingMiner;
  /** Null before the miner has subscribed. */
  plan: LanePlan | null = null;
  /** Hex. */
  extranonce1 = '';
  extranonce2Bytes = 0;
  readonly told = new ToldPrefix();
  readonly announcement = new PrefixAnnouncement();
  readonly seat = new Seat();
  /** A prefix that no other miner has, where its pool leaves all of the nonce to it; null where it is of no pool such. */
  #ownPrefix: Lane | null = null;

  constructor(miner: SearchingMiner) {
    this.#miner = miner;
  }

  get lane(): Lane | null {
    return this.seat.lane;
  }

  /** How it is to be cut, with what is known of the pool's. */
  planFor(poolExtranonce2Bytes: number | null): LanePlan {
    const { agent, dialect, context } = this.#miner;
    return openingPlan(dialect.miner.nonces, { agent, poolExtranonce2Bytes }, context.settings.extranonce);
  }

  /** The plan becomes what it is in this group. */
  planIn(group: Pick<Group, 'mode' | 'dividesPrefix' | 'isUndivided'>): void {
    this.plan = planInGroup(this.plan, this.#miner.dialect.miner.nonces, group);
  }

  /** True where the answer to subscribe has to name what is the pool's to say. */
  isToldAtSubscribe(plan: LanePlan): boolean {
    const { nonces } = this.#miner.dialect.miner;
    return plan.kind === 'relay' || (nonces.kind === 'prefix' && nonces.told === 'at-subscribe');
  }

  /** What the miner is told while its pool is not known. `resumed`: the extranonce1 that a returning miner has; null: none. */
  takeOwn(plan: LanePlan, resumed: string | null): void {
    const { context, dialect } = this.#miner;
    const { nonces } = dialect.miner;
    if (plan.kind === 'inject') {
      this.extranonce1 = resumed ?? context.newPrefix(plan.prefixBytes);
      this.extranonce2Bytes = plan.sizeBytes;
    } else if (nonces.kind === 'prefix' && nonces.told === 'at-subscribe') {
      this.extranonce1 = context.newPrefix(nonces.placeholderBytes);
      this.extranonce2Bytes = nonces.nonceBytes - nonces.placeholderBytes;
    }
  }

  /** The answer to subscribe goes out. */
  noteSubscribed(): void {
    const { nonces } = this.#miner.dialect.miner;
    if (nonces.kind !== 'prefix' || nonces.told === 'at-subscribe') this.noteTold();
  }

  noteTold(): void {
    const { extranonce1, extranonce2Bytes } = this;
    this.told.note({ extranonce1, extranonce2Bytes });
  }

  /** Leases a lane of these. False where they have none left. `preferred`: as a returning miner had it. */
  takeLane(lanes: LaneSpace, plan: LanePlan, preferred: Lane | null): boolean {
    return this.seat.take(lanes, { plan, prefix: this.extranonce1, preferred });
  }

  /** From now on the miner goes by what this pool says. */
  follow(subscription: PoolSubscription): void {
    this.#adopt(this.#partAt(subscription));
  }

  /**
   * A miner that mines on the pool's own prefix has to have this one's. `told`: it has another, and takes this one, which it must be told now. `unfit`: it cannot mine here
   * with what it has.
   */
  meet(subscription: PoolSubscription): 'fits' | 'told' | 'unfit' {
    const { nonces } = this.#miner.dialect.miner;
    if (this.plan === null || !(isOfPool(this.plan) || nonces.kind === 'prefix')) return 'fits';
    const part = this.#partAt(subscription);
    const isNone = part.extranonce1 === '' && this.told.newest === null;
    const isKnown =
      this.told.is(part) || (isNone && nonces.kind === 'prefix' && nonces.isNoneLeftOut === true);
    if (!isKnown && !this.#takesAnother) return 'unfit';
    this.announcement.settle();
    this.#adopt(part);
    return isKnown ? 'fits' : 'told';
  }

  get #takesAnother(): boolean {
    const { agent, dialect } = this.#miner;
    const { nonces } = dialect.miner;
    return (
      this.announcement.isMade ||
      (nonces.kind === 'prefix' &&
        (nonces.isAlwaysTaken || nonces.told === 'later' || nonces.isTakenBy?.(agent) === true))
    );
  }

  /** The miner is unfit for a pool. True where it may still say that it takes another prefix. */
  awaitAnnouncement(nowMs: number): boolean {
    const mayCome = this.announcement.wait(nowMs);
    return mayCome && this.#miner.dialect.miner.nonces.kind === 'prefix';
  }

  /** The pool's extranonce2 does not hold the lane: another cut, and an extranonce that the miner must be told now. */
  recut({ extranonce1, extranonce2Bytes }: PoolSubscription): void {
    const { agent, context } = this.#miner;
    const facts = { agent, poolExtranonce2Bytes: extranonce2Bytes };
    const plan = planLane(facts, context.settings.extranonce);
    this.plan = plan;
    if (plan.kind === 'inject') this.takeOwn(plan, null);
    else this.#adopt({ extranonce1, extranonce2Bytes });
  }

  /** The miner has left its pool. */
  leave(): void {
    this.seat.leave();
    this.#releasePrefix();
  }

  /** What the miner is to go by at this pool: where nothing of its nonces is fixed for many, a prefix that no other miner has. */
  #partAt(subscription: PoolSubscription): NoncePart {
    const { agent, dialect, context } = this.#miner;
    const { nonces } = dialect.miner;
    if (nonces.kind === 'prefix' && this.plan?.kind === 'open') return this.#claimPart(nonces);
    const reader = { agent, dialect, told: this.told };
    return partAtPool(reader, subscription, this.lane?.bytes ?? '', (bytes) => context.newPrefix(bytes));
  }

  #adopt({ extranonce1, extranonce2Bytes }: NoncePart): void {
    this.extranonce1 = extranonce1;
    this.extranonce2Bytes = extranonce2Bytes;
  }

  /** Keeps the prefix that the miner has where no other miner's overlaps with it, else finds another. */
  #claimPart(nonces: Extract<NonceSpace, { kind: 'prefix' }>): NoncePart {
    const { context } = this.#miner;
    const { extranonce1, extranonce2Bytes } = this;
    if (this.#ownPrefix?.bytes === extranonce1) return { extranonce1, extranonce2Bytes };
    this.#releasePrefix();
    let own = extranonce1 === '' ? null : context.prefixes.claim(extranonce1);
    for (let tried = 0; own === null && tried < PREFIXES_TRIED; tried += 1) {
      const bytes = tried < PREFIXES_TRIED / 2 ? nonces.placeholderBytes : nonces.mostPrefixBytes;
      own = context.prefixes.claim(context.newPrefix(bytes));
    }
    if (own === null) return { extranonce1, extranonce2Bytes };
    this.#ownPrefix = own;
    return { extranonce1: own.bytes, extranonce2Bytes: nonces.nonceBytes - own.bytes.length / 2 };
  }

  #releasePrefix(): void {
    if (this.#ownPrefix !== null) this.#miner.context.prefixes.release(this.#ownPrefix);
    this.#ownPrefix = null;
  }
}
