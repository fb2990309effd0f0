import type { Account, PoolCredentials } from '../domain/account.ts';
import type { ProxyEvent } from '../domain/event.ts';
import { choosePool, poolsToHold } from '../domain/pool-choice.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Group } from './group.ts';
import type { ProxySettings } from './settings.ts';

/** A session as its account's route sees it. */
export interface RoutedSession {
  /** Mines for another pool from now on, on the same socket: once that has a job, or `atOnce`, with none until then. */
  moveTo(group: Group, when?: 'with-a-job' | 'at-once'): void;
  /** The account is gone. */
  onAccountRemoved(): void;
}

export interface RouteParts {
  readonly clock: Clock;
  readonly log: Log;
  emit(event: ProxyEvent): void;
  /** The group of one of the account's entries; the same one while credentials and mode are the same. */
  groupOf(account: Account, credentials: PoolCredentials): Group;
}

/** After a change of the account its old pool is mined on for at most this long while the new one does not come up. */
const OLD_POOL_KEPT_MS = 30_000;

/**
 * An account's ordered pools and the one its sessions mine on. Moves them when that one goes down, back when a better one has been
 * up for a while, and when the account is changed: for a miner each is just a new job.
 */
export class Route {
  readonly #parts: RouteParts;
  readonly #settings: ProxySettings;
  readonly #sessions = new Set<RoutedSession>();
  #account: Account;
  #groups: readonly Group[];
  #current = 0;
  /** The group that was mined on before a change of the account, and is until a better one of the new list is live. */
  #leaving: { readonly group: Group; readonly untilMs: number } | null = null;

  constructor(parts: RouteParts, account: Account, settings: ProxySettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#account = account;
    this.#groups = account.entries.map((credentials) => parts.groupOf(account, credentials));
    this.#current = this.#firstChoice();
  }

