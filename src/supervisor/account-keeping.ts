import type { AuditPort } from '../http/ports/manage.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { AccountsInBulk } from '../store/activity-store.ts';

/** Nothing is removed before the proxy has run this long: miners that were cut off by the restart need time to come back. */
const LEAST_UPTIME_MS = 3_600_000;
/** So many at a time; the rest follow a minute later. */
const MOST_AT_ONCE = 1000;
/** A pause of the proxy that is longer than this does not count as time in which nobody came. */
export const LEAST_GAP_MS = 3_600_000;
/** The clocks of one machine drift apart by far less between two runs: beyond it the time of day was set, or the machine slept. */
const CLOCK_JUMP_MS = 60_000;
/** A store that is locked for longer is told the next time. */
const NOTED_WITHIN_MS = 2000;

export interface AccountKeepingParts {
  readonly store: Pick<AccountsInBulk, 'noteAccountsSeen' | 'listIdleAccounts' | 'shiftIdleTimes'>;
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

  /** Both clocks when they were compared last. */
  #compared: { readonly wallMs: number; readonly monotonicMs: number };

  constructor(parts: AccountKeepingParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonicMs();
    this.#compared = { wallMs: parts.clock.wallMs(), monotonicMs: this.#startedMs };
  }

  /** Writes who was here since the last time, all of them at once. Gives those that are here now. */
  async noteSeen(withinMs = NOTED_WITHIN_MS): Promise<ReadonlySet<string>> {
    await this.#followClock(withinMs);
    const { seen, inUse } = await this.#parts.accountsSeen();
    const names = new Set([...this.#unwritten, ...seen]);
    this.#unwritten = names;
    if (names.size > 0) {
      await this.#parts.store.noteAccountsSeen([...names], this.#parts.clock.wallMs(), { withinMs });
    }
    this.#unwritten = new Set();
    return new Set(inUse);
  }

  /** By how much the time of day has gone ahead of the time that has passed. */
  #jumpMs(): number {
    const { clock } = this.#parts;
    return clock.wallMs() - this.#compared.wallMs - (clock.monotonicMs() - this.#compared.monotonicMs);
  }

  /** Before anything is noted at a time of day that was set forward, the idle times are moved along. */
  async #followClock(withinMs: number): Promise<void> {
    const { store, clock, log } = this.#parts;
    const jumpMs = Math.round(this.#jumpMs());
    const compared = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    if (Math.abs(jumpMs) > CLOCK_JUMP_MS) {
      log.warn('the time of day was changed: no account is removed now', { bySeconds: jumpMs / 1000 });
      if (jumpMs > 0) await store.shiftIdleTimes(jumpMs, { withinMs });
    }
    this.#compared = compared;
  }

  /** Notes, then removes what has been of no use for too long. Rejects, with nothing removed, where the noting fails. */
  async run(): Promise<void> {
    const { store, clock, log, audit } = this.#parts;
    const hasJumped = Math.abs(this.#jumpMs()) > CLOCK_JUMP_MS;
    const inUse = await this.noteSeen();
    if (hasJumped) return;
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
