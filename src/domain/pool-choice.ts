/**
 * Which of an account's ordered pools to mine on. Pure: the living part reports health, this decides.
 */

/** `live`: an upstream is logged in and has a job, without a break since `sinceMs`. `down`: tried, and not live since. `unknown`: no attempt has
 * ended yet; the first was begun at `sinceMs`, null where there was none. */
export type PoolHealth =
  | { readonly kind: 'live'; readonly sinceMs: number }
  | { readonly kind: 'down'; readonly sinceMs: number }
  | { readonly kind: 'unknown'; readonly sinceMs: number | null };

export interface ChoicePolicy {
  /** How long a better pool must have been live before miners are moved back to it. */
  readonly returnAfterMs: number;
}

/** A chosen pool has so long to come up after its first dial, before a live one is taken instead and the others are dialled. */
const PATIENCE_MS = 3000;

/** It is on its way: a standby that happens to be up a moment earlier is no reason to pass it over. */
function isOnItsWay(pool: PoolHealth | undefined, nowMs: number): boolean {
  return pool?.kind === 'unknown' && pool.sinceMs !== null && nowMs - pool.sinceMs < PATIENCE_MS;
}

/**
 * Index of the entry to mine on. A live pool is only left for a better one that has been live for `returnAfterMs`; a pool that is
 * not live is left at once for the best that is, unless it has just been dialled for the first time. With none live the choice stays where it is: the first to come up is taken.
 */
export function choosePool(
  pools: readonly PoolHealth[],
  current: number,
  nowMs: number,
  policy: ChoicePolicy,
): number {
  const here = pools[current];
  if (isOnItsWay(here, nowMs)) return current;
  for (const [index, pool] of pools.entries()) {
    if (pool.kind !== 'live') continue;
    if (here?.kind !== 'live') return index;
    if (index >= current) return current;
    if (nowMs - pool.sinceMs >= policy.returnAfterMs) return index;
  }
  return current < pools.length ? current : 0;
}

/**
 * Which entries should be connected although no miner is on them: while the chosen one is down, or takes long to come up, all of them, so that the first
 * to come up can be taken; otherwise the better ones, to return to, and with `warm` the next one behind, to fall back on.
 */
export function poolsToHold(
  pools: readonly PoolHealth[],
  current: number,
  standby: 'cold' | 'warm',
  nowMs: number,
): readonly boolean[] {
  const here = pools[current];
  const isHereDown =
    here?.kind === 'down' || (here?.kind === 'unknown' && here.sinceMs !== null && !isOnItsWay(here, nowMs));
  return pools.map((_, index) => {
    if (index === current) return false;
    if (isHereDown) return true;
    return index < current || (standby === 'warm' && index === current + 1);
  });
}
