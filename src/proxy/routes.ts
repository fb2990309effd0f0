import { type Account, entriesThat, type PoolCredentials } from '../domain/account.ts';
import type { ProxyEvent } from '../domain/event.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Dialect } from '../wire/dialect.ts';
import type { Group } from './group.ts';
import { Route } from './route.ts';
import type { ProxySettings } from './settings.ts';

/** What miners of one account have in common that mine along one route. */
export interface RouteKind {
  /** They are rented, or stand for many devices. */
  readonly isRented: boolean;
  /** What they speak: only pools that such a miner can work for are on their route. */
  readonly dialect: Dialect;
}

export interface RoutesParts {
  readonly clock: Clock;
  readonly log: Log;
  emit(event: ProxyEvent): void;
  /** The group of one of an account's entries; the same one while credentials and mode are the same. */
  groupOf(account: Account, credentials: PoolCredentials, isRented: boolean): Group;
}

interface Kept {
  readonly kind: RouteKind;
  readonly route: Route;
}

/** The routes of all accounts that miners are here for: of each account one per kind of miner. */
export class Routes {
  readonly #parts: RoutesParts;
  readonly #settings: ProxySettings;
  readonly #byAccount = new Map<string, Kept[]>();

  constructor(parts: RoutesParts, settings: ProxySettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** Names of the accounts. */
  accounts(): readonly string[] {
    return [...this.#byAccount.keys()];
  }

  *all(): Iterable<Route> {
    for (const routes of this.#byAccount.values()) for (const { route } of routes) yield route;
  }

  /** The route of such a miner; null where none of the account's pools is for it. */
  of(account: Account, kind: RouteKind): Route | null {
    const own = accountFor(account, kind.dialect);
    if (own === null) return null;
    const kept = this.#byAccount.get(account.name) ?? [];
    const known = kept.find(
      (one) => one.kind.isRented === kind.isRented && one.kind.dialect.name === kind.dialect.name,
    );
    if (known !== undefined) {
      known.route.update(own);
      return known.route;
    }
    const { clock, log } = this.#parts;
    const emit = (event: ProxyEvent): void => this.#parts.emit(event);
    const groupOf = (owner: Account, credentials: PoolCredentials): Group =>
      this.#parts.groupOf(owner, credentials, kind.isRented);
    const route = new Route({ clock, log, emit, groupOf }, own, this.#settings);
    this.#byAccount.set(account.name, [...kept, { kind, route }]);
    return route;
  }

  /** The health of one of the account's pools has changed. */
  decide(account: string): void {
    for (const { route } of this.#byAccount.get(account) ?? []) route.decide();
  }

  /** The account has changed: its miners follow, and those for whom it has no pool any more are closed. */
  update(account: Account): void {
    for (const { kind, route } of this.#byAccount.get(account.name) ?? []) {
      const own = accountFor(account, kind.dialect);
      if (own === null) route.remove();
      else route.update(own);
    }
  }

  /** The account is gone: its miners are closed. */
  remove(account: string): void {
    for (const { route } of this.#byAccount.get(account) ?? []) route.remove();
  }

  sweep(nowMs: number): void {
    for (const [account, kept] of this.#byAccount) {
      const left = kept.filter(({ route }) => !route.isEmpty);
      if (left.length === 0) this.#byAccount.delete(account);
      else if (left.length < kept.length) this.#byAccount.set(account, left);
      for (const { route } of left) route.sweep(nowMs);
    }
  }

  clear(): void {
    this.#byAccount.clear();
  }
}

/** The account as a miner of this dialect sees it; null where it has no pool for it. */
function accountFor(account: Account, dialect: Dialect): Account | null {
  return entriesThat(account, ({ pool }) => dialect.worksFor(pool.dialect));
}
