import type { AccountMode } from '../domain/account.ts';
import { type LaneDefaults, type LanePlan, planLane } from '../domain/lane.ts';
import type { NonceSpace } from '../wire/dialect.ts';

/** How a session's search space is to be cut, before its pool is known or with what is known of that. */
export function openingPlan(
  nonces: NonceSpace,
  facts: { readonly agent: string; readonly poolExtranonce2Bytes: number | null },
  defaults: LaneDefaults,
): LanePlan {
  switch (nonces.kind) {
    case 'coinbase':
      return planLane(facts, defaults);
    case 'prefix':
      return { kind: 'prefix', ownBytes: 0 };
    case 'job':
      return { kind: 'byte' };
    case 'none':
      return { kind: 'open' };
  }
}

/**
 * The plan as it is in this group: with a connection of its own a miner has the whole nonce, and on a shared one a byte of it may be ours. Where the pool divides nothing there is nothing
 * to lease of a connection, whatever its miner is told.
 */
export function planInGroup(
  plan: LanePlan | null,
  nonces: NonceSpace,
  group: {
    readonly mode: Exclude<AccountMode, 'auto'>;
    readonly dividesPrefix: boolean;
    readonly isUndivided: boolean;
  },
): LanePlan | null {
  const isShared = group.mode === 'shared';
  if (plan === null) return null;
  if (nonces.kind === 'prefix') {
    if (group.isUndivided) return { kind: 'open' };
    return { kind: 'prefix', ownBytes: isShared && group.dividesPrefix ? 1 : 0 };
  }
  switch (plan.kind) {
    case 'byte':
      return isShared ? plan : { kind: 'open' };
    case 'open':
      return isShared && nonces.kind === 'job' ? { kind: 'byte' } : plan;
    case 'prefix':
    case 'inject':
    case 'relay':
      return plan;
  }
}
