import type { LoginRow } from '../domain/report.ts';
import { loginCondition, type PoolCondition } from './pool-state.ts';
import type { AccountView } from './ports/accounts.ts';
import { isoTime } from './view.ts';

/** An account as far as its pools go. */
export type AccountPools = Pick<AccountView, 'name'> & Entry & { readonly backups: readonly Entry[] };

type Entry = Pick<AccountView, 'pool' | 'user' | 'algorithm'>;

/** How an account is at one of its pools now. */
export interface AtPool {
  /** User name at the pool; null where the account has the pool no more. */
  readonly user: string | null;
  readonly state: PoolCondition;
  /** Of its miners those that are connected and have no job from there. */
  readonly waiting: number;
  readonly lastRefusal: { readonly at: string; readonly reason: string } | null;
}

interface MinedPool<Sum> {
  readonly pool: string;
  readonly algorithm: string;
  /** What was mined there; null where nothing was. */
  readonly sum: Sum | null;
}

/**
 * The pools that an account was mined on, then those that are its own, or that it logs in at, and never were. What is mined is kept for each pool: of two logins at the same one the first has it.
 */
export function placesOf<Sum>(
  account: AccountPools | null,
  mined: readonly { readonly pool: string; readonly algorithm: string; readonly sum: Sum }[],
  logins: readonly LoginRow[],
): readonly (MinedPool<Sum> & { readonly at: AtPool })[] {
  const entries = account === null ? [] : [account, ...account.backups];
  const places: (MinedPool<Sum> & { readonly user: string | null })[] = mined.map((one) => {
    const owner = [...entries, ...logins].find(({ pool }) => pool === one.pool);
    return { ...one, user: owner?.user ?? null };
  });
  for (const { pool, user, algorithm } of [...entries, ...logins.filter(({ sessions }) => sessions > 0)]) {
    if (places.some((place) => place.pool === pool && place.user === user)) continue;
    const known = logins.find((login) => isSame(login, { pool, user }));
    places.push({ pool, algorithm: algorithm ?? known?.algorithm ?? '', user, sum: null });
  }
  const home = (login: LoginRow): MinedPool<Sum> | undefined =>
    places.find((place) => isSame(place, login) && place.algorithm === login.algorithm) ??
    places.find((place) => isSame(place, login));
  return places.map((place) => {
    const { pool, algorithm, user, sum } = place;
    const here = logins.filter((login) => isSame(login, place));
    const login = here.find((one) => one.algorithm === algorithm) ?? here[0];
    const waiting = here.reduce((all, one) => all + (home(one) === place ? one.waiting : 0), 0);
    return { pool, algorithm, sum, at: { user, waiting, ...stateOf(login) } };
  });
}

function isSame(
  a: { readonly pool: string; readonly user: string | null },
  b: { readonly pool: string; readonly user: string | null },
): boolean {
  return a.pool === b.pool && a.user === b.user;
}

function stateOf(login: LoginRow | undefined): Pick<AtPool, 'state' | 'lastRefusal'> {
  if (login === undefined) return { state: 'idle', lastRefusal: null };
  const { lastRefusal } = login;
  return {
    state: loginCondition(login),
    lastRefusal: lastRefusal === null ? null : { at: isoTime(lastRefusal.atMs), reason: lastRefusal.reason },
  };
}
