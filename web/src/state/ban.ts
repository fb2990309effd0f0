import { call, read } from '../api/client.ts';
import type { SessionView } from '../api/types.ts';
import { attempt, say } from '../parts/notices.tsx';
import { t } from '../text/index.ts';

/** Who would be hit by a ban: everybody behind one address, which may be a whole farm. */
export interface Hit {
  readonly miners: number;
  readonly accounts: number;
}

interface BanTold {
  readonly closed: number;
  readonly accounts: number;
}

const MOST_SESSIONS = 1000;

/** Who mines from an IP address or a network now; null where it cannot be known. */
export async function hitBy(address: string): Promise<Hit | null> {
  if (address.includes('/')) {
    const body = { address, dryRun: true };
    const told = await attempt(() => call<BanTold>('POST', '/bans', { body }));
    return told === null ? null : { miners: told.closed, accounts: told.accounts };
  }
  const query = { address, up: true, limit: MOST_SESSIONS };
  try {
    const { sessions, total } = await read<{
      readonly sessions: readonly SessionView[];
      readonly total: number;
    }>('/sessions', query);
    return { miners: total, accounts: new Set(sessions.map(({ account }) => account)).size };
  } catch {
    return null;
  }
}

/** Bans it, says so, and offers the way back. True where it was done. */
export async function ban(
  address: string,
  seconds: number | null,
  told: string,
  onLifted: () => void = () => undefined,
): Promise<boolean> {
  // Who is behind it was told, and the question answered, before.
  const body = { address, ...(seconds === null ? {} : { seconds }), reason: 'dashboard', force: true };
  if ((await attempt(() => call('POST', '/bans', { body }))) === null) return false;
  say(told, { text: t('bans.lift'), act: () => void lift(address).then(onLifted) });
  return true;
}

export async function lift(address: string): Promise<void> {
  if ((await attempt(() => call('DELETE', `/bans/${encodeURIComponent(address)}`))) !== null)
    say(t('bans.lifted', { address }));
}
