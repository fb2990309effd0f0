import type { Ban } from '../domain/ban.ts';
import type { BanKeeping } from '../fleet/fleet.ts';
import type { BanStore } from '../store/ban-store.ts';

/** Where the fleet keeps the operator's bans. */
export function banKeeping(store: BanStore): BanKeeping {
  return {
    put: ({ address, untilMs, reason }) => store.putBan({ address, untilMs, reason }),
    delete: (address) => store.deleteBan(address),
  };
}

/** The operator's bans of before the process began. */
export async function keptBans(store: BanStore): Promise<readonly Ban[]> {
  return (await store.listBans()).map(({ address, untilMs, reason }) => ({
    address,
    untilMs,
    reason,
    by: 'operator',
  }));
}
