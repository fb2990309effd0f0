import type { AccountDifficulty, AccountMode } from '../domain/account.ts';
import type { AccountPage, AccountRequest, CredentialsRequest, RegisterResult } from './store.ts';

/** An account with its passwords. */
export interface AccountExport {
  readonly name: string;
  readonly label: string;
  readonly mode: AccountMode;
  readonly difficulty: AccountDifficulty;
  readonly workerTemplate: string;
  /** The primary first. */
  readonly entries: readonly [CredentialsRequest, ...CredentialsRequest[]];
}

/** Accounts by the many: taken out, put in, and told by whether anybody uses them. */
export interface AccountsInBulk {
  /** Ordered by name. */
  exportAccounts(page: AccountPage): Promise<readonly AccountExport[]>;
  /** As `registerAccount` for each, in one transaction; what one is refused for does not hold up the others. */
  registerAccounts(requests: readonly AccountRequest[]): Promise<readonly RegisterResult[]>;
  /** Notes that these accounts had miners at this time, in milliseconds since 1970-01-01 UTC; a later time that is noted already stays. Names that are no accounts are passed over. */
  noteAccountsSeen(
    names: readonly string[],
    atMs: number,
    options?: { readonly withinMs?: number },
  ): Promise<void>;
  /** Names of accounts that nobody has used, registered or changed since then; at most `limit`. */
  listIdleAccounts(beforeMs: number, limit: number): Promise<readonly string[]>;
  /** Moves the time since when an account is idle forward, for all of them: time in which nobody could be seen does not count. */
  shiftIdleTimes(byMs: number, options?: { readonly withinMs?: number }): Promise<void>;
  /**
   * The same by the whole gap between now and the newest of these times, where it exceeds `leastGapMs`. To be called before anything notes,
   * registers or changes an account after a pause. Gives the gap, 0 where nothing was moved.
   */
  closeIdleGap(leastGapMs: number): Promise<number>;
}
