import type { Account, PoolCredentials } from '../domain/account.ts';
import type { ProxyEvent } from '../domain/event.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Dialect } from '../wire/dialect.ts';
import type { Group } from './group.ts';
import { pairingFault } from './pairing-fault.ts';
import { Route } from './route.ts';
import type { ProxySettings } from './settings.ts';
import type { ShareMix } from './share-mix.ts';

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
  readonly mix: Pick<ShareMix, 'canMix'>;
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

  /** Accounts that miners came for since {@link accountsSeen} was asked last. */
  readonly #seen = new Set<string>();

  constructor(parts: RoutesParts, settings: ProxySettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** Names of the accounts. */
  accounts(): readonly string[] {
    return [...this.#byAccount.keys()];
  }

  /** Accounts that have miners, and with them those that had some since this was asked last. */
  accountsSeen(): { readonly seen: readonly string[]; readonly inUse: readonly string[] } {
    const inUse = [...this.#byAccount].flatMap(([account, kept]) =>
      kept.some(({ route }) => !route.isEmpty) ? [account] : [],
    );
    const seen = [...new Set([...this.#seen, ...inUse])];
    this.#seen.clear();
    return { seen, inUse };
  }

  *all(): Iterable<Route> {
    for (const routes of this.#byAccount.values()) for (const { route } of routes) yield route;
  }

  /** The route of such a miner; null where none of the account's pools is for it. */
  of(account: Account, kind: RouteKind): Route | null {
    const own = this.#accountFor(account, kind.dialect);
    if (own === null) return null;
    this.#seen.add(account.name);
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
      const own = this.#accountFor(account, kind.dialect);
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

  /**
   * The account as a miner of this dialect sees it: the pools that speak the same or need nothing but another spelling, in the account's order, then those for which its shares
   * have to be completed or the prefix has to be empty. Null where it has no pool for it.
   */
  #accountFor(account: Account, dialect: Dialect): Account | null {
    const able = account.entries.filter(({ pool }) => pairingFault(dialect, pool, this.#parts.mix) === null);
    const isDirect = ({ pool }: PoolCredentials): boolean => dialect.pairing(pool.dialect) === 'direct';
    const ordered = [...able.filter(isDirect), ...able.filter((entry) => !isDirect(entry))];
    const [primary, ...backups] = ordered;
    if (primary === undefined) return null;
    const isSame = ordered.every((entry, at) => entry === account.entries[at]);
    return isSame && ordered.length === account.entries.length
      ? account
      : { ...account, entries: [primary, ...backups] };
  }
}