  /**
   * The first pool, unless it is known to be down and another is up. A miner that was closed at a failover so that it takes another prefix comes back when its route may
   * be gone, and must not be sent to the pool that it was taken from.
   */
  #firstChoice(): number {
    const [first, ...others] = this.#groups.map(({ health }) => health.kind);
    return first === 'down' ? others.indexOf('live') + 1 : 0;
  }

  get account(): Account {
    return this.#account;
  }

  /** Where a session that comes now mines. */
  get group(): Group {
    const group = this.#groups[this.#current] ?? this.#groups[0];
    if (group === undefined) throw new Error('an account has at least one pool');
    return group;
  }

  /** Every group that sessions of this route may be sent to. */
  get groups(): readonly Group[] {
    return this.#leaving === null ? this.#groups : [...this.#groups, this.#leaving.group];
  }

  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }

  /** True where every pool of the account has been down for `failover.refuseAfterSeconds`: a new miner had better go to its own backup. */
  isHopeless(nowMs: number): boolean {
    const { refuseAfterSeconds } = this.#settings.failover;
    return (
      refuseAfterSeconds > 0 &&
      this.#groups.every(
        ({ health }) => health.kind === 'down' && nowMs - health.sinceMs >= refuseAfterSeconds * 1000,
      )
    );
  }

  /** Another pool of the account is up or being tried: a miner that the chosen one refuses may have a place there. */
  get hasOtherHope(): boolean {
    return this.#groups.some(({ health }, index) => index !== this.#current && health.kind !== 'down');
  }

  /** Where a session may go by itself whose connection does not come up at a pool that serves others; null where there is nothing to try. */
  besides(group: Group): Group | null {
    const others = this.#groups.filter((other) => other !== group);
    return (
      others.find(({ health }) => health.kind === 'live') ??
      others.find(({ health }) => health.kind === 'unknown') ??
      null
    );
  }

  join(session: RoutedSession): void {
    this.#sessions.add(session);
    this.decide();
  }

  leave(session: RoutedSession): void {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) for (const group of this.#groups) group.hold(this, false);
  }

  /** The account has changed. Its sessions stay on the old pool until the new one has a job for them. */
  update(account: Account): void {
    if (account.revision < this.#account.revision) return;
    const before = this.#leaving?.group ?? this.group;
    const groups = account.entries.map((credentials) => this.#parts.groupOf(account, credentials));
    this.#account = account;
    // The pool list may have changed what an entry means without a new revision; where it has not, nothing moves.
    if (groups.length === this.#groups.length && groups.every((group, i) => group === this.#groups[i]))
      return;
    for (const group of this.#groups) if (!groups.includes(group)) group.hold(this, false);
    this.#groups = groups;
    this.#current = Math.max(groups.indexOf(before), 0);
    // An operator's change means the new order now, not when the better pool has proved itself.
    const isBest = before === groups[0];
    const untilMs = this.#parts.clock.monotonicMs() + OLD_POOL_KEPT_MS;
    this.#leaving = isBest || this.#sessions.size === 0 ? null : { group: before, untilMs };
    if (this.#sessions.size === 0) this.#current = 0;
    this.decide();
  }

  remove(): void {
    for (const session of Array.from(this.#sessions)) session.onAccountRemoved();
    for (const group of this.#groups) group.hold(this, false);
  }

  sweep(nowMs: number): void {
    if (this.#leaving !== null && nowMs >= this.#leaving.untilMs) this.#giveUpLeaving(this.#leaving.group);
    this.decide();
  }

  /** Looks at the pools' health and moves the sessions where that says so. */
  decide(): void {
    if (this.#sessions.size === 0) return;
    if (this.#leaving === null) this.#choose();
    else this.#chooseAfterChange(this.#leaving.group);
  }

  #choose(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const health = this.#groups.map((group) => group.health);
    const { standby, returnAfterSeconds } = this.#settings.failover;
    const next = choosePool(health, this.#current, nowMs, { returnAfterMs: returnAfterSeconds * 1000 });
    const hold = poolsToHold(health, next, standby, nowMs);
    for (const [index, group] of this.#groups.entries()) group.hold(this, hold[index] === true);
    if (next === this.#current) return;
    const from = this.#groups[this.#current];
    this.#current = next;
    const move = this.#moveFrom(from);
    this.#parts.log.warn('miners moved to another pool', move);
    this.#parts.emit({ kind: 'failover', ...move });
    this.#moveAll('with-a-job');
  }

  /** All of the new list are tried at once, and the best that is up before the old pool is the one; the old one where it is the best of them that lives. */
  #chooseAfterChange(old: Group): void {
    for (const group of this.#groups) group.hold(this, group !== old);
    const next = this.#groups.findIndex(({ health }) => health.kind === 'live');
    const group = this.#groups[next];
    if (group === undefined || group === old) return;
    this.#current = next;
    this.#arrive(old, 'with-a-job');
  }

  /** None of the new pools has come up. The miners stay where they are if the account has that pool still; else they are taken off, to be held and then closed. */
  #giveUpLeaving(old: Group): void {
    if (!this.#groups.includes(old)) {
      this.#arrive(old, 'at-once');
      return;
    }
    this.#leaving = null;
    this.#parts.log.warn(
      'account changed, but none of the pools that go before the old one is up: miners stay',
      {
        account: this.#account.name,
        pool: old.credentials.pool.name,
        miners: this.#sessions.size,
      },
    );
  }

  #arrive(old: Group, when: 'with-a-job' | 'at-once'): void {
    this.#leaving = null;
    const move = this.#moveFrom(old);
    this.#parts.log.info('account changed, miners moved', move);
    this.#parts.emit({ kind: 'account-moved', ...move });
    this.#moveAll(when);
  }

  /** Who goes from there to the group of now. */
  #moveFrom(from: Group | undefined): {
    readonly account: string;
    readonly from: string;
    readonly to: string;
    readonly miners: number;
  } {
    return {
      account: this.#account.name,
      from: from?.credentials.pool.name ?? '',
      to: this.group.credentials.pool.name,
      miners: this.#sessions.size,
    };
  }

  #moveAll(when: 'with-a-job' | 'at-once'): void {
    const { group } = this;
    for (const session of Array.from(this.#sessions)) session.moveTo(group, when);
  }
}
