import type { AuditPort } from './http/manage-ports.ts';
import type { Clock } from './kit/clock.ts';
import type { Log } from './kit/log.ts';
import type { AccountsInBulk } from './store/activity-store.ts';

/** Nothing is removed before the proxy has run this long: miners that were cut off by the restart need time to come back. */
const LEAST_UPTIME_MS = 3_600_000;
/** So many at a time; the rest follow a minute later. */
const MOST_AT_ONCE = 1000;
/** A store that is locked for longer is told the next time. */
const NOTED_WITHIN_MS = 2000;

export interface AccountKeepingParts {
  readonly store: Pick<AccountsInBulk, 'noteAccountsSeen' | 'listIdleAccounts'>;
  /** Accounts that have had miners since this was asked last, and of those the ones that have some now. */
  accountsSeen(): Promise<{ readonly seen: readonly string[]; readonly inUse: readonly string[] }>;
  /** Removes an account and tells the miners. */
  remove(name: string): Promise<{ readonly kind: 'deleted' | 'not-found' }>;
  readonly audit: Pick<AuditPort, 'record'>;
  readonly clock: Clock;
  readonly log: Log;
  /** How long an account may be without a miner, in milliseconds; 0: for ever. */
  expireAfterMs(): number;
}

/** Notes when accounts were last of use, and removes those that nobody uses any more. */
export class AccountKeeping {
  readonly #parts: AccountKeepingParts;
  readonly #startedMs: number;
  /** Seen, and not written yet. */
  #unwritten = new Set<string>();

  constructor(parts: AccountKeepingParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonicMs();
  }

  /** Writes who was here since the last time, all of them at once. Gives those that are here now. */
  async noteSeen(withinMs = NOTED_WITHIN_MS): Promise<ReadonlySet<string>> {
    const { seen, inUse } = await this.#parts.accountsSeen();
    const names = new Set([...this.#unwritten, ...seen]);
    this.#unwritten = names;
    if (names.size > 0) {
      await this.#parts.store.noteAccountsSeen([...names], this.#parts.clock.wallMs(), { withinMs });
    }
    this.#unwritten = new Set();
    return new Set(inUse);
  }

  /** Notes, then removes what has been of no use for too long. Rejects, with nothing removed, where the noting fails. */
  async run(): Promise<void> {
    const { store, clock, log, audit } = this.#parts;
    const inUse = await this.noteSeen();
    const expireAfterMs = this.#parts.expireAfterMs();
    const uptimeMs = clock.monotonicMs() - this.#startedMs;
    if (expireAfterMs === 0 || uptimeMs < Math.min(expireAfterMs, LEAST_UPTIME_MS)) return;
    const idle = await store.listIdleAccounts(clock.wallMs() - expireAfterMs, MOST_AT_ONCE);
    for (const account of idle) {
      if (inUse.has(account)) continue;
      const { kind } = await this.#parts.remove(account);
      if (kind === 'not-found') continue;
      log.info('account removed: no miner has used it for users.expireAfter', { account });
      await audit.record({
        who: 'proxy',
        from: '',
        action: 'account-expired',
        target: account,
        change: { unusedForSeconds: expireAfterMs / 1000 },
      });
    }
  }
}
